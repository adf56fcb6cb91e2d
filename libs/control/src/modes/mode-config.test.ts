import { describe, expect, test } from 'vitest';
import { ConfigError } from '../config.ts';
import type { ModeConfigInput } from './mode.ts';
import { modeConfig } from './mode-config.ts';

test('the defaults are the mission’s', () => {
  expect(modeConfig()).toEqual({
    thresholds: {
      'discovery-evidence-old': { enter: 10_000, exit: 8_000, dwellMs: 5_000 },
      'routing-outdated': { enter: 0, exit: 0, dwellMs: 10_000 },
      'health-checks-failing': { enter: 0.1, exit: 0.05, dwellMs: 10_000 },
      'instance-lost': { enter: 0, exit: 0, dwellMs: 5_000 },
      'registry-unreachable': { enter: 300_000, exit: 5_000, dwellMs: 0 },
      'version-skew': { enter: 1, exit: 1, dwellMs: 60_000 },
      'propagation-slow': { enter: 60_000, exit: 30_000, dwellMs: 0 },
      'override-in-force': { enter: null, exit: 0, dwellMs: 0 },
      'config-unreachable': { enter: 0, exit: 0, dwellMs: 10_000 },
      'breaker-open': { enter: 0, exit: 0, dwellMs: 0 },
      'breaker-trips': { enter: 3, exit: 1, dwellMs: 0 },
      'backpressure-slow-down': { enter: 0, exit: 0, dwellMs: 5_000 },
      'concurrency-high': { enter: 0.95, exit: 0.8, dwellMs: 10_000 },
      'burn-rate-page': { enter: 0, exit: 0, dwellMs: 0 },
      'failure-ratio-high': { enter: 0.5, exit: 0.25, dwellMs: 10_000 },
      'failure-ratio-lasting': { enter: null, exit: 0.05, dwellMs: 0 },
      'backpressure-reject': { enter: 1, exit: 1, dwellMs: 5_000 },
      'load-imbalance': { enter: 1.2, exit: 1.15, dwellMs: 30_000 },
      'instance-out-of-rotation': { enter: 0, exit: 0, dwellMs: 5_000 },
      'one-instance-left': { enter: 0, exit: 0, dwellMs: 10_000 },
      'load-imbalance-severe': { enter: 2, exit: 1.5, dwellMs: 60_000 },
    },
    evidenceMaxAgeMs: 30_000,
    exitDwellMs: 30_000,
    stableForMs: 300_000,
    validateForMs: 30_000,
    ramp: [0.1, 0.5, 1],
    maxStepMs: 60_000,
  });
});

test('one word of a threshold leaves its others, validating takes a tenth of the whole', () => {
  const config = modeConfig({
    stableForMs: 60_000,
    thresholds: { 'breaker-trips': { enter: 5 } },
  });
  expect(config.thresholds['breaker-trips']).toEqual({ enter: 5, exit: 1, dwellMs: 0 });
  expect(config.thresholds['breaker-open']).toEqual({ enter: 0, exit: 0, dwellMs: 0 });
  expect(config.validateForMs).toBe(6_000);
  expect(modeConfig({ stableForMs: 60_000, validateForMs: 10_000 }).validateForMs).toBe(10_000);
});

describe('bounds', () => {
  const trips = (threshold: object): ModeConfigInput => ({
    thresholds: { 'breaker-trips': threshold },
  });
  test.each<readonly [string, ModeConfigInput]>([
    ['at their exit thresholds', trips({ enter: 1, exit: 1 })],
    ['an exit of 0 and no dwell', trips({ exit: 0, dwellMs: 0 })],
    ['no entry at all', trips({ enter: null, exit: 9 })],
    ['no dwell on the way out', { exitDwellMs: 0 }],
    ['no validation', { validateForMs: 0 }],
    ['all at once', { ramp: [1] }],
    ['validation just shorter than the whole', { stableForMs: 10, validateForMs: 9 }],
  ])('%s: allowed', (_name, config) => {
    expect(() => modeConfig(config)).not.toThrow();
  });

  test.each<readonly [string, string, ModeConfigInput]>([
    ['thresholds.breaker-trips.exit', 'a number, 0 or above', trips({ exit: -0.1 })],
    ['thresholds.breaker-trips.dwellMs', 'a number, 0 or above', trips({ dwellMs: -1 })],
    ['thresholds.breaker-trips.enter', 'at least exit (1)', trips({ enter: 0.9 })],
    ['evidenceMaxAgeMs', 'a number above 0', { evidenceMaxAgeMs: 0 }],
    ['exitDwellMs', 'a number, 0 or above', { exitDwellMs: -1 }],
    ['validateForMs', 'a number, 0 or above', { validateForMs: -1 }],
    ['validateForMs', 'below stableForMs (10)', { stableForMs: 10, validateForMs: 10 }],
    ['stableForMs', 'a number above 0', { stableForMs: 0, validateForMs: 0 }],
    ['maxStepMs', 'a number above 0', { maxStepMs: 0 }],
    ['ramp', 'shares that rise from above 0 to 1', { ramp: [] }],
    ['ramp', 'shares that rise from above 0 to 1', { ramp: [0, 1] }],
    ['ramp', 'shares that rise from above 0 to 1', { ramp: [0.5, 0.5, 1] }],
    ['ramp', 'shares that rise from above 0 to 1', { ramp: [0.1, 0.9] }],
    ['ramp', 'shares that rise from above 0 to 1', { ramp: [0.5, 1.5] }],
  ])('%s must be %s: %o', (field, bound, config) => {
    try {
      modeConfig(config);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ field, bound });
    }
  });
});
