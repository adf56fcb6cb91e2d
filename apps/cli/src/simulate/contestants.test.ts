import { FLEETS, type FleetConfig } from '@flyball/control/sim';
import { afterAll, expect, it } from 'vitest';
import { readSteering } from '../policy/read-policy.ts';
import { policy, removeFolder } from '../policy.fixture.ts';
import { contestantOf } from './contestants.ts';

afterAll(removeFolder);

const SEEN = {
  nowMs: 1_000_000,
  evidenceAgeMs: 2_000,
  windowMs: 15_000,
  ratePerSecond: 100,
  utilization: 0.5,
  inFlight: 5,
  p99Ms: 100,
  errorRatio: 0,
  applied: 10,
  ready: 10,
  starting: 0,
};

it('predictive looks ahead by the start-up time of the plant, and 15 s to its next turn', () => {
  const steering = readSteering(policy('own'), {});
  const horizon = (fleet: FleetConfig) =>
    contestantOf('predictive', { steering, fleet, still: 5, environment: {} })
      .start({} as never)
      .decide(SEEN).terms.horizonMs;
  expect(FLEETS.map((fleet) => [fleet.name, horizon(fleet)])).toEqual([
    ['swift', 20_000],
    ['heavy-tail', 45_000],
    ['sluggish', 105_000],
  ]);
  const [swift] = FLEETS as readonly [FleetConfig, ...FleetConfig[]];
  const starting = (meanMs: number) => horizon({ ...swift, startup: { meanMs, spread: 0 } });
  expect([starting(0), starting(1_800_000)]).toEqual([16_000, 615_000]);
});
