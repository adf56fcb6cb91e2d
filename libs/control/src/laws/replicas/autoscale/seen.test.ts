import { describe, expect, test } from 'vitest';
import type { ReplicaObservation } from '../observation.ts';
import { type AutoscaleConfig, autoscaleSettings } from './config.ts';
import { type Seen, see } from './seen.ts';

const NOW_MS = 1_000_000;
const GIVEN: ReplicaObservation = {
  nowMs: NOW_MS,
  evidenceAgeMs: 2_000,
  windowMs: 15_000,
  ratePerSecond: 100,
  utilization: 0.5,
  inFlight: 4,
  p99Ms: 150,
  errorRatio: 0.001,
  applied: 10,
  ready: 10,
  starting: 0,
  hand: false,
};

const shown = (
  more: Partial<ReplicaObservation> = {},
  config: AutoscaleConfig = { p99Ms: 300, errorRatio: 0.01 },
  served: readonly { readonly atMs: number; readonly ready: number }[] = [],
) => see({ settings: autoscaleSettings(config), served }, { ...GIVEN, ...more }, 10);
const seen = (...given: Parameters<typeof shown>) => shown(...given) as Seen;

describe('a window', () => {
  test('is of when it ended, with all its figures', () => {
    expect(shown()).toEqual({
      nowMs: NOW_MS,
      untilMs: NOW_MS - 2_000,
      windowMs: 15_000,
      rate: 100,
      utilization: 0.5,
      inFlight: 4,
      errors: 0.001,
      strain: 0.5,
      isStrained: false,
      serving: 10,
      applied: 10,
    });
    // Evidence from the future is of now.
    expect(seen({ evidenceAgeMs: -5_000 }).untilMs).toBe(NOW_MS);
  });

  test('says nothing without rate or utilisation, and is impossible with figures that are', () => {
    expect(shown({ ratePerSecond: null })).toBe('no-evidence');
    expect(shown({ utilization: null })).toBe('no-evidence');
    for (const wrong of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(shown({ ratePerSecond: wrong })).toBe('invalid-measure');
      expect(shown({ utilization: wrong })).toBe('invalid-measure');
      expect(shown({ windowMs: wrong })).toBe('invalid-measure');
      expect(shown({ applied: wrong })).toBe('invalid-measure');
      // What can be done without is only not there.
      expect(seen({ inFlight: wrong }).inFlight).toBeNull();
      expect(seen({ errorRatio: wrong }).errors).toBeNull();
      expect(seen({ p99Ms: wrong }).strain).toBeNull();
    }
    expect(seen({ utilization: 1.7 }).utilization).toBe(1);
  });

  test('counts those that served in it, and not those of now', () => {
    const served = [
      { atMs: 0, ready: 4 },
      { atMs: NOW_MS - 9_500, ready: 8 },
      { atMs: NOW_MS - 1_000, ready: 20 },
    ];
    // Four for half of the window, then eight.
    expect(seen({}, {}, served).serving).toBe(6);
  });
});

describe('the strain', () => {
  test('is p99 over its objective; null without one of them', () => {
    expect(seen({ p99Ms: 450 }).strain).toBe(1.5);
    expect(seen({ p99Ms: null }).strain).toBeNull();
    expect(seen({ p99Ms: 450 }, {}).strain).toBeNull();
    // No request takes no time at all.
    expect(seen({ p99Ms: 0 }).strain).toBeNull();
  });

  test('of latency is there above the objective, however busy the replicas are', () => {
    expect(seen({ p99Ms: 300 }).isStrained).toBe(false);
    expect(seen({ p99Ms: 301 }).isStrained).toBe(true);
    expect(seen({ p99Ms: 301 }, {}).isStrained).toBe(false);
    expect(seen({ p99Ms: null }).isStrained).toBe(false);
  });

  test('of errors is there above the objective, and only with every replica busy', () => {
    const failing = { errorRatio: 0.011 };
    expect(seen({ ...failing, utilization: 0.92 }).isStrained).toBe(true);
    expect(seen({ ...failing, utilization: 0.91 }).isStrained).toBe(false);
    expect(seen({ errorRatio: 0.01, utilization: 1 }).isStrained).toBe(false);
    expect(seen({ errorRatio: null, utilization: 1 }).isStrained).toBe(false);
  });
});
