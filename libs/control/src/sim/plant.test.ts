import { describe, expect, test } from 'vitest';
import { constant, recorded, surge } from './load.ts';
import { advancePlant, type PlantConfig, scalePlant, startPlant } from './plant.ts';
import { Draws } from './random.ts';
import { quantile } from './window.ts';

const BASE: PlantConfig = {
  replicas: 10,
  workersPerReplica: 1,
  meanServiceMs: 100,
  startupMs: 10_000,
  timeoutMs: 60_000,
  seed: 7,
};

/** Erlang C: probability to wait and mean wait over service time, from the textbook formula. */
describe.each([
  { c: 1, a: 0.5, waitProbability: 0.5, meanWait: 1 },
  { c: 2, a: 1.5, waitProbability: 0.642857, meanWait: 1.285714 },
  { c: 10, a: 8, waitProbability: 0.40918, meanWait: 0.20459 },
])('M/M/$c at $a Erlang', ({ c, a, waitProbability, meanWait }) => {
  const start = startPlant({ ...BASE, replicas: c });
  const { figures } = advancePlant(start, 20_000_000, { offeredPerSecond: a * 10 });
  const waited = figures.waitsMs.filter((wait) => wait > 0).length / figures.waitsMs.length;
  const mean = figures.waitsMs.reduce((sum, wait) => sum + wait, 0) / figures.waitsMs.length;

  test('waits as often and as long as Erlang C says', () => {
    expect(waited / waitProbability).toBeCloseTo(1, 1);
    expect(mean / 100 / meanWait).toBeGreaterThan(0.93);
    expect(mean / 100 / meanWait).toBeLessThan(1.07);
  });

  test('is busy as much as its load', () => {
    expect(figures.utilization).toBeCloseTo(a / c, 2);
  });
});

test('spans add up to the run: the same seed in one span or many', () => {
  const whole = advancePlant(startPlant(BASE), 60_000, { offeredPerSecond: 80 });
  let plant = startPlant(BASE);
  let offered = 0;
  for (let second = 0; second < 60; second += 1) {
    const stored = JSON.parse(JSON.stringify(plant)) as typeof plant;
    const next = advancePlant(stored, 1_000, { offeredPerSecond: 80 });
    plant = next.plant;
    offered += next.figures.offered;
  }
  expect(plant.nowMs).toBe(whole.plant.nowMs);
  expect(offered / whole.figures.offered).toBeGreaterThan(0.9);
  expect(offered / whole.figures.offered).toBeLessThan(1.1);
});

test('new replicas serve after their start-up time, and leave at once', () => {
  const grown = scalePlant(startPlant(BASE), 12);
  const early = advancePlant(grown, 9_000, { offeredPerSecond: 1 });
  expect(early.figures).toMatchObject({ ready: 10, starting: 2 });
  const late = advancePlant(early.plant, 2_000, { offeredPerSecond: 1 });
  expect(late.figures).toMatchObject({ ready: 12, starting: 0 });
  expect(scalePlant(late.plant, 3).replicas.length).toBe(3);
});

test('clients that wait too long are errors, those not admitted are rejects', () => {
  const small = startPlant({ ...BASE, replicas: 1, timeoutMs: 500 });
  const { figures } = advancePlant(small, 60_000, { offeredPerSecond: 50 });
  expect(figures.timedOut / figures.offered).toBeCloseTo(0.8, 1);
  const shed = advancePlant(small, 60_000, { offeredPerSecond: 50, admitPerSecond: 5 }).figures;
  expect(shed.rejected / shed.offered).toBeCloseTo(0.9, 1);
  expect(shed.timedOut).toBeLessThan(figures.timedOut / 10);
});

test('draws are the same for a seed, and fair', () => {
  const one = new Draws({ seed: 42 });
  const other = new Draws({ seed: 42 });
  const values = Array.from({ length: 10_000 }, () => one.uniform());
  expect(Array.from({ length: 10_000 }, () => other.uniform())).toEqual(values);
  expect(values.reduce((sum, value) => sum + value, 0) / 10_000).toBeCloseTo(0.5, 1);
  expect(new Draws({ seed: 1 }).binomial(10_000, 0.3) / 10_000).toBeCloseTo(0.3, 1);
});

test('loads', () => {
  expect(constant(5)(99)).toBe(5);
  const wave = surge({ base: 1, peak: 9, fromMs: 10, toMs: 20 });
  expect([wave(9), wave(10), wave(19), wave(20)]).toEqual([1, 9, 9, 1]);
  const series = recorded([3, 4]);
  expect([series(-5), series(999), series(1_000), series(9_000)]).toEqual([3, 3, 4, 4]);
});

test('quantiles by nearest rank', () => {
  expect(quantile([], 0.99)).toBeNull();
  expect(quantile([5, 1, 3], 0.5)).toBe(3);
  expect(
    quantile(
      Array.from({ length: 100 }, (_, k) => k + 1),
      0.99,
    ),
  ).toBe(99);
});
