import { describe, expect, test } from 'vitest';
import { modeMachine, worseMode } from './machine.ts';
import type { Mode, ModeInputs } from './mode.ts';
import { calm, Scene, seen } from './scene.fixture.ts';

const scene = (config = {}) => new Scene(config, 1_000);

/** Two dimensions in trouble or well, the others calm. */
const both =
  (page: boolean, oneLeft: boolean) =>
  (atMs: number): ModeInputs => ({
    ...calm(atMs),
    resilience: { burnPage: seen('slo.page', page, atMs) },
    load: { oneInstanceLeft: seen('load.one-left', oneLeft, atMs) },
  });

test('of two modes the worse', () => {
  const order: readonly Mode[] = ['target', 'recovery', 'degraded', 'floor'];
  order.forEach((a, i) => {
    order.forEach((b, k) => {
      expect(worseMode(a, b)).toBe(order[Math.max(i, k)]);
    });
  });
});

test('of dimensions that are equally bad the first is named', () => {
  const made = scene();
  made.run(10_000, (t) => ({
    discovery: { instancesLost: seen('lost', 1, t) },
    load: { instancesOutOfRotation: seen('out', 1, t) },
  }));
  expect(made.last).toMatchObject({
    mode: 'degraded',
    worst: 'discovery',
    dimensions: { discovery: 'degraded', config: 'target', resilience: 'target', load: 'degraded' },
  });
  expect(made.reports.filter((report) => report.transition !== null)).toHaveLength(1);
});

describe('from Floor to another dimension in Degraded', () => {
  function passing(): Scene {
    const made = scene();
    made.run(20_000, both(true, true));
    expect(made.last).toMatchObject({ mode: 'floor', worst: 'load' });
    made.run(30_000, both(true, false));
    return made;
  }

  test('one step of Recovery, then Degraded with the trouble that is still there', () => {
    const made = passing();
    expect(made.last).toMatchObject({
      mode: 'recovery',
      worst: 'resilience',
      sinceMs: made.nowMs,
      recovery: { from: 'floor', phase: 'validating', share: 0, stableMs: 0 },
      transition: { from: 'floor', to: 'recovery', dimension: 'load' },
    });
    made.run(1_000, both(true, false));
    expect(made.last.transition).toEqual({
      from: 'recovery',
      to: 'degraded',
      atMs: made.nowMs,
      dimension: 'resilience',
      cause: { kind: 'trigger', trigger: 'burn-rate-page' },
      text: 'Its resilience is still degraded.',
      evidence: [seen('slo.page', true, made.nowMs)],
      dwellMs: 0,
    });
    expect(made.last.dimensionTransitions).toEqual([]);
    expect(made.last.recovery).toBeNull();
  });

  test('trouble that is just over is no trigger any more, though still Degraded', () => {
    const made = scene();
    made.run(20_000, both(true, true));
    made.run(29_000, both(true, false));
    made.run(2_000, both(false, false));
    expect(made.last.transition).toMatchObject({
      from: 'recovery',
      to: 'degraded',
      dimension: 'resilience',
      cause: { kind: 'triggers-over' },
      text: 'Its resilience is still degraded.',
      evidence: [],
      dwellMs: 0,
    });
  });
});

test('Recovery of two dimensions: the lesser share, and Floor if either was there', () => {
  const made = scene();
  made.run(20_000, both(true, true));
  made.run(10_000, both(true, false));
  made.run(30_000, both(false, false));
  // Load has recovered for 10 s when resilience begins.
  expect(made.last).toMatchObject({
    mode: 'recovery',
    dimensions: { resilience: 'recovery', load: 'recovery' },
    recovery: { from: 'floor', stableMs: 0 },
  });
  made.run(35_000, both(false, false));
  expect(made.last.recovery).toEqual({
    from: 'floor',
    phase: 'ramping',
    share: 0.1,
    stableMs: 35_000,
  });
  // Load is done first; what is left was Degraded only.
  made.run(260_000, both(false, false));
  expect(made.last).toMatchObject({
    mode: 'recovery',
    transition: null,
    dimensions: { load: 'target' },
    recovery: { from: 'degraded', stableMs: 295_000 },
  });
  made.run(5_000, both(false, false));
  expect(made.last).toMatchObject({ mode: 'target', recovery: null });
});

describe('since when', () => {
  test('the first step, then the last transition of the service', () => {
    const made = scene();
    expect(made.run(1_000, calm).sinceMs).toBe(1_001_000);
    expect(made.run(5_000, calm).sinceMs).toBe(1_001_000);
    made.run(3_000, both(true, false));
    expect(made.last).toMatchObject({ mode: 'degraded', sinceMs: 1_007_000 });
  });

  test('before the first step nothing is known', () => {
    const state = modeMachine.init();
    expect(state).toMatchObject({ lastMs: null, overall: 'target', overallSinceMs: null });
    const refused = modeMachine.step(state, { nowMs: Number.NaN, inputs: {} });
    expect(refused.output).toEqual({
      mode: 'target',
      sinceMs: 0,
      worst: 'discovery',
      dimensions: { discovery: 'target', config: 'target', resilience: 'target', load: 'target' },
      transition: null,
      dimensionTransitions: [],
      activeTriggers: [],
      held: {
        reason: 'clock-went-back',
        dimensions: ['discovery', 'config', 'resilience', 'load'],
      },
      recovery: null,
    });
    expect(refused.state).toBe(state);
  });
});

describe('time', () => {
  test('a clock that goes back changes nothing but itself', () => {
    const { state } = modeMachine.step(modeMachine.init(), { nowMs: 5_000, inputs: {} });
    const back = modeMachine.step(state, { nowMs: 4_999, inputs: both(true, true)(4_999) });
    expect(back.state).toEqual({ ...state, lastMs: 4_999 });
    expect(back.output).toMatchObject({ transition: null, held: { reason: 'clock-went-back' } });
    const same = modeMachine.step(state, { nowMs: 5_000, inputs: both(true, false)(5_000) });
    expect(same.output.mode).toBe('degraded');
  });

  test('a long gap counts as the longest step, no more', () => {
    const made = new Scene({ maxStepMs: 20_000 }, 1_000);
    made.run(1_000, both(true, false));
    made.nowMs += 3_600_000;
    made.run(1_000, calm);
    made.run(9_000, calm);
    expect(made.last.mode).toBe('degraded');
    made.run(1_000, calm);
    expect(made.last.mode).toBe('recovery');
  });

  test('a dwell time stands still while its figure is not seen, and ends when it is low', () => {
    const left = (value: boolean) => (t: number) => ({
      load: { oneInstanceLeft: seen('one', value, t) },
    });
    const made = scene();
    made.run(10_000, left(true));
    made.run(60_000, () => ({ load: { oneInstanceLeft: null } }));
    expect(made.last.mode).toBe('target');
    made.run(1_000, left(true));
    expect(made.last.mode).toBe('degraded');

    const broken = scene();
    broken.run(10_000, left(true));
    broken.run(1_000, left(false));
    broken.run(10_000, left(true));
    expect(broken.last.mode).toBe('target');
    broken.run(1_000, left(true));
    expect(broken.last.mode).toBe('degraded');
  });
});

test('blindness names every dimension it is in, and the reason of the first', () => {
  const made = scene();
  made.run(1_000, (t) => ({
    ...calm(t),
    config: { versionsInForce: seen('v', 1, t - 31_000) },
    load: { imbalance: null },
  }));
  expect(made.last.held).toEqual({ reason: 'stale-evidence', dimensions: ['config', 'load'] });
});

test('new thresholds leave the mode and the dwell times as they are', () => {
  const made = scene();
  made.run(11_000, both(true, true));
  const config = { exitDwellMs: 5_000 };
  const retuned = modeMachine.retune(made.state, config);
  expect(retuned).toEqual({ ...made.state, config: { ...made.state.config, ...config } });
  expect(modeMachine.retune(retuned)).toEqual(made.state);
});
