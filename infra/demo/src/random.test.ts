import { describe, expect, it } from 'vitest';
import { exponential, lognormal, seededRandom, seedFor } from './random.ts';

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('the seeded source', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const first = draw(5, seededRandom(7));
    expect(draw(5, seededRandom(7))).toEqual(first);
    expect(draw(5, seededRandom(8))).not.toEqual(first);
  });

  it('is uniform in [0, 1)', () => {
    const values = draw(20_000, seededRandom(1));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean(values)).toBeCloseTo(0.5, 2);
  });

  it('gives every instance a seed of its own', () => {
    expect(seedFor('checkout-1', 1)).not.toBe(seedFor('checkout-2', 1));
    expect(seedFor('checkout-1', 1)).not.toBe(seedFor('checkout-1', 2));
  });
});

describe('the distributions', () => {
  it('have the mean that was asked for', () => {
    const random = seededRandom(3);
    expect(mean(draw(50_000, () => exponential(random, 20)))).toBeCloseTo(20, 0);
    const shape = { mean: 40, sigma: 0.35 };
    expect(mean(draw(50_000, () => lognormal(random, shape)))).toBeCloseTo(40, 0);
  });

  it('have the tail of a lognormal: p99 is exp(2.326 sigma) over the median', () => {
    const random = seededRandom(4);
    const sorted = draw(50_000, () => lognormal(random, { mean: 40, sigma: 0.35 })).sort(
      (a, b) => a - b,
    );
    const ratio = (sorted[49_500] ?? 0) / (sorted[25_000] ?? 1);
    expect(ratio).toBeGreaterThan(Math.exp(2.326 * 0.35) * 0.93);
    expect(ratio).toBeLessThan(Math.exp(2.326 * 0.35) * 1.07);
  });
});
