/**
 * Means over two windows that end where the evidence ends, from one ring of buckets.
 *
 *     |  .  4  .  .  6  |  .  .  9 |      one figure a bucket: the mean of what came in it
 *     |<------ stable ------------>|      a bucket in which nothing came is left out, it is no 0
 *                       |< panic ->|
 */

/** Plain JSON, at most 60 buckets. */
export interface Window {
  /** Of each bucket; null where nothing came. */
  readonly means: readonly (number | null)[];
  /** Place of the newest bucket, when it began, and how many figures are in it. */
  readonly at: number;
  readonly atMs: number;
  readonly count: number;
  /** When the newest figure was taken. */
  readonly newestMs: number;
}

export interface WindowSpan {
  readonly buckets: number;
  readonly bucketMs: number;
}

export const MOST_BUCKETS = 60;

export function startWindow({ buckets }: WindowSpan, value: number, takenMs: number): Window {
  const means = new Array<number | null>(buckets).fill(null);
  means[0] = value;
  return { means, at: 0, atMs: takenMs, count: 1, newestMs: takenMs };
}

/** A figure that is not newer than the newest is the same evidence again: it counts once. */
export function withFigure(
  window: Window,
  { bucketMs }: WindowSpan,
  value: number,
  takenMs: number,
): Window {
  if (takenMs <= window.newestMs) {
    return window;
  }
  const means = window.means.slice();
  const steps = Math.floor((takenMs - window.atMs) / bucketMs);
  if (steps === 0) {
    const before = means[window.at] ?? 0;
    const count = window.count + 1;
    means[window.at] = before + (value - before) / count;
    return { means, at: window.at, atMs: window.atMs, count, newestMs: takenMs };
  }
  const passed = Math.min(steps, means.length);
  for (let step = 1; step < passed; step += 1) {
    means[(window.at + step) % means.length] = null;
  }
  const at = (window.at + passed) % means.length;
  means[at] = value;
  return { means, at, atMs: window.atMs + steps * bucketMs, count: 1, newestMs: takenMs };
}

/** The mean over the newest so many buckets. The newest is never empty. */
export function meanOver({ means, at }: Window, buckets: number): number {
  let sum = 0;
  let count = 0;
  for (let back = 0; back < Math.min(buckets, means.length); back += 1) {
    const mean = means[(at - back + means.length) % means.length] ?? null;
    if (mean !== null) {
      sum += mean;
      count += 1;
    }
  }
  return sum / count;
}

/** After a step of the clock what was seen keeps its age. */
export function shiftWindow(window: Window, byMs: number): Window {
  return { ...window, atMs: window.atMs + byMs, newestMs: window.newestMs + byMs };
}
