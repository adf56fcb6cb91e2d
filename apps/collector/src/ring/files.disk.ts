import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RingFiles } from './files.port.ts';

/** The ring's files in `folder`. Every method throws, or rejects with, the file system's error. */
export function diskRing(folder: string): RingFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    list: () =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => ({ name, bytes: statSync(join(folder, name)).size })),
    write: (name, bytes) => writeFile(join(folder, name), bytes, { mode: 0o600 }),
    read: (name) => readFile(join(folder, name)),
    remove: (name) => rmSync(join(folder, name), { force: true }),
  };
}
