/**
 * Durations in a base-2 exponential histogram of fixed scale 4: sixteen buckets an octave.
 * Bucket i holds durations from 2^(i/16) up to, not including, 2^((i+1)/16) nanoseconds; zero and
 * one nanosecond share bucket 0. Fixed buckets make histograms mergeable by adding: across time,
 * instances and collectors, exactly.
 *
 * A quantile is answered with the geometric middle of its bucket, so its relative error is at most
 * 2^(1/32) - 1 = 2.2 %.
 */
export const BUCKETS_PER_OCTAVE = 16;
/** 2^53 ns, above which a double no longer holds every nanosecond, is 104 days. */
export const MAX_BUCKET = 64 * BUCKETS_PER_OCTAVE - 1;

/** 2^(k/16) for k = 0 … 16. From square roots, which are exact in the last bit on every machine. */
const BOUNDARIES = Float64Array.from(boundaries());
const POWERS = Float64Array.from({ length: 64 }, (_, exponent) => 2 ** exponent);

/**
 * For the 64 equal parts of an octave, the bucket in which each begins. The narrowest bucket is
 * wider than a part, so at most one boundary lies in a part and one comparison finds it.
 */
const PARTS = 64;
const FIRST_OF_PART = Uint8Array.from({ length: PARTS }, (_, part) => {
  const above = BOUNDARIES.findIndex((boundary) => boundary > 1 + part / PARTS);
  return above - 1;
});

/**
 * Bucket index of a duration, 0 … 1023.
 *
 * A logarithm is off by one near boundaries; here the exponent comes from counting bits (so powers
 * of two are exact) and the place within the octave from comparing.
 */
export function bucketIndex(durationNs: number): number {
  if (!(durationNs > 1)) return 0;
  if (durationNs >= 2 ** 64) return MAX_BUCKET;
  const exponent =
    durationNs < 2 ** 32
      ? 31 - Math.clz32(durationNs)
      : 63 - Math.clz32(Math.floor(durationNs / 2 ** 32));
  const mantissa = durationNs / (POWERS[exponent] as number);
  const sub = FIRST_OF_PART[((mantissa - 1) * PARTS) | 0] as number;
  const above = mantissa >= (BOUNDARIES[sub + 1] as number) ? 1 : 0;
  return exponent * BUCKETS_PER_OCTAVE + sub + above;
}

/** Lower bound of a bucket in nanoseconds. */
export function bucketLowerNs(index: number): number {
  const octave = Math.floor(index / BUCKETS_PER_OCTAVE);
  return (BOUNDARIES[index - octave * BUCKETS_PER_OCTAVE] as number) * 2 ** octave;
}

/**
 * The q-quantile (0 … 1) in nanoseconds of merged buckets, or undefined without any count. Entries
 * may come in any order and repeat an index, as the partial rows of several collectors do.
 */
export function quantileOfBuckets(
  entries: Iterable<readonly [index: number, count: number]>,
  q: number,
): number | undefined {
  const sorted = [...entries].sort(([left], [right]) => left - right);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (!(total > 0)) return undefined;
  const rank = Math.max(1, Math.ceil(Math.min(1, Math.max(0, q)) * total));
  let seen = 0;
  for (const [index, count] of sorted) {
    seen += count;
    if (seen >= rank) return bucketMiddleNs(index);
  }
  return bucketMiddleNs(sorted.at(-1)?.[0] ?? 0);
}

function bucketMiddleNs(index: number): number {
  return index === 0 ? 1 : bucketLowerNs(index) * HALF_BUCKET;
}

const HALF_BUCKET = Math.sqrt(BOUNDARIES[1] as number);

function boundaries(): number[] {
  const roots = [Math.sqrt(2)];
  for (let halving = 1; halving < 4; halving += 1) roots.push(Math.sqrt(roots[halving - 1]!));
  const values: number[] = [];
  for (let k = 0; k < BUCKETS_PER_OCTAVE; k += 1) {
    let value = 1;
    for (let bit = 0; bit < 4; bit += 1) if (k & (8 >> bit)) value *= roots[bit] as number;
    values.push(value);
  }
  return [...values, 2];
}
