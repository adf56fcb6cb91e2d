import { describe, expect, test } from 'vitest';
import { modeMachine } from './machine.ts';
import type { ModeEvidence, ModeInputs, TriggerId } from './mode.ts';
import { modeConfig } from './mode-config.ts';
import { evidenceOf, read, sightOf } from './reading.ts';
import { seen } from './scene.fixture.ts';

const NOW = 1_000_000;
const CONFIG = modeConfig();

const sightsOf = (
  inputs: ModeInputs,
  active: readonly TriggerId[] = [],
  dimensions = modeMachine.init().dimensions,
) => {
  const readings = read(CONFIG, inputs, NOW);
  return sightOf({ config: CONFIG, active, dimensions }, readings, 'resilience');
};
const resilience = (figures: NonNullable<ModeInputs['resilience']>): ModeInputs => ({
  resilience: figures,
});

describe('a figure', () => {
  test.each<[ModeEvidence['value'], number]>([
    [true, 1],
    [false, 0],
    ['ok', 0],
    ['slow-down', 1],
    ['reject', 2],
    [0.25, 0.25],
    [0, 0],
  ])('%s counts as %d', (value, level) => {
    const evidence = seen('x', value, NOW) as never;
    const readings = read(CONFIG, resilience({ backpressure: evidence }), NOW);
    expect(readings['backpressure-reject']).toEqual({ kind: 'seen', level, evidence });
  });

  test('nobody observes is no matter; one that cannot be had makes blind', () => {
    const readings = read(CONFIG, resilience({ failureRatio: null }), NOW);
    expect(readings['burn-rate-page']).toEqual({ kind: 'unobserved' });
    expect(readings['load-imbalance']).toEqual({ kind: 'unobserved' });
    expect(readings['failure-ratio-high']).toEqual({ kind: 'blind', reason: 'no-evidence' });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -0.1])('that is %d is none', (value) => {
    const readings = read(CONFIG, resilience({ failureRatio: seen('x', value, NOW) }), NOW);
    expect(readings['failure-ratio-high']).toEqual({ kind: 'blind', reason: 'no-evidence' });
  });

  test('is old from one millisecond past its age limit on', () => {
    const aged = (ageMs: number) =>
      read(CONFIG, resilience({ failureRatio: seen('x', 0.5, NOW - ageMs) }), NOW)[
        'failure-ratio-high'
      ];
    expect(aged(30_000).kind).toBe('seen');
    expect(aged(30_001)).toEqual({ kind: 'blind', reason: 'stale-evidence' });
  });
});

describe('sight of a dimension', () => {
  test('healthy: everything seen is at or below its exit', () => {
    const of = (failureRatio: number) =>
      sightsOf(resilience({ failureRatio: seen('x', failureRatio, NOW) }));
    expect(of(0.05)).toEqual({ active: [], blind: null, healthy: true });
    expect(of(0.051)).toEqual({ active: [], blind: null, healthy: false });
  });

  test('nothing seen is not healthy', () => {
    expect(sightsOf({})).toEqual({ active: [], blind: null, healthy: false });
    expect(sightsOf({ load: { imbalance: seen('x', 1, NOW) } }).healthy).toBe(false);
  });

  test('nothing seen of a dimension in trouble is blindness', () => {
    const { dimensions } = modeMachine.init();
    const degraded = {
      ...dimensions,
      resilience: { mode: 'degraded', clearedMs: 0 },
    } as const;
    expect(sightsOf({}, [], degraded).blind).toBe('no-evidence');
    expect(
      sightsOf(resilience({ burnPage: seen('x', false, NOW) }), [], degraded).blind,
    ).toBeNull();
    const other = { ...dimensions, load: { mode: 'floor', clearedMs: 0 } } as const;
    expect(sightsOf({}, [], other).blind).toBeNull();
  });

  test('one sick figure among well ones is not healthy, and order does not matter', () => {
    const well = seen('x', 0, NOW);
    const sick = seen('x', 0.2, NOW);
    expect(sightsOf(resilience({ openBreakers: well, failureRatio: sick })).healthy).toBe(false);
    expect(sightsOf(resilience({ concurrencyRatio: sick, openBreakers: sick })).healthy).toBe(
      false,
    );
  });

  test('the first reason for blindness is told', () => {
    const stale = seen('x', 0, NOW - 31_000);
    expect(sightsOf(resilience({ openBreakers: stale, burnPage: null })).blind).toBe(
      'stale-evidence',
    );
    expect(sightsOf(resilience({ openBreakers: null, failureRatio: stale })).blind).toBe(
      'no-evidence',
    );
  });

  test('of its own triggers only; one that fired and that nobody observes any more blinds', () => {
    const sight = sightsOf(resilience({ failureRatio: seen('x', 0, NOW) }), [
      'load-imbalance',
      'burn-rate-page',
    ]);
    expect(sight).toEqual({ active: ['burn-rate-page'], blind: 'no-evidence', healthy: true });
    expect(sightsOf({}, ['load-imbalance']).blind).toBeNull();
    expect(
      sightsOf(resilience({ burnPage: seen('x', true, NOW) }), ['burn-rate-page']).blind,
    ).toBeNull();
  });
});

test('evidence is given once, of what is seen', () => {
  const failureRatio = seen('errors.ratio', 0.3, NOW);
  const readings = read(CONFIG, resilience({ failureRatio, burnPage: null }), NOW);
  expect(
    evidenceOf(readings, [
      'burn-rate-page',
      'failure-ratio-high',
      'failure-ratio-lasting',
      'breaker-open',
    ]),
  ).toEqual([failureRatio]);
});
