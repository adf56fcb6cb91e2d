/** How many replicas served, and since when. Oldest first. */
export type Served = readonly { readonly atMs: number; readonly ready: number }[];

/** A window of 5 min at one entry in 5 s; older entries only make the prediction coarser. */
const MOST_ENTRIES = 64;

/** Remembers the count from now on; forgets what no window can reach any more. */
export function noteServed(served: Served, nowMs: number, ready: number, keepMs: number): Served {
  const last = served.at(-1);
  if (last !== undefined && last.ready === ready && last.atMs <= nowMs) {
    return served;
  }
  const past = served.filter((entry) => entry.atMs < nowMs);
  const firstNeeded = past.findLastIndex((entry) => entry.atMs <= nowMs - keepMs);
  return [...past.slice(Math.max(0, firstNeeded)), { atMs: nowMs, ready }].slice(-MOST_ENTRIES);
}

/** Mean count over a past span; before the first entry it is taken to have been the first. */
export function meanServed(
  served: Served,
  fromMs: number,
  toMs: number,
  otherwise: number,
): number {
  const first = served[0];
  if (first === undefined) {
    return otherwise;
  }
  if (toMs <= fromMs) {
    return (served.findLast((entry) => entry.atMs <= toMs) ?? first).ready;
  }
  let total = 0;
  let untilMs = toMs;
  for (let index = served.length - 1; index >= 0 && untilMs > fromMs; index -= 1) {
    const entry = served[index] as Served[number];
    const sinceMs = index === 0 ? fromMs : Math.max(fromMs, entry.atMs);
    if (sinceMs < untilMs) {
      total += entry.ready * (untilMs - sinceMs);
      untilMs = sinceMs;
    }
  }
  return total / (toMs - fromMs);
}
