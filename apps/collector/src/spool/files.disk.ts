import {
  closeSync,
  existsSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SpoolFiles } from './files.port.ts';

const datasync = promisify(fdatasync);

function appendAll(fd: number, parts: readonly Uint8Array[]): void {
  let rest = [...parts];
  while (rest.length > 0) {
    let written = writevSync(fd, rest);
    while (written > 0 || rest[0]?.length === 0) {
      const first = rest[0];
      if (first === undefined) break;
      if (written >= first.length) {
        written -= first.length;
        rest = rest.slice(1);
      } else {
        rest[0] = first.subarray(written);
        written = 0;
      }
    }
  }
}

const REASON = '.reason.txt';

/** Blocks put aside are for a person to look at, no archive: beyond this the oldest go. */
const MAX_ASIDE_BYTES = 256 * 1024 * 1024;

function keepNewest(folder: string, maxBytes: number): number {
  let bytes = 0;
  let removed = 0;
  // Names begin with the time of their run, and a reason stands right behind its block.
  for (const name of readdirSync(folder).sort().reverse()) {
    bytes += statSync(join(folder, name)).size;
    if (bytes <= maxBytes) continue;
    rmSync(join(folder, name), { force: true });
    if (!name.endsWith(REASON)) removed += 1;
  }
  return removed;
}

/** The spool's files in `folder`. Every method throws the file system's own error. */
export function diskFiles(folder: string, maxAsideBytes = MAX_ASIDE_BYTES): SpoolFiles {
  const aside = join(folder, 'refused');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    list: () =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => ({ name, bytes: statSync(join(folder, name)).size })),
    create: (name) => openSync(join(folder, name), 'ax', 0o600),
    append: appendAll,
    truncate: (fd, bytes) => ftruncateSync(fd, bytes),
    sync: (fd) => datasync(fd),
    close: (fd) => closeSync(fd),
    read: (name) => readFile(join(folder, name)),
    remove: (name) => rmSync(join(folder, name), { force: true }),
    setAside: (name, reason) => {
      mkdirSync(aside, { recursive: true, mode: 0o700 });
      writeFileSync(join(aside, `${name}${REASON}`), `${reason}\n`, { mode: 0o600 });
      renameSync(join(folder, name), join(aside, name));
      return keepNewest(aside, maxAsideBytes);
    },
    aside: () => (existsSync(aside) ? readdirSync(aside) : []),
  };
}
