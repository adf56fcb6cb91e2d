import { describe, expect, test } from 'vitest';
import { Draws } from '../../sim/random.ts';
import { successRate } from './success-rate.ts';

/**
 * A back end that serves `capacity` calls a second and fails all above: of 100 wanted a second
 * those that are not turned away are sent, and their fate comes back `lag` seconds later.
 */
function run(scene: {
  readonly capacity: (second: number) => number;
  readonly seconds: number;
  readonly lag?: number;
  readonly seed?: number;
}) {
  const draws = new Draws({ seed: scene.seed ?? 1 });
  let state = successRate.init({});
  let share = 0;
  const sent: number[] = [];
  const good: number[] = [];
  const shares: number[] = [];
  for (let second = 0; second < scene.seconds; second += 1) {
    const calls = 100 - draws.binomial(100, share);
    sent.push(calls);
    good.push(Math.min(calls, Math.floor(scene.capacity(second))));
    const seen = second - (scene.lag ?? 0);
    const step = successRate.step(state, {
      nowMs: 1_000_000 + second * 1_000,
      evidenceAgeMs: (scene.lag ?? 0) * 1_000,
      applied: share,
      calls: sent[seen] ?? 0,
      successes: good[seen] ?? 0,
    });
    state = step.state;
    share = step.output.value;
    shares.push(share);
  }
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return { shares, sent, good, mean };
}

describe.each([25, 50, 80])('a back end that bears %i of 100', (capacity) => {
  test.each([0, 5, 10])('settles between open and shut, figures %i s late', (lag) => {
    const { shares, good, sent, mean } = run({ capacity: () => capacity, seconds: 600, lag });
    const last = shares.slice(-120);
    // Where the share of losses among the sent is the share turned away: 1 - sqrt(capacity).
    expect(mean(last)).toBeCloseTo(1 - Math.sqrt(capacity / 100 / 0.95), 1);
    expect(Math.max(...last) - Math.min(...last)).toBeLessThan(0.25);
    expect(mean(good.slice(-120))).toBeGreaterThan(0.95 * capacity);
    expect(mean(sent.slice(-120))).toBeLessThan(100);
  });
});

test('a back end that is well again gets everything back within a window', () => {
  const down = (second: number) => (second >= 60 && second < 180 ? 0 : 1_000);
  const { shares, sent } = run({ capacity: down, seconds: 300 });
  expect(shares[59]).toBe(0);
  expect(shares[120]).toBe(0.8);
  // A fifth still goes through and shows the recovery.
  expect(Math.min(...sent.slice(100, 180))).toBeGreaterThan(5);
  expect(shares[211]).toBe(0);
});

test('a back end that is well is never bothered', () => {
  const { shares } = run({ capacity: () => 1_000, seconds: 120 });
  expect(Math.max(...shares)).toBe(0);
});
