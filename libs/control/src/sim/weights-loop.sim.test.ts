import { describe, expect, test } from 'vitest';
import { type BackendFigures, feedbackWeights } from '../laws/weights/feedback-weights.ts';
import { Draws } from './random.ts';

interface Fault {
  readonly backend: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly errorRatio: number;
  readonly latencyMs: number;
}

const REQUESTS = 3_000;
const BACKENDS = ['a', 'b', 'c', 'd'];

/** Four backends behind a balancer that follows the weights; figures are sampled, seeded. */
function run(faults: readonly Fault[], seed: number, minutes: number) {
  const draws = new Draws({ seed });
  let state = feedbackWeights.init({});
  let weights: { readonly [id: string]: number } = { a: 1, b: 1, c: 1, d: 1 };
  const points: { readonly atMs: number; readonly shares: { readonly [id: string]: number } }[] =
    [];
  for (let nowMs = 10_000; nowMs <= minutes * 60_000; nowMs += 10_000) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    const backends = BACKENDS.map((id): BackendFigures => {
      const fault = faults.find((f) => f.backend === id && nowMs > f.fromMs && nowMs <= f.toMs);
      const requests = Math.round((REQUESTS * (weights[id] ?? 0)) / total);
      const errors = draws.binomial(requests, fault?.errorRatio ?? 0.002);
      const latencyMs = (fault?.latencyMs ?? 80) * (0.8 + 0.4 * draws.uniform());
      return { id, requests, errorRatio: errors / requests, latencyMs, startedAtMs: null };
    });
    const step = feedbackWeights.step(state, {
      nowMs,
      evidenceAgeMs: 0,
      backends,
      applied: weights,
    });
    state = step.state;
    weights = step.output.value;
    const sum = Object.values(weights).reduce((all, weight) => all + weight, 0);
    const shares = Object.fromEntries(BACKENDS.map((id) => [id, (weights[id] ?? 0) / sum]));
    points.push({ atMs: nowMs, shares });
  }
  const shareAt = (atMs: number, id: string) =>
    points.find((point) => point.atMs === atMs)?.shares[id] ?? Number.NaN;
  return { points, shareAt };
}

describe.each([1, 2, 3, 4])('one of four is sick for five minutes, seed %i', (seed) => {
  const MINUTE = 60_000;
  const slow = { backend: 'b', fromMs: MINUTE, toMs: 6 * MINUTE, errorRatio: 0.3, latencyMs: 900 };
  const { points, shareAt } = run([slow], seed, 15);

  test('its traffic moves away within a minute and a half', () => {
    expect(shareAt(MINUTE, 'b')).toBeCloseTo(0.25, 2);
    expect(shareAt(2.5 * MINUTE, 'b')).toBeLessThan(0.1);
    expect(shareAt(6 * MINUTE, 'b')).toBeLessThan(0.05);
  });

  test('it keeps enough to be seen', () => {
    expect(Math.min(...points.map((point) => point.shares.b ?? 0))).toBeGreaterThan(0.01);
  });

  test('it gets it back gradually, and all of it', () => {
    expect(shareAt(6 * MINUTE + 10_000, 'b')).toBeLessThan(0.08);
    expect(shareAt(7 * MINUTE, 'b')).toBeLessThan(0.22);
    expect(shareAt(10 * MINUTE, 'b')).toBeGreaterThan(0.23);
  });

  test('the healthy ones share the rest evenly', () => {
    for (const { shares } of points) {
      expect(Math.abs((shares.a ?? 0) - (shares.d ?? 0))).toBeLessThan(0.02);
    }
  });
});

test('three of four sick: the balancer does not pour everything onto the last one', () => {
  const faults = ['a', 'b', 'c'].map((backend) => ({
    backend,
    fromMs: 60_000,
    toMs: 600_000,
    errorRatio: 0.9,
    latencyMs: 900,
  }));
  const { points } = run(faults, 5, 10);
  expect(Math.max(...points.slice(10).map((point) => point.shares.d ?? 1))).toBeCloseTo(0.25, 6);
});
