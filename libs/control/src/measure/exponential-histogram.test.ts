import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addToHistogram,
  HISTOGRAM_RELATIVE_ERROR,
  histogramBucket,
  histogramCount,
  histogramLowerBound,
  histogramOf,
  histogramQuantile,
  histogramShareAbove,
  mergeHistograms,
} from './exponential-histogram.ts';

describe('bucket', () => {
  test('holds the value between its bounds', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 2 ** 63, noNaN: true }), (value) => {
        const index = histogramBucket(value) as number;
        expect(histogramLowerBound(index)).toBeLessThanOrEqual(value);
        expect(histogramLowerBound(index + 1)).toBeGreaterThan(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('begins exactly at its lower bound', () => {
    for (let index = 1; index <= 1_023; index += 1) {
      expect(histogramBucket(histogramLowerBound(index))).toBe(index);
    }
    // Four square roots of two: their bits are the same on every machine.
    expect(histogramLowerBound(1)).toBe(Math.sqrt(Math.sqrt(Math.sqrt(Math.sqrt(2)))));
    expect(histogramLowerBound(1_024)).toBe(2 ** 64);
  });

  test('powers of two begin an octave, exactly', () => {
    for (let power = 1; power < 64; power += 1) {
      expect(histogramBucket(2 ** power)).toBe(16 * power);
      expect(histogramLowerBound(16 * power)).toBe(2 ** power);
    }
    expect(histogramBucket(2 ** 40 - 2 ** -12)).toBe(16 * 40 - 1);
  });

  test('zero and one share the first, what is too large the last', () => {
    expect([0, 0.5, 1].map(histogramBucket)).toEqual([0, 0, 0]);
    expect([2 ** 64, 1e300, Number.POSITIVE_INFINITY].map(histogramBucket)).toEqual([
      1_023, 1_023, 1_023,
    ]);
  });

  test('what is no value has none', () => {
    expect([Number.NaN, -1, Number.NEGATIVE_INFINITY].map(histogramBucket)).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('quantile', () => {
  test('is within its known error of the true one', () => {
    expect(HISTOGRAM_RELATIVE_ERROR).toBeCloseTo(2 ** (1 / 32) - 1, 12);
    const values = fc.array(fc.integer({ min: 1, max: 1e12 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (some, q) => {
        const sorted = some.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * some.length) - 1)] as number;
        const said = histogramQuantile(histogramOf(some), q) as number;
        expect(Math.abs(said - exact) / exact).toBeLessThanOrEqual(HISTOGRAM_RELATIVE_ERROR + 1e-9);
      }),
    );
  });

  test('of nothing, or at no share, is nothing', () => {
    expect(histogramQuantile({}, 0.5)).toBeNull();
    expect(histogramQuantile({ 5: 0 }, 0.5)).toBeNull();
    const one = histogramOf([100]);
    expect([-0.1, 1.1, Number.NaN].map((q) => histogramQuantile(one, q))).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('adding', () => {
  test('one by one is as all at once, and merging is adding', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const one = a.reduce((buckets, value) => addToHistogram(buckets, value), {});
        expect(one).toEqual(histogramOf(a));
        expect(mergeHistograms([histogramOf(a), histogramOf(b)])).toEqual(
          histogramOf([...a, ...b]),
        );
        expect(histogramCount(histogramOf(a))).toBe(a.length);
      }),
    );
  });

  test('with counts; nonsense is ignored', () => {
    const some = addToHistogram({}, 100, 5);
    expect(some).toEqual({ [histogramBucket(100) as number]: 5 });
    expect(addToHistogram(some, Number.NaN)).toBe(some);
    expect(addToHistogram(some, -1)).toBe(some);
    expect(addToHistogram(some, 1, Number.NaN)).toBe(some);
    expect(addToHistogram(some, 1, -2)).toBe(some);
    expect(addToHistogram(some, 1, 0)).toBe(some);
    expect(histogramOf([Number.NaN, -1, 1])).toEqual({ 0: 1 });
  });

  test('what is no bucket, or no count, is not merged', () => {
    const odd = { '-1': 5, '1024': 5, '1.5': 5, name: 5, 7: Number.NaN, 8: -1, 9: 2 };
    expect(mergeHistograms([odd, { 9: 1, 1023: 4 }])).toEqual({ 9: 3, 1023: 4 });
    expect(histogramCount(odd)).toBe(2);
  });
});

describe('share above a limit', () => {
  test('whole buckets count whole, the one of the limit in part', () => {
    const buckets = { 16: 10, 32: 10, 48: 20 };
    expect(histogramShareAbove(buckets, 3)).toBe(0.75);
    expect(histogramShareAbove(buckets, 4)).toBe(0.75);
    expect(histogramShareAbove(buckets, 100)).toBe(0);
    expect(histogramShareAbove(buckets, 0)).toBe(1);
    const upper = histogramLowerBound(33);
    expect(histogramShareAbove(buckets, (4 + upper) / 2)).toBeCloseTo(25 / 40, 12);
  });

  test('is within a bucket of the truth', () => {
    const values = Array.from({ length: 1_000 }, (_, k) => k + 1);
    expect(histogramShareAbove(histogramOf(values), 900)).toBeCloseTo(0.1, 1);
  });

  test('of nothing, or above no number, is not known', () => {
    expect(histogramShareAbove({}, 5)).toBeNull();
    expect(histogramShareAbove({ 5: 1 }, Number.NaN)).toBeNull();
    expect(histogramShareAbove({ 0: 1 }, 0)).toBe(1);
  });
});
