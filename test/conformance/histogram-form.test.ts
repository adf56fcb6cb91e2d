import {
  addToHistogram,
  HISTOGRAM_RELATIVE_ERROR,
  histogramBucket,
  histogramLowerBound,
  histogramOf,
  histogramQuantile,
  mergeHistograms,
} from '@flyball/control';
import { bucketIndex, bucketLowerNs, quantileOfBuckets } from '@flyball/tracing';
import { describe, expect, test } from 'vitest';

/**
 * The libs may not import one another, yet what the collector stores and what the control library
 * counts must add up. This is the promise: one form, bucket by bucket.
 */
type Buckets = Record<string, number>;

function tracingOf(durationsNs: readonly number[]): Buckets {
  const buckets: Buckets = {};
  for (const durationNs of durationsNs) {
    const index = bucketIndex(durationNs);
    buckets[index] = (buckets[index] ?? 0) + 1;
  }
  return buckets;
}

const entriesOf = (buckets: Readonly<Buckets>) =>
  Object.entries(buckets).map(([index, count]) => [Number(index), count] as const);

/** Every bound and its neighbours, and powers of ten over all that a double holds exactly. */
const EDGES = Array.from({ length: 53 * 16 }, (_, index) => bucketLowerNs(index)).flatMap(
  (lower) => [
    lower,
    Math.floor(lower),
    Math.ceil(lower),
    Math.ceil(lower) + 1,
    Math.max(0, Math.ceil(lower) - 1),
  ],
);
const LARGE = [2 ** 53, 2 ** 60, 2 ** 63, 2 ** 64 - 2_048, 2 ** 64, 1e25, Number.POSITIVE_INFINITY];
const SPREAD = Array.from({ length: 5_000 }, (_, k) => Math.round(1.009 ** k * (1 + (k % 7) / 9)));

describe('one form', () => {
  test('the same buckets for the same values, at every bound and beside it', () => {
    for (const value of [0, 0.5, 1, ...EDGES, ...LARGE, ...SPREAD]) {
      expect([value, histogramBucket(value)]).toEqual([value, bucketIndex(value)]);
    }
    for (let index = 0; index <= 1_023; index += 1) {
      expect(histogramLowerBound(index)).toBe(bucketLowerNs(index));
    }
  });

  test('the same JSON', () => {
    for (const values of [[], [0], EDGES, SPREAD]) {
      expect(JSON.stringify(histogramOf(values))).toBe(JSON.stringify(tracingOf(values)));
    }
    const one = SPREAD.slice(0, 300).reduce((sum: Buckets, v) => addToHistogram(sum, v), {});
    expect(JSON.stringify(one)).toBe(JSON.stringify(tracingOf(SPREAD.slice(0, 300))));
  });

  test('merged with one another, either way, as if all had been counted in one place', () => {
    const ours = histogramOf(SPREAD.slice(0, 2_000));
    const theirs = tracingOf(SPREAD.slice(2_000));
    expect(mergeHistograms([ours, theirs])).toEqual(tracingOf(SPREAD));
    const rows = [...entriesOf(ours), ...entriesOf(theirs)];
    for (const q of [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const merged = histogramQuantile(mergeHistograms([ours, theirs]), q);
      expect(merged).toBe(quantileOfBuckets(rows, q));
      const sorted = SPREAD.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(q * SPREAD.length) - 1)] as number;
      // What is above the last bucket has no bound.
      if (exact < 2 ** 64) {
        expect(Math.abs((merged as number) / exact - 1)).toBeLessThanOrEqual(
          HISTOGRAM_RELATIVE_ERROR + 1e-9,
        );
      }
    }
  });

  test('they differ in one thing: what is no value is counted by neither, or as nothing', () => {
    // The collector has measured already that a span has a duration; here figures come from anyone.
    expect([Number.NaN, -1].map(bucketIndex)).toEqual([0, 0]);
    expect([Number.NaN, -1].map(histogramBucket)).toEqual([null, null]);
  });
});
