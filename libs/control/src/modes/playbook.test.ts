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
