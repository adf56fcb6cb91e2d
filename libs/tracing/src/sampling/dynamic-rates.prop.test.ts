import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DynamicRates } from './dynamic-rates.ts';
import type { DynamicSpec } from './rules.ts';

const spec = (target: DynamicSpec['target'], rest: Partial<DynamicSpec> = {}): DynamicSpec => ({
  kind: 'dynamic',
  by: [{ kind: 'service' }],
  unit: 'traces',
  target,
  everyMs: 1000,
  weight: 1,
  maxKeys: 100,
  ...rest,
});

/** Rates after one period in which key `k` came `counts[k]` times. */
function after(counts: readonly number[], wanted: DynamicSpec): DynamicRates {
  const rates = new DynamicRates(wanted);
  rates.advance(0);
  counts.forEach((count, key) => {
    for (let n = 0; n < count; n += 1) rates.arrive(key, 1);
  });
  rates.advance(wanted.everyMs);
  return rates;
}

const counts = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 });

describe('what a period teaches', () => {
  test('what is kept adds up to the goal, or all is kept', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 1, noNaN: true }), (of, share) => {
        const rates = after(of, spec({ kind: 'share', share }));
        const all = of.reduce((sum, count) => sum + count, 0);
        const kept = of.reduce((sum, count, key) => sum + count * rates.probability(key), 0);
        expect(Math.abs(kept - share * all)).toBeLessThan(1e-6 * all);
      }),
    );
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 5000 }), (of, perSecond) => {
        const rates = after(of, spec({ kind: 'rate', perSecond }));
        const all = of.reduce((sum, count) => sum + count, 0);
        const kept = of.reduce((sum, count, key) => sum + count * rates.probability(key), 0);
        expect(Math.abs(kept - Math.min(all, perSecond))).toBeLessThan(1e-6 * all);
      }),
    );
  });

  test('a rarer key is kept no less likely, and of a more frequent one no fewer', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 1, noNaN: true }), (of, share) => {
        const sorted = [...of].sort((left, right) => left - right);
        const rates = after(sorted, spec({ kind: 'share', share }));
        const p = sorted.map((_, key) => rates.probability(key));
        for (let key = 1; key < sorted.length; key += 1) {
          const [rare, frequent] = [key - 1, key] as const;
          expect(p[frequent]!).toBeLessThanOrEqual(p[rare]! + 1e-12);
          expect(p[frequent]! * sorted[frequent]!).toBeGreaterThan(p[rare]! * sorted[rare]! - 1e-9);
        }
      }),
    );
  });
});

test('what it knows is bounded: more keys share one, and what is gone is forgotten', () => {
  const rates = after(new Array(50).fill(10), spec({ kind: 'share', share: 0.1 }, { maxKeys: 8 }));
  expect(rates.size).toBe(9);
  expect(rates.overflowed).toBe(420);
  rates.advance(3000);
  rates.advance(4000);
  expect(rates.size).toBe(0);
});

test('the average moves by its weight', () => {
  const wanted = spec({ kind: 'rate', perSecond: 1 }, { weight: 0.25 });
  const rates = after([100, 100], wanted);
  const before = rates.probability(0);
  for (let n = 0; n < 200; n += 1) rates.arrive(0, 1);
  for (let n = 0; n < 100; n += 1) rates.arrive(1, 1);
  rates.advance(2000);
  // 100 becomes 0.75 * 100 + 0.25 * 200 = 125.
  const scale = 1 / (Math.log1p(125) + Math.log1p(100));
  expect(rates.probability(0)).toBeCloseTo((scale * Math.log1p(125)) / 125, 12);
  expect(before).toBeCloseTo(0.5 / 100, 12);
});
