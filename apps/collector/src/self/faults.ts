import type { Logger } from 'pino';

/** Log lines of one burst of faults; the metric counts all of them. */
const LINES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** Names traces that a bug has cost something; not all of them, since a bug may hit every trace. */
export function faultLog(
  log: Pick<Logger, 'error'>,
  now: () => number,
): (traceId: string, error: Error) => void {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return (traceId, error) => {
    if (now() - sinceMs >= MINUTE_MS) {
      sinceMs = now();
      lines = 0;
    }
    lines += 1;
    if (lines <= LINES_PER_MINUTE) log.error({ traceId, err: error }, 'a trace met a bug');
  };
}

/** What a process can be listened to for. */
interface Crashing {
  on(event: 'uncaughtException', listener: (error: Error, origin: string) => void): unknown;
}

/**
 * The last words of a process or thread that meets a bug nobody caught, a rejection nobody handles
 * included: what it was, as a line of its log, then an end in good order.
 *
 * @param end begins the end, which is bounded in time
 * @param exit ends at once, should a second bug be met meanwhile
 */
export function onCrash(
  process: Crashing,
  log: Pick<Logger, 'fatal'>,
  end: () => void,
  exit: () => void,
): void {
  let crashed = false;
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'the collector met a bug and ends');
    if (crashed) {
      exit();
      return;
    }
    crashed = true;
    try {
      end();
    } catch (fault) {
      log.fatal({ err: fault }, 'the end failed');
      exit();
    }
  });
}
