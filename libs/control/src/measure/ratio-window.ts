/**
 * Exact counts over a sliding window, in buckets of fixed length.
 *
 *     ratio(span) = errors / total      over the buckets that reach into the last `span`
 *
 * The window is coarser than `span` by at most one bucket, never finer. Bounded: as many buckets
 * as fit into the longest span.
 */
import { requirePositive, requireThat } from '../config.ts';
import { isMeasure } from '../numbers.ts';

interface Bucket {
  /** Start of the bucket over its length. */
  readonly slot: number;
  readonly total: number;
  readonly errors: number;
}

/** Plain JSON. */
export interface RatioWindowState {
  readonly bucketMs: number;
  readonly spanMs: number;
  /** Oldest first; empty ones are left out. */
  readonly buckets: readonly Bucket[];
}

export interface Counts {
  readonly total: number;
  readonly errors: number;
}

const MOST_BUCKETS = 10_000;

export function initRatioWindow(config: {
  readonly bucketMs: number;
  readonly spanMs: number;
}): RatioWindowState {
  const { bucketMs, spanMs } = config;
  requirePositive('bucketMs', bucketMs);
  const fits = spanMs >= bucketMs && spanMs / bucketMs <= MOST_BUCKETS;
  requireThat(fits, 'spanMs', spanMs, `from 1 to ${MOST_BUCKETS} times bucketMs (${bucketMs})`);
  return { bucketMs, spanMs, buckets: [] };
}

/** Counts that are impossible (negative, NaN, more errors than events) are ignored whole. */
export function addCounts(
  state: RatioWindowState,
  sample: Counts & { readonly nowMs: number },
): RatioWindowState {
  const { nowMs, total, errors } = sample;
  if (!Number.isFinite(nowMs) || !isMeasure(total) || !isMeasure(errors) || errors > total) {
    return state;
  }
  const slot = Math.floor(nowMs / state.bucketMs);
  const kept = state.buckets.filter((bucket) => isInside(state, bucket, nowMs, state.spanMs));
  const same = kept.find((bucket) => bucket.slot === slot);
  const grown = {
    slot,
    total: (same?.total ?? 0) + total,
    errors: (same?.errors ?? 0) + errors,
  };
  const others = kept.filter((bucket) => bucket.slot !== slot);
  return { ...state, buckets: [...others, grown].toSorted((a, b) => a.slot - b.slot) };
}

/** `spanMs` at most that of the window. */
export function countsWithin(state: RatioWindowState, nowMs: number, spanMs: number): Counts {
  const inside = state.buckets.filter((bucket) => isInside(state, bucket, nowMs, spanMs));
  return {
    total: inside.reduce((sum, bucket) => sum + bucket.total, 0),
    errors: inside.reduce((sum, bucket) => sum + bucket.errors, 0),
  };
}

/** Null without events: no traffic is not a success. */
export function ratioOf(counts: Counts): number | null {
  return counts.total > 0 ? counts.errors / counts.total : null;
}

function isInside(state: RatioWindowState, bucket: Bucket, nowMs: number, spanMs: number): boolean {
  const endMs = (bucket.slot + 1) * state.bucketMs;
  return endMs > nowMs - spanMs && bucket.slot * state.bucketMs <= nowMs;
}
