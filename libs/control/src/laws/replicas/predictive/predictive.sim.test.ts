import { describe, expect, test } from 'vitest';
import { noise, sine, square } from '../../../forecast/series.fixture.ts';
import { predictiveReplicas as law } from './predictive.ts';
import type { PredictiveConfig } from './predictive-config.ts';

const COST_S = 0.05;
const EVERY_S = 15;

/** Never believes a forecast: what is compared with. */
const REACTIVE: PredictiveConfig = { forecast: { memorySlots: 10_000, minScored: 10_000 } };

/**
 * A fleet whose replicas serve `etaS` after they are asked for and leave at once. Counts the
 * seconds in which what serves is too little, and what was paid.
 */
function run(
  load: (second: number) => number,
  etaS: number,
  config: PredictiveConfig,
  seconds = 7_200,
) {
  let state = law.init({ etaMs: etaS * 1_000, everyMs: EVERY_S * 1_000, ...config });
  const starts: number[] = [];
  let ready = 10;
  let window = 0;
  let short = 0;
  let paid = 0;
  let needed = 0;
  for (let second = 0; second < seconds; second += 1) {
    while (starts.length > 0 && (starts[0] as number) <= second) {
      starts.shift();
      ready += 1;
    }
    const rate = load(second);
    window += rate;
    const judged = second > seconds / 3;
    if (judged && rate * COST_S > ready) short += 1;
    if (judged) paid += ready + starts.length;
    if (judged) needed += (rate * COST_S) / 0.7;
    if (second % EVERY_S === EVERY_S - 1) {
      const ratePerSecond = window / EVERY_S;
      window = 0;
      const step = law.step(state, {
        nowMs: (second + 1) * 1_000,
        evidenceAgeMs: 0,
        windowMs: EVERY_S * 1_000,
        ratePerSecond,
        utilization: Math.min(1, (ratePerSecond * COST_S) / ready),
        inFlight: null,
        p99Ms: null,
        errorRatio: null,
        applied: ready + starts.length,
        ready,
        starting: starts.length,
      });
      state = step.state;
      const more = step.output.value - ready - starts.length;
      for (let k = 0; k < more; k += 1) starts.push(second + etaS);
      const fewer = Math.max(0, -more);
      const cancelled = Math.min(fewer, starts.length);
      starts.splice(starts.length - cancelled);
      ready -= fewer - cancelled;
    }
  }
  return { shortShare: short / (seconds * (2 / 3)), cost: paid / needed };
}

describe('against the same law without forecasts, starting takes 90 s', () => {
  test.each([
    ['a wave of ten minutes', sine(600, 500, 700)],
    ['a square wave of twelve minutes', square(720, 500, 700)],
    ['a burst every ten minutes', (s: number) => (s % 600 < 120 ? 1_500 : 300)],
  ])('%s: at most half as long short of capacity', (_name, load) => {
    const n = noise(5);
    const noisy = (s: number) => Math.max(0, load(s) + 20 * n());
    const seen = Array.from({ length: 7_200 }, (_, s) => noisy(s));
    const at = (s: number) => seen[s] as number;
    const reactive = run(at, 90, REACTIVE);
    const predictive = run(at, 90, {});
    expect(reactive.shortShare).toBeGreaterThan(0.02);
    expect(predictive.shortShare).toBeLessThan(0.5 * reactive.shortShare);
    expect(predictive.cost).toBeLessThan(1.5 * reactive.cost);
  });
});

test('told 5 s where starting takes 90 s, it finds out', () => {
  const wave = sine(600, 500, 700);
  const told = run(wave, 90, {});
  const mistold = run(wave, 90, { etaMs: 5_000 });
  expect(mistold.shortShare).toBeLessThan(told.shortShare + 0.01);
  expect(mistold.shortShare).toBeLessThan(0.5 * run(wave, 90, REACTIVE).shortShare);
});

describe('where there is nothing to foresee', () => {
  test.each([
    ['noise', 3],
    ['noise', 4],
  ])('%s (seed %d) costs hardly more and is no worse', (_name, seed) => {
    const n = noise(seed);
    const seen = Array.from({ length: 7_200 }, () => Math.max(0, 700 + 100 * n()));
    const at = (s: number) => seen[s] as number;
    const reactive = run(at, 90, REACTIVE);
    const predictive = run(at, 90, {});
    expect(predictive.cost).toBeLessThan(1.1 * reactive.cost);
    expect(predictive.shortShare).toBeLessThanOrEqual(reactive.shortShare + 0.005);
  });
});
