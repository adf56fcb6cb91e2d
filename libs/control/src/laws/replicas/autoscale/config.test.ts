import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../config.ts';
import { type AutoscaleConfig, autoscaleSettings } from './config.ts';

test('what a user gets who states nothing', () => {
  expect(autoscaleSettings({})).toEqual({
    p99Ms: null,
    errorRatio: 0.01,
    utilization: { first: 0.65, least: 0.4, most: 0.9 },
    startupMs: 30_000,
    holdMs: 270_000,
    evidenceMaxAgeMs: 60_000,
    terms: {
      trend: true,
      season: true,
      margin: true,
      backlog: true,
      safeUtilization: true,
      guess: true,
      harm: true,
      trim: true,
      slowStart: true,
    },
  });
});

test('one word of a part leaves its others', () => {
  const { utilization, terms } = autoscaleSettings({
    utilization: { most: 0.8 },
    terms: { season: false },
  });
  expect(utilization).toEqual({ first: 0.65, least: 0.4, most: 0.8 });
  expect(terms).toMatchObject({ trend: true, season: false, slowStart: true });
});

describe('bounds', () => {
  test.each<readonly [AutoscaleConfig]>([
    [{ p99Ms: null }],
    [{ p99Ms: 0.1 }],
    [{ errorRatio: 0.001 }],
    [{ errorRatio: 0.999 }],
    [{ utilization: { least: 0.65 } }],
    [{ utilization: { most: 0.65 } }],
    [{ utilization: { most: 0.999 } }],
    [{ utilization: { least: 0.001 } }],
    [{ holdMs: 0 }],
  ])('%o: allowed', (config) => {
    expect(() => autoscaleSettings(config)).not.toThrow();
  });

  test.each<readonly [string, string, AutoscaleConfig]>([
    ['p99Ms', 'a number above 0', { p99Ms: 0 }],
    ['errorRatio', 'between 0 and 1', { errorRatio: 0 }],
    ['errorRatio', 'between 0 and 1', { errorRatio: 1 }],
    ['errorRatio', 'between 0 and 1', { errorRatio: Number.NaN }],
    ['utilization.least', 'above 0, at most 0.65', { utilization: { least: 0 } }],
    ['utilization.least', 'above 0, at most 0.65', { utilization: { least: 0.66 } }],
    ['utilization.most', 'from 0.65 to below 1', { utilization: { most: 1 } }],
    ['utilization.most', 'from 0.65 to below 1', { utilization: { most: 0.64 } }],
    ['startupMs', 'a number above 0', { startupMs: 0 }],
    ['holdMs', 'a number, 0 or above', { holdMs: -1 }],
    ['evidenceMaxAgeMs', 'a number above 0', { evidenceMaxAgeMs: 0 }],
  ])('%s must be %s: %o', (field, bound, config) => {
    try {
      autoscaleSettings(config);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ field, bound });
    }
  });
});
