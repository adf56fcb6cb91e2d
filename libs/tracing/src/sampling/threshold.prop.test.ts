import fc from 'fast-check';
import { expect, test } from 'vitest';
import { probabilityOf, thresholdOf } from '../context/trace-state.ts';
import { coarse, Threshold } from './threshold.ts';

const probability = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true, minExcluded: true }),
  fc.integer({ min: 0, max: 60 }).map((power) => 2 ** -power),
);

test('two words say what the bigint says', () => {
  fc.assert(
    fc.property(probability, fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }), (p, randomness) => {
      const threshold = new Threshold();
      threshold.set(p);
      expect(threshold.toBigInt()).toBe(thresholdOf(p));
      expect(threshold.probability).toBe(probabilityOf(thresholdOf(p)));
      const at = { high: Number(randomness >> 32n), low: Number(randomness & 0xffffffffn) };
      expect(threshold.passes(at)).toBe(randomness >= thresholdOf(p));
    }),
    { numRuns: 2000 },
  );
});

test('at 0 nothing passes, at 1 everything', () => {
  const threshold = new Threshold();
  threshold.set(0);
  expect(threshold.passes({ high: 2 ** 24 - 1, low: 2 ** 32 - 1 })).toBe(false);
  expect(threshold.probability).toBe(0);
  threshold.set(1);
  expect(threshold.passes({ high: 0, low: 0 })).toBe(true);
});

test('a coarse probability is near, never 0 for what may be kept, and stays what it is', () => {
  fc.assert(
    fc.property(probability, (p) => {
      const near = coarse(p);
      expect(near).toBeGreaterThan(0);
      expect(near).toBeLessThanOrEqual(1);
      expect(coarse(near)).toBe(near);
      if (p >= 2 ** -20) expect(Math.abs(near / p - 1)).toBeLessThan(2 ** -8);
    }),
  );
  expect(coarse(0)).toBe(0);
});
