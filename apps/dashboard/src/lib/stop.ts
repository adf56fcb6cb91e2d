import { passing } from './passing-requests.ts';

const pollMs = 50;
/** Ordinary requests get this long to finish. */
const patienceMs = 5000;

/**
 * Ends the process with code 0 on SIGTERM or SIGINT: event streams are cut, what else is under
 * way may finish. Next's own handler would wait for the streams, which never end; with
 * NEXT_MANUAL_SIG_HANDLE=true it keeps out of the way.
 */
export function stopOnSignal(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

function stop(): void {
  const lastMs = Date.now() + patienceMs;
  passing.cutEndless();
  setInterval(() => {
    if (passing.count() === 0 || Date.now() > lastMs) process.exit(0);
  }, pollMs);
}
