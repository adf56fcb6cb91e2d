import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketIndex, bucketLowerNs, MAX_BUCKET, quantileOfBuckets } from './histogram.ts';

const duration = fc.oneof(
  fc.integer({ min: 0, max: 1000 }),
  fc.maxSafeNat(),
  fc
    .integer({ min: 0, max: 52 })
    .chain((power) => fc.integer({ min: -1, max: 1 }).map((d) => 2 ** power + d)),
);

describe('bucketIndex', () => {
  test('finds the bucket whose bounds hold the duration', () => {
    fc.assert(
      fc.property(duration, (ns) => {
        const index = bucketIndex(ns);
        expect(bucketLowerNs(index)).toBeLessThanOrEqual(Math.max(1, ns));
        expect(bucketLowerNs(index + 1)).toBeGreaterThan(ns);
      }),
      { numRuns: 20_000 },
    );
  });

  test('is exact at every bound and beside it', () => {
    for (let index = 1; index < 53 * 16; index += 1) {
      const lower = bucketLowerNs(index);
      const first = Math.ceil(lower);
      if (first >= bucketLowerNs(index + 1)) continue;
      expect(bucketIndex(first)).toBe(index);
      expect(bucketIndex(first - 1)).toBeLessThan(Math.max(1, index));
    }
    for (let power = 0; power < 64; power += 1) expect(bucketIndex(2 ** power)).toBe(power * 16);
  });

  test('never falls as durations grow', () => {
    const indexes = Array.from({ length: 100_000 }, (_, ns) => bucketIndex(ns));
    expect(indexes.every((index, ns) => ns === 0 || index >= (indexes[ns - 1] ?? 0))).toBe(true);
  });

  test('clamps what is no duration', () => {
    expect([0, 1, -5, Number.NaN].map(bucketIndex)).toEqual([0, 0, 0, 0]);
    expect([2 ** 64, 1e300, Number.POSITIVE_INFINITY].map(bucketIndex)).toEqual([
      MAX_BUCKET,
      MAX_BUCKET,
      MAX_BUCKET,
    ]);
  });
});

describe('quantileOfBuckets', () => {
  test('is within 2.2 % of the exact quantile, whatever the order and split of the rows', () => {
    const durations = fc.array(fc.integer({ min: 1, max: 1e12 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const entries = values.map((ns) => [bucketIndex(ns), 1] as const);
        const sorted = [...values].sort((left, right) => left - right);
        const exact = sorted[Math.max(0, Math.ceil(q * values.length) - 1)] as number;
        const answer = quantileOfBuckets(entries, q) as number;
        expect(Math.abs(answer - exact) / exact).toBeLessThanOrEqual(0.022);
      }),
    );
  });

  test('of nothing is undefined', () => {
    expect(quantileOfBuckets([], 0.5)).toBeUndefined();
    expect(quantileOfBuckets([[3, 0]], 0.5)).toBeUndefined();
  });
});
