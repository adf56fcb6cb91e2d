/**
 * Runs the benches of the libs, one after the other, each in a process of its own.
 * Usage: npm run bench [-- NAME], where NAME is a part of a path, e.g. `scan`
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const LIMIT_MS = 20 * 60_000;

const [wanted = ''] = process.argv.slice(2);
const benches = globSync('libs/*/bench/*.ts', { cwd: root })
  .sort()
  .filter((file) => file.includes(wanted));
if (benches.length === 0) process.stderr.write(`no bench is named like "${wanted}"\n`);

const failed = benches.filter((file) => {
  process.stdout.write(`\n── ${file}\n`);
  const args = ['--expose-gc', '--conditions=@flyball/source', file];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', timeout: LIMIT_MS })
    .status;
});
process.exitCode = benches.length > 0 && failed.length === 0 ? 0 : 1;
