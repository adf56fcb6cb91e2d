import { removeDirectory } from '../../support/clickhouse.ts';

interface Killable {
  kill(signal: NodeJS.Signals): boolean;
}

const children = new Map<Killable, NodeJS.Signals>();
const directories = new Set<string>();
let isWatching = false;

/** Nothing that a bench has started or written outlives it, however it ends. */
function watch(): void {
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const [child, signal] of children) child.kill(signal);
    for (const directory of directories) removeDirectory(directory);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.once('disconnect', () => process.exit(1));
  // Listening for it would keep this process alive when its work is done.
  if (process.listenerCount('message') === 0) process.channel?.unref();
}

/** Kills the child when this process ends; one with children of its own is asked to, by SIGTERM. */
export function endWithUs<T extends Killable>(child: T, signal: NodeJS.Signals = 'SIGKILL'): T {
  watch();
  children.set(child, signal);
  return child;
}

/** Removes the directory when this process ends. */
export function removeWithUs(directory: string): string {
  watch();
  directories.add(directory);
  return directory;
}
