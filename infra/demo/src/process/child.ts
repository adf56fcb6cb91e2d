import type { Logger } from 'pino';
import type { FromChild, Stats, ToChild } from './messages.ts';

const STATS_EVERY_MS = 1_000;
/** A child that cannot finish in time goes anyway; the manager would kill it a little later. */
const STOP_WITHIN_MS = 4_000;

/** A child's end of the line to the manager. */
export interface ManagerLink {
  ready(url: string): void;
  /** Sends what `read` returns every second, with the CPU time this process took. */
  reportEverySecond(read: (intervalMs: number) => Stats): void;
}

/**
 * Connects a child to the manager. The child stops on SIGTERM, and also when the manager is
 * gone, so that nothing is left behind; SIGINT from a terminal is the manager's to handle.
 */
export function connectToManager(options: {
  log: Logger;
  onMessage: (message: ToChild) => void;
  onStop: () => Promise<void>;
}): ManagerLink {
  const { log, onMessage, onStop } = options;
  if (process.send === undefined) {
    log.fatal('this is a part of the demo shop: start it with `npm run demo`');
    process.exit(2);
  }
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    onStop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('message', (message) => onMessage(message as ToChild));
  process.on('disconnect', () => stop('the manager is gone'));
  process.on('SIGTERM', () => stop('asked to'));
  process.on('SIGINT', () => undefined);
  return {
    ready: (url) => sendToManager({ kind: 'ready', url }),
    reportEverySecond: (read) => reportEverySecond(read),
  };
}

function sendToManager(message: FromChild): void {
  if (process.connected) process.send?.(message, () => undefined);
}

function reportEverySecond(read: (intervalMs: number) => Stats): void {
  let lastAtMs = performance.now();
  let lastCpu = process.cpuUsage();
  setInterval(() => {
    const nowMs = performance.now();
    const intervalMs = nowMs - lastAtMs;
    const used = process.cpuUsage(lastCpu);
    lastCpu = process.cpuUsage();
    lastAtMs = nowMs;
    const cpuRatio = (used.user + used.system) / 1_000 / intervalMs;
    sendToManager({ kind: 'stats', cpuRatio, stats: read(intervalMs) });
  }, STATS_EVERY_MS).unref();
}
