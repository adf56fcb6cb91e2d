import { guardTargets } from '@flyball/contract';
import { expect, it } from 'vitest';
import { policyOf } from '../cycle/cycle.fixture.ts';
import type { Desired } from './desired-state.ts';
import { guardTargetsFor } from './guard-targets.ts';

const POLICY = policyOf(`
  service: checkout
  loops:
    rate:
      law: { latencyBand: { p99: 100ms } }
      limits: { min: 1, max: 1000 }
      burst: 500ms
      lifetime: 2m
      actuator: { guard: {} }
    weights: { law: { feedbackWeights: {} }, lifetime: 1m, actuator: { guard: {} } }
`);

/** Both loops were steered a moment ago. */
const NOW = new Map([
  ['rate', 0],
  ['weights', 0],
]);

const row = (version: number, value: Desired['value']): Desired => ({
  version,
  value,
  setBy: 'test',
  setAtMs: 0,
  lifetimeMs: null,
});

it('tells rate and weights under one version that only grows', () => {
  const desired = new Map([
    ['rate', row(3, 100)],
    ['weights', row(4, { a: 1, b: 0.5 })],
  ]);
  const targets = guardTargetsFor({
    policy: POLICY,
    desired,
    steeredAgoMs: NOW,
    guards: 1,
    nowMs: 42,
  });
  expect(guardTargets.parse(targets)).toEqual(targets);
  expect(targets).toMatchObject({
    version: 7,
    issuedAtMs: 42,
    lifetimeMs: 60_000,
    ratePerSecond: 100,
    burst: 50,
    weights: { a: 1, b: 0.5 },
    defaults: { ratePerSecond: null, equalWeights: true },
  });
});

it('shares a rate between the guards of a service', () => {
  const desired = new Map([['rate', row(1, 100)]]);
  const targets = guardTargetsFor({
    policy: POLICY,
    desired,
    steeredAgoMs: NOW,
    guards: 4,
    nowMs: 0,
  });
  expect(targets).toMatchObject({ ratePerSecond: 25, burst: 12.5 });
});

it('limits nothing before anything was decided, or without a policy', () => {
  const none = guardTargetsFor({
    policy: POLICY,
    desired: new Map(),
    steeredAgoMs: NOW,
    guards: 1,
    nowMs: 0,
  });
  expect(none).toMatchObject({ version: 0, ratePerSecond: null, burst: null, weights: {} });
  const desired = new Map([['rate', row(5, 100)]]);
  const orphan = guardTargetsFor({ policy: null, desired, steeredAgoMs: NOW, guards: 1, nowMs: 0 });
  expect(orphan).toMatchObject({ version: 5, ratePerSecond: null });
});

it('lets a target live from when its loop was last steered, however often guards ask', () => {
  const desired = new Map([
    ['rate', row(1, 100)],
    ['weights', row(1, { a: 1 })],
  ]);
  const after = (rateMs: number, weightsMs: number) =>
    guardTargetsFor({
      policy: POLICY,
      desired,
      steeredAgoMs: new Map([
        ['rate', rateMs],
        ['weights', weightsMs],
      ]),
      guards: 1,
      nowMs: 0,
    });
  expect(after(30_000, 20_000)).toMatchObject({ lifetimeMs: 40_000, ratePerSecond: 100 });
  // The weights' minute is over, the rate's two are not.
  expect(after(61_000, 61_000)).toMatchObject({
    lifetimeMs: 59_000,
    ratePerSecond: 100,
    weights: {},
  });
  expect(after(120_000, 120_000)).toMatchObject({ ratePerSecond: null, burst: null, weights: {} });
});

it('tells nothing of loops that nobody ever steered', () => {
  const desired = new Map([['rate', row(1, 100)]]);
  const steeredAgoMs = new Map();
  expect(
    guardTargetsFor({ policy: POLICY, desired, steeredAgoMs, guards: 1, nowMs: 0 }),
  ).toMatchObject({ ratePerSecond: null, version: 1 });
});
