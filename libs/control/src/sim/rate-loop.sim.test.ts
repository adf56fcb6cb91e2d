import { describe, expect, test } from 'vitest';
import { latencyBand } from '../laws/rate/latency-band.ts';
import type { Load } from './load.ts';
import { constant, surge } from './load.ts';
import { advancePlant, type PlantFigures, startPlant } from './plant.ts';
import { measure } from './window.ts';

/** 20 workers of 20 ms serve at most 1,000/s; p99 of 100 ms is reached a little below. */
const PLANT = {
  replicas: 20,
  workersPerReplica: 1,
  meanServiceMs: 20,
  startupMs: 1_000,
  timeoutMs: 5_000,
};
const WINDOW_SPANS = 5;

/** Closes the rate loop: every 5 s, on the p99 of the last 5 s, from a limit far too high. */
function run(load: Load, seed: number, minutes: number) {
  let plant = startPlant({ ...PLANT, seed });
  let state = latencyBand.init({});
  let applied = 3_000;
  let spans: readonly PlantFigures[] = [];
  const points: { readonly rate: number; readonly p99Ms: number; readonly goodput: number }[] = [];
  for (let second = 1; second <= minutes * 60; second += 1) {
    const offeredPerSecond = load(plant.nowMs);
    const advanced = advancePlant(plant, 1_000, { offeredPerSecond, admitPerSecond: applied });
    plant = advanced.plant;
    spans = [...spans, advanced.figures].slice(-WINDOW_SPANS);
    if (second % 5 !== 0) {
      continue;
    }
    const measured = measure(spans, 1_000);
    const step = latencyBand.step(state, {
      nowMs: plant.nowMs,
      evidenceAgeMs: 0,
      p99Ms: measured.p99Ms,
      applied,
      rejectRatio: measured.rejectRatio,
      offeredPerSecond: measured.offeredPerSecond,
    });
    state = step.state;
    applied = step.output.value;
    const goodput = spans.reduce((sum, span) => sum + span.latenciesMs.length, 0) / WINDOW_SPANS;
    points.push({ rate: applied, p99Ms: measured.p99Ms ?? 0, goodput });
  }
  return points;
}

describe.each([1, 2, 3])('twice the load it can bear, seed %i', (seed) => {
  const settled = run(constant(2_000), seed, 10).slice(60);

  test('latency is brought near its target, and kept there', () => {
    const sorted = settled.map((point) => point.p99Ms).toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeGreaterThan(70);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(200);
  });

  test('most of the capacity is still used', () => {
    const goodput = settled.reduce((sum, point) => sum + point.goodput, 0) / settled.length;
    expect(goodput).toBeGreaterThan(800);
  });

  test('the rate stays near what the plant can bear', () => {
    const rates = settled.map((point) => point.rate);
    expect(Math.min(...rates)).toBeGreaterThan(600);
    expect(Math.max(...rates)).toBeLessThan(1_400);
  });
});

test('a limit that is not reached does not climb, and still bites when the surge comes', () => {
  const load = surge({ base: 300, peak: 2_000, fromMs: 600_000, toMs: 900_000 });
  const points = run(load, 4, 15);
  expect(Math.max(...points.map((point) => point.rate))).toBeLessThanOrEqual(3_000);
  const last = points.slice(-24).map((point) => point.p99Ms);
  expect(last.toSorted((a, b) => a - b)[12]).toBeLessThan(200);
});
