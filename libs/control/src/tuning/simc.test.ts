import { describe, expect, test } from 'vitest';
import { firstOrder, inSeries, integrator } from './plants.fixture.ts';
import { identify, type StepExperiment, simcGains, stepExperiment } from './simc.ts';

const PLANT = {
  gain: -0.02,
  timeConstantMs: 20_000,
  deadTimeMs: 5_000,
  rest: { measured: 0.7, value: 10 },
};

const EXPERIMENT: StepExperiment = {
  plant: firstOrder(PLANT),
  from: 10,
  to: 15,
  everyMs: 1_000,
  settleMs: 10_000,
  durationMs: 200_000,
};

describe('a step response', () => {
  test.each([
    {},
    { gain: 3 },
    { deadTimeMs: 0 },
    { deadTimeMs: 30_000 },
    { timeConstantMs: 5_000, deadTimeMs: 1_000 },
  ])('of first order with dead time is recognised: %o', (other) => {
    const plant = { ...PLANT, ...other };
    const model = identify(stepExperiment({ ...EXPERIMENT, plant: firstOrder(plant) }));
    expect((model?.gain ?? 0) / plant.gain).toBeCloseTo(1, 2);
    expect(model?.timeConstantMs ?? 0).toBeGreaterThan(plant.timeConstantMs - 300);
    expect(model?.timeConstantMs ?? 0).toBeLessThan(plant.timeConstantMs + 300);
    expect(Math.abs((model?.deadTimeMs ?? 0) - plant.deadTimeMs)).toBeLessThan(500);
  });

  test('by hand', () => {
    const before = [5, 5, 1, 1];
    const after = [1, 1, 2, 3, 4, 5, 5, 5, 5, 5];
    const points = [...before, ...after].map((measured, index) => ({
      atMs: (index + 1) * 1_000,
      measured,
    }));
    // 28.3 % of 4 is reached at 7.132 s, 63.2 % at 8.528 s; the change was at 4 s.
    const model = identify({ from: 2, to: 4, changedMs: 4_000, points });
    expect(model?.gain).toBe(2);
    expect(model?.timeConstantMs).toBeCloseTo(1.5 * 1_396, 6);
    expect(model?.deadTimeMs).toBeCloseTo(4_528 - 1.5 * 1_396, 6);
  });

  test('the change comes with the first period after the rest', () => {
    expect(stepExperiment(EXPERIMENT).changedMs).toBe(10_000);
    const late = stepExperiment({ ...EXPERIMENT, settleMs: 10_001 });
    expect(late.changedMs).toBe(11_000);
    expect(late.points.length).toBe(210);
  });

  test('a step down tells the same', () => {
    const up = identify(stepExperiment(EXPERIMENT));
    const down = identify(stepExperiment({ ...EXPERIMENT, to: 5 }));
    expect(down?.gain).toBeCloseTo(up?.gain ?? 0, 9);
    expect(down?.deadTimeMs).toBeCloseTo(up?.deadTimeMs ?? 0, 6);
  });

  test('two lags in a row look like one with more dead time', () => {
    const lag = firstOrder({
      gain: 1,
      timeConstantMs: 5_000,
      deadTimeMs: 0,
      rest: { measured: 0.7, value: 0.7 },
    });
    const plant = inSeries(firstOrder(PLANT), lag);
    const model = identify(stepExperiment({ ...EXPERIMENT, plant }));
    expect(model?.gain).toBeCloseTo(-0.02, 4);
    expect(model?.deadTimeMs ?? 0).toBeGreaterThan(6_000);
    expect(model?.deadTimeMs ?? 0).toBeLessThan(11_000);
  });

  test('noise is averaged at both ends', () => {
    const noise = (atMs: number) => 0.004 * Math.sin(atMs * 1.3);
    const plant = firstOrder({ ...PLANT, noise });
    const model = identify(stepExperiment({ ...EXPERIMENT, plant }));
    expect((model?.gain ?? 0) / PLANT.gain).toBeCloseTo(1, 1);
  });

  test('nothing is concluded from noise, an unfinished response, or one that never ends', () => {
    const jitter = (atMs: number) => (Math.round(atMs / 1_000) % 2 === 0 ? 0.04 : -0.04);
    const loud = firstOrder({ ...PLANT, noise: jitter });
    expect(identify(stepExperiment({ ...EXPERIMENT, plant: loud }))).toBeNull();
    expect(identify(stepExperiment({ ...EXPERIMENT, durationMs: 25_000 }))).toBeNull();
    const endless = integrator(0.1, 1_000);
    expect(identify(stepExperiment({ ...EXPERIMENT, plant: endless, from: 0 }))).toBeNull();
    expect(identify({ from: 1, to: 2, changedMs: 0, points: [] })).toBeNull();
    const dead = firstOrder({ ...PLANT, gain: 0 });
    expect(identify(stepExperiment({ ...EXPERIMENT, plant: dead }))).toBeNull();
  });

  test('a run with no change is no experiment', () => {
    expect(() => stepExperiment({ ...EXPERIMENT, to: 10 })).toThrowError(
      'to is 10: it must be another value than from (10)',
    );
    expect(() => stepExperiment({ ...EXPERIMENT, settleMs: 0 })).toThrowError(/^settleMs is /);
    expect(() => stepExperiment({ ...EXPERIMENT, durationMs: 0 })).toThrowError(/^durationMs is /);
  });
});

describe('gains', () => {
  const model = { gain: 2, timeConstantMs: 20_000, deadTimeMs: 5_000 };

  test('kp = T / (K (Tc + L)), Ti = min(T, 4 (Tc + L)), Tc = L', () => {
    const gains = simcGains(model);
    expect(gains).toMatchObject({ kp: 1, kd: 0, action: 'direct' });
    expect(gains.ki).toBeCloseTo(1 / 20, 12);
    const quick = simcGains({ ...model, timeConstantMs: 100_000 });
    expect(quick.kp).toBe(5);
    expect(quick.kp / quick.ki).toBeCloseTo(40, 9);
  });

  test('a negative gain is a reverse-acting loop', () => {
    expect(simcGains({ ...model, gain: -2 })).toMatchObject({ kp: 1, action: 'reverse' });
  });

  test('half a period of sampling is dead time too', () => {
    expect(simcGains({ ...model, deadTimeMs: 3_000 }, { everyMs: 4_000 })).toEqual(
      simcGains(model),
    );
  });

  test('a larger closed-loop time constant is calmer', () => {
    expect(simcGains(model, { closedLoopMs: 15_000 }).kp).toBe(0.5);
  });

  test('without a time constant it only integrates', () => {
    expect(simcGains({ ...model, timeConstantMs: 0 })).toEqual({
      kp: 0,
      ki: 0.05,
      kd: 0,
      action: 'direct',
    });
  });

  test.each([
    ['gain', { ...model, gain: 0 }, {}],
    ['gain', { ...model, gain: Number.NaN }, {}],
    ['timeConstantMs', { ...model, timeConstantMs: -1 }, {}],
    ['deadTimeMs', { ...model, deadTimeMs: -1 }, {}],
    ['everyMs', model, { everyMs: -1 }],
    ['closedLoopMs', model, { closedLoopMs: -1 }],
    ['closedLoopMs', { ...model, deadTimeMs: 0 }, {}],
  ])('%s is refused', (field, wrong, options) => {
    expect(() => simcGains(wrong, options)).toThrowError(new RegExp(`^${field} is `));
  });
});
