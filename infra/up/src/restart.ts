/** How long to wait before a crashed process is started again. Pure: time is an input. */
export interface RestartState {
  readonly crashes: number;
  readonly startedMs: number;
}

const FIRST_MS = 500;
const MOST_MS = 30_000;
/** A process that ran this long was well: its next crash is its first. */
const HEALTHY_MS = 60_000;
/** From here on something is broken for good, and a person should look. */
export const LOUD_CRASHES = 5;

export function afterCrash(
  state: RestartState,
  nowMs: number,
): { readonly crashes: number; readonly waitMs: number } {
  const crashes = nowMs - state.startedMs >= HEALTHY_MS ? 1 : state.crashes + 1;
  return { crashes, waitMs: Math.min(MOST_MS, FIRST_MS * 2 ** (crashes - 1)) };
}
