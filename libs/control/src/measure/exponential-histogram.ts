/**
 * How values are distributed, in a base-2 exponential histogram of fixed scale 4.
 *
 *     bucket i holds values from 2^(i/16) up to, not including, 2^((i+1)/16)      i = 0 to 1023
 *
 * Sixteen buckets an octave; zero and one share bucket 0; what is above the last is in the last.
 * Fixed buckets make histograms mergeable by adding: across time, instances and collectors,
 * exactly. The form (scale, indexes, `{ [index]: count }` as JSON) is that of the collector's
 * durations in nanoseconds, so what the store holds can be merged with what is counted here.
 *
 * A quantile is answered with the geometric middle of its bucket: its relative error is at most
 * 2^(1/32) - 1 = 2.2 % for values from 1 up. Count small values in a smaller unit.
 */
import { isMeasure } from '../numbers.ts';

/** Bucket index to count. Plain JSON, at most 1,024 entries. */
export type HistogramBuckets = { readonly [index: string]: number };

const BUCKETS_PER_OCTAVE = 16;
const LAST_BUCKET = 64 * BUCKETS_PER_OCTAVE - 1;
/** 2^(k/16) for k = 0 to 16, from square roots: these are exact in the last bit everywhere. */
const BOUNDS: readonly number[] = boundsOfOctave();
const HALF_BUCKET = Math.sqrt(BOUNDS[1] as number);

/** At most this far from the true quantile, as a share of it. */
export const HISTOGRAM_RELATIVE_ERROR = HALF_BUCKET - 1;

/** The index of a value, 0 to 1023; null for what is no number, or negative. */
export function histogramBucket(value: number): number | null {
  if (Number.isNaN(value) || value < 0) {
    return null;
  }
  if (value <= 1) {
    return 0;
  }
  if (value >= 2 ** 64) {
    return LAST_BUCKET;
  }
  // The logarithm may be off by one near a power of two.
  let octave = Math.floor(Math.log2(value));
  if (value < 2 ** octave) {
    octave -= 1;
  } else if (value >= 2 ** (octave + 1)) {
    octave += 1;
  }
  const mantissa = value / 2 ** octave;
  let low = 0;
  let high = BUCKETS_PER_OCTAVE;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (mantissa >= (BOUNDS[middle] as number)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return octave * BUCKETS_PER_OCTAVE + low;
}

/** Lower bound of a bucket. */
export function histogramLowerBound(index: number): number {
  const octave = Math.floor(index / BUCKETS_PER_OCTAVE);
  return (BOUNDS[index - octave * BUCKETS_PER_OCTAVE] as number) * 2 ** octave;
}

/** Values that are no number or negative, and impossible counts, are ignored. */
export function addToHistogram(
  buckets: HistogramBuckets,
  value: number,
  count = 1,
): HistogramBuckets {
  const index = histogramBucket(value);
  if (index === null || !isMeasure(count) || count === 0) {
    return buckets;
  }
  return { ...buckets, [index]: (buckets[index] ?? 0) + count };
}

export function histogramOf(values: Iterable<number>): HistogramBuckets {
  const buckets: Record<string, number> = {};
  for (const value of values) {
    const index = histogramBucket(value);
    if (index !== null) {
      buckets[index] = (buckets[index] ?? 0) + 1;
    }
  }
  return buckets;
}

/** Entries that are no bucket of this form, or no count, are left out. */
export function mergeHistograms(parts: readonly HistogramBuckets[]): HistogramBuckets {
  const merged: Record<string, number> = {};
  for (const part of parts) {
    for (const [index, count] of entriesOf(part)) {
      merged[index] = (merged[index] ?? 0) + count;
    }
  }
  return merged;
}

export function histogramCount(buckets: HistogramBuckets): number {
  return entriesOf(buckets).reduce((sum, [, count]) => sum + count, 0);
}

/** The q-quantile (0 to 1), within `HISTOGRAM_RELATIVE_ERROR`; null: nothing has been counted. */
export function histogramQuantile(buckets: HistogramBuckets, q: number): number | null {
  const entries = entriesOf(buckets);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (!(total > 0) || !(q >= 0 && q <= 1)) {
    return null;
  }
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  for (const [index, count] of entries) {
    seen += count;
    if (seen >= rank) {
      return middleOf(index);
    }
  }
  return middleOf(entries.at(-1)?.[0] ?? 0);
}

/**
 * Share of the values above a limit, 0 to 1, for "slower than"; null: nothing has been counted.
 * The bucket of the limit is split in proportion.
 */
export function histogramShareAbove(buckets: HistogramBuckets, limit: number): number | null {
  const entries = entriesOf(buckets);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const at = histogramBucket(limit);
  if (!(total > 0) || at === null) {
    return null;
  }
  const lower = at === 0 ? 0 : histogramLowerBound(at);
  const upper = histogramLowerBound(at + 1);
  const inside = Math.max(0, (upper - limit) / (upper - lower));
  const above = entries.reduce(
    (sum, [index, count]) => sum + (index > at ? count : index === at ? count * inside : 0),
    0,
  );
  return above / total;
}

function middleOf(index: number): number {
  return index === 0 ? 1 : histogramLowerBound(index) * HALF_BUCKET;
}

/** Rising by index: integer keys of an object always are. */
function entriesOf(buckets: HistogramBuckets): readonly (readonly [number, number])[] {
  return Object.entries(buckets)
    .map(([index, count]) => [Number(index), count] as const)
    .filter(([index, count]) => isBucket(index) && isMeasure(count));
}

function isBucket(index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index <= LAST_BUCKET;
}

function boundsOfOctave(): readonly number[] {
  const roots = [Math.sqrt(2)];
  while (roots.length < 4) {
    roots.push(Math.sqrt(roots.at(-1) as number));
  }
  const bounds = Array.from({ length: BUCKETS_PER_OCTAVE }, (_, k) =>
    roots.reduce((bound, root, bit) => ((k & (8 >> bit)) > 0 ? bound * root : bound), 1),
  );
  return [...bounds, 2];
}
