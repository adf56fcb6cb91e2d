import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CANDIDATES = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

function found(): string | undefined {
  return CANDIDATES.find((path) => path !== '' && existsSync(path));
}

/**
 * The path of a Chromium; installs Debian's package where there is none.
 * @throws when there is none and it cannot be installed, naming the cure.
 */
export function ensureChromium(): string {
  const present = found();
  if (present !== undefined) return present;
  process.stdout.write('no Chromium found: installing the package "chromium" with apt-get\n');
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const [command = 'apt-get', ...rest] = [...sudo, 'apt-get', ...args];
    const result = spawnSync(command, rest, {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 600_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (result.status !== 0) {
      throw new Error(
        'the browser tests need Chromium and it could not be installed: ' +
          'install it and set CHROMIUM_PATH to its executable',
      );
    }
  }
  const installed = found();
  if (installed === undefined) throw new Error('chromium was installed but is nowhere to be found');
  return installed;
}
