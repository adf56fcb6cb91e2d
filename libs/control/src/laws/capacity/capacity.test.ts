import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../config.ts';
import { capacity } from './capacity.ts';

function once(ratePerSecond: number | null, serviceTimeMs: number | null, config = {}) {
  const input = { nowMs: 1, evidenceAgeMs: 0, ratePerSecond, serviceTimeMs, applied: 7 };
  return capacity.step(capacity.init(config), input).output;
}

test('the worked example: 1000 req/s of 100 ms at 70 % need 143', () => {
  expect(once(1_000, 100)).toMatchObject({ value: 143, reason: 'capacity-need' });
});

test('a need that is whole is not rounded up by the noise of binary fractions', () => {
  expect(once(700, 100).value).toBe(100);
  expect(once(70, 10, { utilization: 0.7 }).value).toBe(1);
});

test('a use of 100 % is allowed, more is not', () => {
  expect(once(100, 100, { utilization: 1 }).value).toBe(10);
  expect(() => capacity.init({ utilization: 1.1 })).toThrowError(/^utilization is 1.1/);
});

test('several workers a replica need fewer replicas', () => {
  expect(once(1_000, 100, { workersPerReplica: 10 }).value).toBe(15);
});

test('no demand asks for one, no evidence for nothing new', () => {
  expect(once(0, 100)).toMatchObject({ value: 1, reason: 'no-demand' });
  expect(once(null, 100)).toMatchObject({ value: 7, reason: 'no-evidence' });
  expect(once(100, -3)).toMatchObject({ value: 7, reason: 'invalid-measure' });
});

describe('what is remembered', () => {
  const seen = {
    nowMs: 10_000,
    evidenceAgeMs: 0,
    ratePerSecond: 100,
    serviceTimeMs: 70,
    applied: 7,
  };
  const { state } = capacity.step(capacity.init({}), seen);

  test('the instant and the count', () => {
    expect(state).toEqual({
      config: { utilization: 0.7, workersPerReplica: 1, evidenceMaxAgeMs: 30_000 },
      lastMs: 10_000,
      lastApplied: 7,
    });
  });

  test('a count that cannot be is taken to be the last one, and 0 before there was one', () => {
    const broken = { ...seen, nowMs: 20_000, applied: Number.NaN };
    expect(capacity.step(state, broken).output).toEqual({
      value: 7,
      reason: 'invalid-measure',
      terms: { applied: 7 },
    });
    expect(capacity.step(capacity.init({}), broken).output.value).toBe(0);
  });

  test('figures that are new leave it as it is', () => {
    expect(capacity.retune(state, { utilization: 0.5 })).toEqual({
      ...state,
      config: { ...state.config, utilization: 0.5 },
    });
  });
});

test('says what the need rests on', () => {
  expect(once(1_000, 100)).toEqual({
    value: 143,
    reason: 'capacity-need',
    terms: {
      ratePerSecond: 1_000,
      serviceTimeMs: 100,
      utilization: 0.7,
      need: 142.857142857,
      applied: 7,
    },
  });
});

test.each([
  ['no-evidence', { ratePerSecond: null }],
  ['no-evidence', { serviceTimeMs: null }],
  ['no-evidence', { evidenceAgeMs: null }],
  ['stale-evidence', { evidenceAgeMs: 30_001 }],
  ['invalid-measure', { ratePerSecond: Number.NaN }],
  ['invalid-measure', { serviceTimeMs: -1 }],
  ['invalid-measure', { nowMs: Number.NaN }],
] as const)('%s: %o holds', (reason, more) => {
  const seen = { nowMs: 1, evidenceAgeMs: 0, ratePerSecond: 9, serviceTimeMs: 9, applied: 7 };
  expect(capacity.step(capacity.init({}), { ...seen, ...more }).output).toEqual({
    value: 7,
    reason,
    terms: { applied: 7 },
  });
});

test.each([
  ['utilization', 0, 'above 0, at most 1'],
  ['utilization', Number.NaN, 'above 0, at most 1'],
  ['utilization', 1.01, 'above 0, at most 1'],
  ['workersPerReplica', 0, 'a number above 0'],
  ['evidenceMaxAgeMs', 0, 'a number above 0'],
])('%s of %f is refused: it must be %s', (field, value, bound) => {
  expect(() => capacity.init({ [field]: value })).toThrowError(
    new ConfigError(field, value, bound),
  );
});
