import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, sameProcess, selfIdentity } from './process-identity.ts';

const FILE = 'flyball.lock';
const ATTEMPTS = 5;

/** What the holder of a lock says of itself, for those who are refused. */
export type LockNote = Record<string, string | number>;

/** Held for as long as the process owns its data directory. */
export interface DataLock {
  /** Replaces the note that a refused second start is shown. */
  note(note: LockNote): void;
  /** Gives the directory free. Safe to call twice. */
  release(): void;
}

/** Another living process owns the directory. */
export class DirectoryBusyError extends Error {
  readonly pid: number;
  readonly note: LockNote;

  constructor(what: string, directory: string, holder: Holder) {
    super(
      `${what} already runs on ${directory} (process ${holder.pid}). ` +
        'One data directory has one owner: stop that process first, or choose another directory.',
    );
    this.name = 'DirectoryBusyError';
    this.pid = holder.pid;
    this.note = holder.note;
  }
}

interface Holder extends ProcessIdentity {
  note: LockNote;
}

/**
 * Takes the directory (made when missing) for this process. A lock left behind by a process that
 * was killed is recognised by its id and start time, and replaced.
 *
 * @param what the name of the program, for the message
 * @throws DirectoryBusyError when a living process holds it
 */
export function acquireDataLock(what: string, directory: string): DataLock {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, FILE);
  const mine = selfIdentity();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (tryCreate(path, { ...mine, note: {} })) return held(path, mine);
    const holder = read(path);
    if (holder && sameProcess(holder)) throw new DirectoryBusyError(what, directory, holder);
    removeStale(path, holder);
  }
  throw new Error(`${what}: could not take ${path}: others keep taking it; start again.`);
}

function held(path: string, mine: ProcessIdentity): DataLock {
  return {
    note(note) {
      const next = `${path}.${mine.pid}`;
      writeFileSync(next, JSON.stringify({ ...mine, note }), { mode: 0o600 });
      renameSync(next, path);
    },
    release() {
      if (read(path)?.pid === mine.pid) rmSync(path, { force: true });
    },
  };
}

/** Creates the file with its content in one step: a link, which fails when the name is taken. */
function tryCreate(path: string, holder: Holder): boolean {
  const draft = `${path}.${holder.pid}`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the file aside before deleting it, so that a lock taken in between is put back. */
function removeStale(path: string, seen: Holder | undefined): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  if (moved && moved.pid !== seen?.pid && sameProcess(moved)) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process took the name meanwhile; the next round reads who.
    }
  }
  rmSync(aside, { force: true });
}

function read(path: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    if (!Number.isInteger(value.pid)) return undefined;
    return { pid: value.pid as number, startedAt: value.startedAt ?? '', note: value.note ?? {} };
  } catch {
    return undefined;
  }
}
