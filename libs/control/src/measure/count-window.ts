/**
 * Exact counts of several kinds over a sliding window, in a ring of buckets.
 *
 *     count(kind, span) = sum over the buckets that reach into the last `span`
 *
 * Counts are added, never averaged: an error ratio is a quotient of two of them. The answer covers
 * `span` and at most one bucket more, never less. A late count goes into its own bucket as long
 * as the ring still has it, and is ignored when it does not. Three of these in a row mean that the
 * clock was set back (or was ahead before): the window begins anew.
 *
 * Bounded: `spanMs / bucketMs + 1` buckets of as many numbers as there are kinds.
 */
import { requirePositive, requireThat } from '../config.ts';
import { isMeasure } from '../numbers.ts';

export interface CountWindowConfig<Kind extends string> {
  readonly kinds: readonly Kind[];
  readonly bucketMs: number;
  /** Longest span that can be asked for: 1 to 1,000 times `bucketMs`. */
  readonly spanMs: number;
}

interface Bucket {
  /** Start of the bucket over its length; -1: empty. */
  readonly slot: number;
  /** In the order of the kinds. */
  readonly counts: readonly number[];
}

/** Plain JSON. */
export interface CountWindowState<Kind extends string> {
  readonly config: CountWindowConfig<Kind>;
  readonly newestSlot: number | null;
  /** Counts in a row that came too late for the ring. */
  readonly late: number;
  /** The bucket of slot s is at s mod length. */
  readonly buckets: readonly Bucket[];
}

const MOST_BUCKETS = 1_000;
const LATE_TO_BELIEVE = 3;
const EMPTY: Bucket = { slot: -1, counts: [] };

export function initCountWindow<Kind extends string>(
  config: CountWindowConfig<Kind>,
): CountWindowState<Kind> {
  const { kinds, bucketMs, spanMs } = config;
  requireThat(kinds.length > 0, 'kinds', kinds, 'at least one');
  requireThat(new Set(kinds).size === kinds.length, 'kinds', kinds, 'different from one another');
  requirePositive('bucketMs', bucketMs);
  const fits = spanMs >= bucketMs && spanMs / bucketMs <= MOST_BUCKETS;
  requireThat(fits, 'spanMs', spanMs, `from 1 to ${MOST_BUCKETS} times bucketMs (${bucketMs})`);
  const size = Math.ceil(spanMs / bucketMs) + 1;
  const buckets = Array.from({ length: size }, () => EMPTY);
  return { config, newestSlot: null, late: 0, buckets };
}

/**
 * Kinds left out count 0. A figure that is no number, or negative, makes all of it be ignored; so
 * does a time before the ring.
 */
export function countInto<Kind extends string>(
  state: CountWindowState<Kind>,
  nowMs: number,
  counts: { readonly [kind in Kind]?: number },
): CountWindowState<Kind> {
  const { config, newestSlot } = state;
  const slot = Math.floor(nowMs / config.bucketMs);
  const added = config.kinds.map((kind) => counts[kind] ?? 0);
  if (!Number.isSafeInteger(slot) || slot < 0 || !added.every(isMeasure)) {
    return state;
  }
  const size = state.buckets.length;
  if (newestSlot !== null && newestSlot - slot >= size) {
    const late = state.late + 1;
    return late < LATE_TO_BELIEVE
      ? { ...state, late }
      : countInto(initCountWindow(config), nowMs, counts);
  }
  const at = slot % size;
  const present = state.buckets[at] as Bucket;
  const buckets = state.buckets.slice();
  buckets[at] =
    present.slot === slot
      ? { slot, counts: added.map((count, k) => count + (present.counts[k] as number)) }
      : { slot, counts: added };
  return { config, newestSlot: Math.max(newestSlot ?? slot, slot), late: 0, buckets };
}

/** `spanMs` at most that of the window; buckets that begin after `nowMs` are left out. */
export function countWithin<Kind extends string>(
  state: CountWindowState<Kind>,
  nowMs: number,
  spanMs: number,
): { readonly [kind in Kind]: number } {
  const { kinds, bucketMs } = state.config;
  const totals = kinds.map(() => 0);
  for (const { slot, counts } of state.buckets) {
    const inside = (slot + 1) * bucketMs > nowMs - spanMs && slot * bucketMs <= nowMs;
    if (slot >= 0 && inside) {
      counts.forEach((count, k) => {
        totals[k] = (totals[k] as number) + count;
      });
    }
  }
  return Object.fromEntries(kinds.map((kind, k) => [kind, totals[k]])) as {
    readonly [kind in Kind]: number;
  };
}
