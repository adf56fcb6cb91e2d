import { describe, expect, test } from 'vitest';
import { Draws } from '../../sim/random.ts';
import { feedbackWeights } from './feedback-weights.ts';
import { type OutlierFigures, outlierEjection } from './outlier-ejection.ts';
import { type SlowStartFigures, slowStart } from './slow-start.ts';

describe('outlier ejection', () => {
  const IDS = Array.from({ length: 10 }, (_, index) => `w${index}`);

  /** 1,000 calls in a window of 10 s go by weight; a step each. Errors per backend by `ratio`. */
  function run(ratio: (id: string, minute: number, share: number) => number, minutes: number) {
    const draws = new Draws({ seed: 5 });
    let state = outlierEjection.init({});
    let weights: { readonly [id: string]: number } = Object.fromEntries(IDS.map((id) => [id, 1]));
    const wished = weights;
    const points: { minute: number; errors: number; out: string[]; reason: string }[] = [];
    for (let tick = 0; tick < minutes * 6; tick += 1) {
      const minute = tick / 6;
      const total = IDS.reduce((sum, id) => sum + (weights[id] ?? 0), 0);
      let errors = 0;
      const backends = IDS.map((id): OutlierFigures => {
        const share = (weights[id] ?? 0) / total;
        const requests = Math.round(1_500 * share);
        const failed = draws.binomial(requests, ratio(id, minute, share));
        errors += failed;
        return { id, requests, errors: failed, consecutiveFailures: null };
      });
      const nowMs = 1_000_000 + tick * 10_000;
      const input = { nowMs, evidenceAgeMs: 0, backends, weights: wished, applied: weights };
      const step = outlierEjection.step(state, input);
      state = step.state;
      weights = step.output.value;
      const out = IDS.filter((id) => weights[id] === 0);
      points.push({ minute, errors, out, reason: step.output.reason });
    }
    return points;
  }

  const mean = (points: readonly { errors: number }[]) =>
    points.reduce((sum, { errors }) => sum + errors, 0) / points.length;

  test('one broken of ten: most of its errors go, and it comes back when it is well', () => {
    const points = run((id, minute) => (id === 'w3' && minute < 20 ? 0.5 : 0.01), 30);
    // 75 of 1,500 a window without ejection, besides 14 of the usual ones.
    expect(mean(points.slice(6, 120))).toBeLessThan(30);
    expect(points.slice(0, 120).every(({ out }) => out.every((id) => id === 'w3'))).toBe(true);
    expect(points.slice(-12).every(({ out }) => out.length === 0)).toBe(true);
  });

  test('alike ones are left alone, whatever chance does', () => {
    const points = run(() => 0.02, 60);
    const out = points.filter((point) => point.out.length > 0).length;
    expect(out / points.length).toBeLessThan(0.05);
  });

  test('what breaks from load is not broken further: never more than one of ten is out', () => {
    const points = run((_id, _minute, share) => (share > 0.105 ? 0.3 : 0.01), 20);
    expect(Math.max(...points.map(({ out }) => out.length))).toBeLessThanOrEqual(1);
  });
});

describe('slow start', () => {
  const WISHED = { a: 1, b: 1, c: 1, young: 1 };

  /**
   * One young replica beside three warm ones: it serves at 20 % of their speed at first and is
   * warm after 60 s; each is a queue of one worker, latency = service / (1 - use).
   */
  function run(law: boolean) {
    const draws = new Draws({ seed: 9 });
    const speed = (ageMs: number) => Math.min(1, 0.2 + (0.8 * ageMs) / 60_000);
    let state = slowStart.init({ warmupMs: 10_000 });
    let nowMs = 1_000_000;
    const worst: number[] = [];
    for (let birth = 0; birth < 12; birth += 1) {
      nowMs += 1_000;
      const startedAtMs = nowMs;
      let weights: { readonly [id: string]: number } = WISHED;
      const decide = (backends: readonly SlowStartFigures[]) => {
        const input = { nowMs, evidenceAgeMs: 0, backends, weights: WISHED, applied: weights };
        const step = slowStart.step(state, input);
        state = step.state;
        weights = law ? step.output.value : WISHED;
      };
      decide(
        Object.keys(WISHED).map((id) => ({
          id,
          requests: 0,
          latencyMs: null,
          startedAtMs: id === 'young' ? startedAtMs : null,
        })),
      );
      let peak = 0;
      for (let second = 0; second < 150; second += 5) {
        nowMs += 5_000;
        const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
        const figures = Object.entries(weights).map(([id, weight]): SlowStartFigures => {
          const young = id === 'young';
          const pace = young ? speed(nowMs - startedAtMs) : 1;
          // 200 calls a second of 10 ms for four workers.
          const use = (200 * 0.01 * (weight / total)) / pace;
          const service = (10 / pace) * (0.9 + 0.2 * draws.uniform());
          const latencyMs = use < 0.98 ? service / (1 - use) : 50 * service;
          peak = Math.max(peak, young ? latencyMs : 0);
          return { id, requests: 100, latencyMs, startedAtMs: young ? startedAtMs : null };
        });
        decide(figures);
      }
      worst.push(peak);
    }
    return { worst, state };
  }

  test('learns how slow the young are, and keeps them from queueing', () => {
    const without = run(false).worst.at(-1) as number;
    const { worst, state } = run(true);
    expect(without).toBeGreaterThan(200);
    expect(worst.at(-1)).toBeLessThan(without / 5);
    // In the first 12 s a fifth to a third of the speed, in the last tenths all of it.
    expect(state.curve[0]).toBeLessThan(0.35);
    expect(state.curve[8]).toBeGreaterThan(0.85);
    const known = state.curve.filter((share) => share !== null);
    expect(known.length).toBe(10);
  });
});

describe('feedback weights', () => {
  /** Score 1 - g weight, seen `late` periods after; the swing of the last of 400 periods. */
  function swing(g: number, late: number): number {
    const free = { minWeight: 0.001, maxRise: 10, panicBelow: 0, errorShare: 1 };
    let state = feedbackWeights.init(free);
    const seen: number[] = [];
    const weights: number[] = [];
    let weight = 1;
    for (let period = 0; period < 400; period += 1) {
      seen.push(weight);
      const before = seen[Math.max(0, period - late)] ?? 0;
      const errorRatio = Math.min(1, (g * before) / 10);
      const { output, ...next } = feedbackWeights.step(state, {
        nowMs: 1_000_000 + period * 10_000,
        evidenceAgeMs: 0,
        applied: { a: weight },
        backends: [{ id: 'a', requests: 100, errorRatio, latencyMs: 0, startedAtMs: null }],
      });
      state = next.state;
      weight = output.value.a as number;
      weights.push(weight);
    }
    const last = weights.slice(-40);
    return Math.max(...last) - Math.min(...last);
  }

  test.each([
    [1, 5],
    [2, 3.38],
    [4, 2.23],
  ])('%i periods late: settles below a slope of %f, swings above it', (late, slope) => {
    expect(swing(slope * 0.9, late)).toBeLessThan(0.002);
    expect(swing(slope * 1.1, late)).toBeGreaterThan(0.02);
  });
});
