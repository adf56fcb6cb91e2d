import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { claimFolder } from '../spool/owner.ts';
import { workerName } from './worker-protocol.ts';

const BLOCK = /\.jsonl$/;
const WORKER = /^worker-\d+$/;
/** What a worker remembers of dropped traces: of no use to another one. */
const LOOK_BACK = 'look-back';

/**
 * The spool's folders for so many workers: the folder itself for one, else one below it for each.
 * Blocks that another number of workers has left elsewhere move to the first, which sends them.
 *
 * @returns the folders, and how to give the spool back when the collector ends
 * @throws when another living collector has the spool
 */
export function spoolFolders(root: string, workers: number) {
  const folders =
    workers === 1
      ? [root]
      : Array.from({ length: workers }, (_, index) => join(root, workerName(index)));
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = claimFolder(root);
  try {
    const others = [root, ...workerFolders(root)].filter((folder) => !folders.includes(folder));
    for (const folder of others) moveBlocks(folder, folders[0] as string);
  } catch (error) {
    release();
    throw error;
  }
  return { folders, release };
}

function workerFolders(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && WORKER.test(entry.name))
    .map(({ name }) => join(root, name));
}

function moveBlocks(from: string, to: string): void {
  for (const name of readdirSync(from).filter((one) => BLOCK.test(one))) {
    // A name is a block's token and unlike any other's, so nothing is overwritten.
    if (!existsSync(join(to, name))) renameSync(join(from, name), join(to, name));
  }
  rmSync(join(from, LOOK_BACK), { recursive: true, force: true });
  if (readdirSync(from).every((name) => name === 'owner.json')) {
    rmSync(from, { recursive: true, force: true });
  }
}
