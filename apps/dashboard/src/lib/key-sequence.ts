/** Turns key presses into named keys: `k`, `?`, or a pair such as `g o`. */

const pairTimeoutMs = 1200;

export type KeyState = { prefix: string; untilMs: number } | null;

export function pressKey(
  state: KeyState,
  key: string,
  atMs: number,
): { state: KeyState; name: string | null } {
  if (state !== null && atMs <= state.untilMs)
    return { state: null, name: `${state.prefix} ${key}` };
  if (key === 'g') return { state: { prefix: 'g', untilMs: atMs + pairTimeoutMs }, name: null };
  return { state: null, name: key };
}
