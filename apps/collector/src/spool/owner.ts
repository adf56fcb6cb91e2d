import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Owner {
  readonly pid: number;
  /** When the process started, in the system's own words; empty where it cannot be told. */
  readonly started: string;
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function alive(owner: Owner): boolean {
  if (owner.pid === process.pid) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.started === startOf(owner.pid);
}

function ownerIn(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/**
 * Claims a spool folder for this process; two collectors on one folder would send and remove each
 * other's blocks. A file left by a process that died is taken over.
 *
 * @returns a function that gives the folder back
 * @throws when another living process owns it
 */
export function claimFolder(folder: string): () => void {
  const file = join(folder, 'owner.json');
  const owner = ownerIn(file);
  if (owner !== undefined && alive(owner)) {
    throw new Error(
      `the spool ${folder} is in use by process ${owner.pid}: ` +
        'stop that collector, or give this one its own FLYBALL_DATA_DIR',
    );
  }
  const self: Owner = { pid: process.pid, started: startOf(process.pid) };
  writeFileSync(file, JSON.stringify(self));
  return () => rmSync(file, { force: true });
}
