import { describe, expect, test } from 'vitest';
import type { Guard } from '../guards/guard.ts';
import { evidenceAge } from '../guards/hold.ts';
import { clamp, slew } from '../guards/number.ts';
import { cooldown } from '../guards/timing.ts';
import { constant, surge } from './load.ts';
import { type ReplicaPoint, type ReplicaScenario, runReplicaLoop } from './replica-loop.ts';

const GUARDS: readonly Guard[] = [
  evidenceAge({ maxAgeMs: 30_000 }),
  cooldown({ upMs: 30_000, downMs: 120_000 }),
  slew({ up: { ratio: 1 }, down: { ratio: 0.2 }, whole: true }),
  clamp({ min: 2, max: 40 }),
];

/** 70 requests/s of 100 ms: 10 replicas at 70 %. From 5 to 20 min it is three times as much. */
const SURGE: ReplicaScenario = {
  plant: {
    replicas: 10,
    workersPerReplica: 1,
    meanServiceMs: 100,
    startupMs: 20_000,
    timeoutMs: 10_000,
    seed: 1,
  },
  load: surge({ base: 70, peak: 210, fromMs: 300_000, toMs: 1_200_000 }),
  durationMs: 2_700_000,
  law: {
    setpoint: 0.7,
    kp: 1,
    ki: 0.005,
    hysteresis: { up: 0.8, down: 0.6 },
    signalWindowMs: 20_000,
  },
  guards: GUARDS,
  everyMs: 15_000,
  windowMs: 20_000,
  lagMs: 5_000,
};

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

function run(more: Partial<ReplicaScenario>, seed: number) {
  return runReplicaLoop({ ...SURGE, ...more, plant: { ...SURGE.plant, ...more.plant, seed } });
}

function between(points: readonly ReplicaPoint[], fromMs: number, toMs: number) {
  return points.filter((point) => point.atMs > fromMs && point.atMs <= toMs);
}

function actions(points: readonly ReplicaPoint[]): readonly number[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1]?.applied ?? point.applied;
    return point.applied === before ? [] : [point.applied - before];
  });
}

describe.each(seeds)('surge, seed %i', (seed) => {
  const points = run({}, seed);

  test('scales up, and the surge is served', () => {
    const settled = between(points, 540_000, 1_200_000);
    const utilization = settled.reduce((sum, each) => sum + each.utilization, 0) / settled.length;
    expect(utilization).toBeGreaterThan(0.58);
    expect(utilization).toBeLessThan(0.82);
    expect(settled.filter((point) => point.timedOut > 0).length).toBe(0);
  });

  test('settles: at most two actions in the last ten minutes of it, no overshoot past 40 %', () => {
    expect(actions(between(points, 600_000, 1_200_000)).length).toBeLessThanOrEqual(2);
    expect(Math.max(...points.map((point) => point.applied))).toBeLessThanOrEqual(42);
  });

  test('comes back when the surge ends, without going below what is needed', () => {
    const last = points.at(-1)?.applied ?? 0;
    expect(last).toBeGreaterThanOrEqual(8);
    expect(last).toBeLessThanOrEqual(13);
    expect(between(points, 1_500_000, 2_700_000).some((point) => point.timedOut > 0)).toBe(false);
  });

  test('never moves against the error', () => {
    const steps = actions(between(points, 300_000, 500_000));
    expect(steps.every((step) => step > 0)).toBe(true);
  });
});

describe.each(seeds.slice(0, 4))('an approval takes five minutes, seed %i', (seed) => {
  const points = run({ approvalMs: 300_000 }, seed);

  test('the integral does not wind up while it waits', () => {
    const waiting = between(points, 330_000, 600_000);
    expect(Math.max(...waiting.map((point) => Math.abs(point.integral)))).toBeLessThan(0.35);
  });

  test('and what is approved is what the load needs, not what has added up', () => {
    const after = between(points, 615_000, 660_000).map((point) => point.applied);
    // CPU stops at 100 %: one step multiplies by at most 1 / 0.7, and a little integral.
    expect(Math.max(...after)).toBeLessThanOrEqual(20);
    expect(Math.min(...after)).toBeGreaterThanOrEqual(13);
  });
});

test.each(seeds)('a steady load is left alone, seed %i', (seed) => {
  const points = run({ load: constant(70), durationMs: 1_800_000 }, seed);
  expect(actions(points).length).toBeLessThanOrEqual(2);
});

test.each(seeds)('blind in the middle of a surge: nothing is taken away, seed %i', (seed) => {
  const points = run({ blind: { fromMs: 900_000, toMs: 2_000_000 } }, seed);
  expect(actions(between(points, 900_000, 2_000_000)).filter((step) => step < 0)).toEqual([]);
  expect(points.at(-1)?.applied).toBeLessThan(15);
});

test.each([
  { startupMs: 5_000, everyMs: 5_000, ki: 0.005 },
  { startupMs: 20_000, everyMs: 30_000, ki: 0.005 },
  { startupMs: 45_000, everyMs: 15_000, ki: 0.005 },
  { startupMs: 90_000, everyMs: 30_000, ki: 0 },
  { startupMs: 20_000, everyMs: 15_000, ki: 0.02 },
  // ki x everyMs = 0.6: the most the header allows
  { startupMs: 20_000, everyMs: 30_000, ki: 0.02 },
  { startupMs: 90_000, everyMs: 30_000, ki: 0.02 },
])('stable with no guard but its limits: %o', ({ startupMs, everyMs, ki }) => {
  const guards = [clamp({ min: 2, max: 200 })];
  for (const seed of seeds.slice(0, 4)) {
    const plant = { ...SURGE.plant, startupMs };
    const points = run({ plant, everyMs, guards, law: { ...SURGE.law, ki } }, seed);
    expect(Math.max(...points.map((point) => point.applied))).toBeLessThanOrEqual(60);
    expect(actions(between(points, 900_000, 1_200_000)).length).toBeLessThanOrEqual(2);
  }
});
