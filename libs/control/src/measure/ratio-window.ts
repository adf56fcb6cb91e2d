/**
 * Exact error counts over a sliding window, in buckets of fixed length.
 *
 *     ratio(span) = errors / total      over the buckets that reach into the last `span`
 *
 * The window is coarser than `span` by at most one bucket, never finer. Bounded, and safe against
 * late counts and a clock that was set back: see `count-window.ts`, whose ring it is.
 */
import { type CountWindowState, countInto, countWithin, initCountWindow } from './count-window.ts';

/** Plain JSON. */
export type RatioWindowState = CountWindowState<'total' | 'errors'>;

export interface Counts {
  readonly total: number;
  readonly errors: number;
}

/** `spanMs`: from 1 to 1,000 times `bucketMs`. */
export function initRatioWindow(config: {
  readonly bucketMs: number;
  readonly spanMs: number;
}): RatioWindowState {
  return initCountWindow({ ...config, kinds: ['total', 'errors'] });
}

/** Counts that are impossible (negative, NaN, more errors than events) are ignored whole. */
export function addCounts(
  state: RatioWindowState,
  sample: Counts & { readonly nowMs: number },
): RatioWindowState {
  const { nowMs, total, errors } = sample;
  return errors <= total ? countInto(state, nowMs, { total, errors }) : state;
}

/** `spanMs` at most that of the window. */
export function countsWithin(state: RatioWindowState, nowMs: number, spanMs: number): Counts {
  return countWithin(state, nowMs, spanMs);
}

/** Null without events: no traffic is not a success. */
export function ratioOf(counts: Counts): number | null {
  return counts.total > 0 ? counts.errors / counts.total : null;
}
