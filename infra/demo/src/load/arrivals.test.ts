import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.ts';
import { beginArrivals, dueArrivals } from './arrivals.ts';

/** Arrivals counted per second, with a tick every 5 ms. */
function perSecond(seconds: number, rateAtMs: (atMs: number) => number, seed = 1): number[] {
  const random = seededRandom(seed);
  let arrivals = beginArrivals(0);
  const counts = Array.from({ length: seconds }, () => 0);
  for (let nowMs = 5; nowMs < seconds * 1_000; nowMs += 5) {
    const result = dueArrivals(arrivals, { nowMs, rateAtMs, random });
    arrivals = result.arrivals;
    counts[Math.floor(nowMs / 1_000)] = (counts[Math.floor(nowMs / 1_000)] ?? 0) + result.due;
  }
  return counts;
}

function meanAndVariance(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

describe('the arrivals', () => {
  it.each([2, 60, 300])('are Poisson at %d per second: the variance is the mean', (rate) => {
    const { mean, variance } = meanAndVariance(perSecond(2_000, () => rate));
    expect(mean / rate).toBeGreaterThan(0.97);
    expect(mean / rate).toBeLessThan(1.03);
    expect(variance / rate).toBeGreaterThan(0.87);
    expect(variance / rate).toBeLessThan(1.13);
  });

  it('follow a change of the rate within a tenth of a second', () => {
    const counts = perSecond(20, (atMs) => (atMs < 10_000 ? 0.1 : 200));
    expect(Math.max(...counts.slice(0, 10))).toBeLessThan(4);
    expect(Math.min(...counts.slice(10))).toBeGreaterThan(130);
  });

  it('stop at a rate of nothing', () => {
    expect(Math.max(...perSecond(5, () => 0))).toBe(0);
  });

  it('do not make up for a pause of more than a second', () => {
    const random = seededRandom(1);
    const context = { nowMs: 60_000, rateAtMs: () => 100, random };
    expect(dueArrivals(beginArrivals(0), context).due).toBeLessThan(150);
  });
});
