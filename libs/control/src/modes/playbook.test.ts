import { expect, test } from 'vitest';
import {
  DEFAULT_PLAYBOOKS,
  frozenDirections,
  type Playbooks,
  playbookInForce,
} from './playbook.ts';

const POLICY: Playbooks = {
  degraded: { samplingRatio: 1, flags: { recommendations: 'off' } },
  floor: { rateRatio: 0.2, weights: 'equal', freeze: { replicas: ['down'] } },
};

const recovery = (from: 'degraded' | 'floor', share: number) =>
  ({
    mode: 'recovery',
    recovery: { from, share, phase: share === 0 ? 'validating' : 'ramping', stableMs: 0 },
  }) as const;

test('Target asks for nothing, Degraded for its own, Floor for both', () => {
  expect(playbookInForce(POLICY, { mode: 'target', recovery: null })).toEqual({});
  expect(playbookInForce(POLICY, { mode: 'degraded', recovery: null })).toEqual(POLICY.degraded);
  expect(playbookInForce(POLICY, { mode: 'floor', recovery: null })).toEqual({
    samplingRatio: 1,
    flags: { recommendations: 'off' },
    rateRatio: 0.2,
    weights: 'equal',
    freeze: { replicas: ['down'] },
  });
});

test('Recovery hands the rate back by its ramp, all else at its end, sampling in Target', () => {
  const rates = [0, 0.1, 0.5].map((share) => playbookInForce(POLICY, recovery('floor', share)));
  expect(rates.map((each) => each.rateRatio)).toEqual([0.2, 0.28, 0.6]);
  expect(rates.every((each) => each.weights === 'equal')).toBe(true);
  expect(playbookInForce(POLICY, recovery('floor', 1))).toEqual({ samplingRatio: 1 });
  expect(playbookInForce(POLICY, recovery('degraded', 0.5))).toEqual(POLICY.degraded);
  expect(playbookInForce({}, recovery('floor', 0.5))).toEqual({});
});

test('what is frozen, per loop', () => {
  const floor = playbookInForce(DEFAULT_PLAYBOOKS, { mode: 'floor', recovery: null });
  expect(frozenDirections(floor, 'replicas')).toEqual(['down']);
  expect(frozenDirections(floor, 'rate')).toEqual([]);
  expect(frozenDirections(floor, 'constructor')).toEqual([]);
  expect(frozenDirections({}, 'replicas')).toEqual([]);
});

test('flags of Floor add to those of Degraded, and win where both speak', () => {
  const playbooks: Playbooks = {
    degraded: { flags: { a: 'off', b: 'off' } },
    floor: { flags: { b: 'on', c: 'off' } },
  };
  const floor = playbookInForce(playbooks, { mode: 'floor', recovery: null });
  expect(floor).toEqual({ flags: { a: 'off', b: 'on', c: 'off' } });
  const only = playbookInForce({ floor: { rateRatio: 0.5 } }, { mode: 'floor', recovery: null });
  expect(only).toEqual({ rateRatio: 0.5 });
  expect(playbookInForce({}, { mode: 'degraded', recovery: null })).toEqual({});
  expect(playbookInForce({}, { mode: 'floor', recovery: null })).toEqual({});
});

test('Recovery from Degraded hands back what Degraded took, not what Floor would have', () => {
  const playbooks: Playbooks = { degraded: { rateRatio: 0.5 }, floor: { rateRatio: 0.2 } };
  expect(playbookInForce(playbooks, recovery('degraded', 0.5))).toEqual({ rateRatio: 0.75 });
  expect(playbookInForce(playbooks, recovery('floor', 0.5))).toEqual({ rateRatio: 0.6 });
  expect(playbookInForce(playbooks, recovery('floor', 1))).toEqual({});
  expect(playbookInForce({}, recovery('degraded', 0.1))).toEqual({});
  // A machine in Recovery of which no dimension recovers asks for nothing.
  expect(playbookInForce(POLICY, { mode: 'recovery', recovery: null })).toEqual({});
});

test('the defaults: a closer look, and in Floor less of everything but capacity', () => {
  expect(DEFAULT_PLAYBOOKS).toEqual({
    degraded: { samplingRatio: 1 },
    floor: {
      samplingRatio: 1,
      rateRatio: 0.2,
      weights: 'equal',
      freeze: { replicas: ['down'] },
    },
  });
});
