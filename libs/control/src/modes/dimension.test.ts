import { describe, expect, test } from 'vitest';
import { type DimensionInput, recoveryShare, stepDimension } from './dimension.ts';
import type { DimensionState, ModeInputs, TriggerId } from './mode.ts';
import { modeConfig } from './mode-config.ts';
import { read, type Sight } from './reading.ts';
import { seen } from './scene.fixture.ts';

const NOW = 1_000_000;
const CONFIG = modeConfig();

const PAGE: ModeInputs = {
  resilience: { burnPage: seen('slo.page', true, NOW), failureRatio: seen('errors', 0.6, NOW) },
};

function step(
  before: DimensionState,
  sight: Partial<Sight>,
  more: Partial<DimensionInput> & { aboveMs?: { [id in TriggerId]?: number } } = {},
) {
  const { aboveMs = {}, ...rest } = more;
  return stepDimension(before, {
    machine: { config: CONFIG, aboveMs },
    dimension: 'resilience',
    readings: read(CONFIG, PAGE, NOW),
    sight: { active: [], blind: null, healthy: true, ...sight },
    nowMs: NOW,
    dtMs: 10_000,
    ...rest,
  });
}

const blind: Partial<Sight> = { blind: 'no-evidence', healthy: false };

describe('Target', () => {
  test('stays without a trigger', () => {
    expect(step({ mode: 'target' }, {})).toEqual({ state: { mode: 'target' }, transition: null });
    expect(step({ mode: 'target' }, blind).transition).toBeNull();
  });

  test('falls to Degraded even on a floor trigger, and tells the worse one', () => {
    const { state, transition } = step(
      { mode: 'target' },
      { active: ['burn-rate-page', 'failure-ratio-high'] },
      { aboveMs: { 'failure-ratio-high': 12_000, 'burn-rate-page': 1 } },
    );
    expect(state).toEqual({ mode: 'degraded', clearedMs: 0 });
    expect(transition).toMatchObject({
      from: 'target',
      to: 'degraded',
      atMs: NOW,
      dimension: 'resilience',
      cause: { kind: 'trigger', trigger: 'failure-ratio-high' },
      text: '60 % of its requests fail.',
      dwellMs: 12_000,
    });
    expect(transition?.evidence.map(({ signal }) => signal)).toEqual(['slo.page', 'errors']);
  });

  test('a trigger that is active but not seen now is told by its name', () => {
    const { transition } = step({ mode: 'target' }, { active: ['breaker-open'] });
    expect(transition).toMatchObject({ text: 'Breaker-open.', dwellMs: 0, evidence: [] });
  });
});

describe('Degraded', () => {
  const degraded = (clearedMs: number): DimensionState => ({ mode: 'degraded', clearedMs });

  test('falls to Floor on a floor trigger, blind or not', () => {
    for (const more of [{}, blind]) {
      const { state, transition } = step(degraded(9_000), {
        ...more,
        active: ['failure-ratio-high'],
      });
      expect(state).toEqual({ mode: 'floor', clearedMs: 0 });
      expect(transition).toMatchObject({ from: 'degraded', to: 'floor' });
    }
  });

  test('is not over while any trigger is active, and counts from nothing again', () => {
    expect(step(degraded(29_000), { active: ['burn-rate-page'] })).toEqual({
      state: degraded(0),
      transition: null,
    });
  });

  test('stands still while blind', () => {
    expect(step(degraded(25_000), blind)).toEqual({ state: degraded(25_000), transition: null });
  });

  test('waits for all of its exit dwell: 29.999 s is not 30 s', () => {
    expect(step(degraded(19_999), {}).state).toEqual(degraded(29_999));
    const { state, transition } = step(degraded(20_000), {});
    expect(state).toEqual({ mode: 'recovery', from: 'degraded', stableMs: 0 });
    expect(transition).toEqual({
      from: 'degraded',
      to: 'recovery',
      atMs: NOW,
      dimension: 'resilience',
      cause: { kind: 'triggers-over' },
      text: 'Its degraded triggers have been over for 30 s.',
      evidence: [PAGE.resilience?.burnPage, PAGE.resilience?.failureRatio],
      dwellMs: 30_000,
    });
  });

  test('without a dwell it still leaves only when some time has passed', () => {
    const machine = { config: modeConfig({ exitDwellMs: 0 }), aboveMs: {} };
    expect(step(degraded(0), {}, { machine, dtMs: 0 }).state).toEqual(degraded(0));
    expect(step(degraded(0), {}, { machine, dtMs: 1 }).state.mode).toBe('recovery');
  });
});

describe('Floor', () => {
  const floor = (clearedMs: number): DimensionState => ({ mode: 'floor', clearedMs });

  test('is over when its floor triggers are, whatever else is wrong', () => {
    expect(step(floor(20_000), { active: ['burn-rate-page'] })).toMatchObject({
      state: { mode: 'recovery', from: 'floor', stableMs: 0 },
      transition: {
        from: 'floor',
        to: 'recovery',
        text: 'Its floor triggers have been over for 30 s.',
      },
    });
    expect(step(floor(20_000), { active: ['failure-ratio-high'] })).toEqual({
      state: floor(0),
      transition: null,
    });
  });
});

/*
 *   0 .. 30 s    30 .. 120 s   120 .. 210 s   210 .. 300 s
 *   validating   10 %          50 %           100 %          Target
 */
describe('Recovery', () => {
  const recovery = (stableMs: number): DimensionState => ({
    mode: 'recovery',
    from: 'degraded',
    stableMs,
  });

  test.each([
    [0, 0],
    [29_999, 0],
    [30_000, 0.1],
    [119_999, 0.1],
    [120_000, 0.5],
    [209_999, 0.5],
    [210_000, 1],
    [299_999, 1],
    [400_000, 1],
  ])('after %i ms stable it has given back %f', (stableMs, share) => {
    expect(recoveryShare(CONFIG, stableMs)).toBe(share);
  });

  test.each([
    [29_999, 0],
    [30_000, 30_000],
    [119_999, 30_000],
    [120_000, 120_000],
    [209_999, 120_000],
    [210_000, 210_000],
    [290_000, 210_000],
  ])('unrest at %i ms repeats its step from %i ms', (stableMs, fromMs) => {
    expect(step(recovery(stableMs), { healthy: false })).toEqual({
      state: recovery(fromMs),
      transition: null,
    });
  });

  test('ends after five minutes of stable evidence, and not a moment before', () => {
    expect(step(recovery(289_999), {})).toEqual({ state: recovery(299_999), transition: null });
    const { state, transition } = step(recovery(290_000), {});
    expect(state).toEqual({ mode: 'target' });
    expect(transition).toEqual({
      from: 'recovery',
      to: 'target',
      atMs: NOW,
      dimension: 'resilience',
      cause: { kind: 'stable', forMs: 300_000 },
      text: 'Its evidence has been stable for 5 min.',
      evidence: [PAGE.resilience?.burnPage, PAGE.resilience?.failureRatio],
      dwellMs: 300_000,
    });
  });

  test('stands still while blind', () => {
    expect(step(recovery(299_000), blind)).toEqual({ state: recovery(299_000), transition: null });
  });

  test('goes back at once on a trigger, to where the trigger belongs', () => {
    expect(step(recovery(200_000), { active: ['burn-rate-page'] })).toMatchObject({
      state: { mode: 'degraded', clearedMs: 0 },
      transition: { from: 'recovery', to: 'degraded' },
    });
    expect(step(recovery(200_000), { ...blind, active: ['failure-ratio-high'] })).toMatchObject({
      state: { mode: 'floor', clearedMs: 0 },
      transition: { from: 'recovery', to: 'floor' },
    });
  });
});
