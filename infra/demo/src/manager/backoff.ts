const FIRST_MS = 250;
const LONGEST_MS = 10_000;
/** A process that ran this long was not failing to start. */
const STABLE_MS = 30_000;

/** Restarts of one slot that failed in a row. */
export interface RestartHistory {
  failures: number;
}

/** How long to wait before the next start: 250 ms, doubled per failure in a row, at most 10 s. */
export function restartDelayMs(
  history: RestartHistory,
  ranForMs: number,
): { delayMs: number; history: RestartHistory } {
  const failures = ranForMs >= STABLE_MS ? 0 : history.failures;
  const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return { delayMs, history: { failures: failures + 1 } };
}
