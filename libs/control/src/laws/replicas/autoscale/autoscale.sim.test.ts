import { describe, expect, test } from 'vitest';
import { type FleetConfig, HEAVY_TAIL, SLUGGISH, SWIFT } from '../../../sim/fleet/config.ts';
import { LOAD_CASES, type LoadCase } from '../../../sim/fleet/loads.ts';
import { type FleetRun, type ReplicaPolicy, runFleet } from '../../../sim/fleet/run.ts';
import { SCRAPED } from '../../../sim/fleet/telemetry.ts';
import { hpa } from '../hpa/hpa.ts';
import type { ReplicaLaw } from '../observation.ts';
import { autoscale } from './autoscale.ts';

function policy<Config, State>(law: ReplicaLaw<Config, State>, config: Config): ReplicaPolicy {
  return {
    name: law.name,
    everyMs: 15_000,
    start: () => {
      let state = law.init(config);
      return {
        decide: (seen) => {
          const step = law.step(state, seen);
          state = step.state;
          return step.output;
        },
      };
    },
  };
}

const ours = (fleet: FleetConfig) => policy(autoscale, { p99Ms: fleet.objective.latencyMs });

function caseOf(name: string): LoadCase {
  const found = LOAD_CASES.find((load) => load.name === name);
  if (found === undefined) throw new Error(`no load ${name}`);
  return found;
}

function run(fleet: FleetConfig, load: LoadCase, by: ReplicaPolicy, seed = 41): FleetRun {
  return runFleet({
    fleet,
    load: load.make(seed),
    telemetry: { ...SCRAPED, lossRatio: load.lossRatio ?? 0 },
    policy: by,
    seed,
    faults: load.faults ?? [],
  });
}

const flat = (perSecond: number, seconds: number): LoadCase => ({
  name: 'flat',
  make: () => ({ name: 'flat', perSecond: new Array<number>(seconds).fill(perSecond) }),
});

/** 60 requests a second, and 150 from the tenth minute on. */
const step: LoadCase = {
  name: 'step',
  make: () => ({
    name: 'step',
    perSecond: Array.from({ length: 2_700 }, (_, second) => (second < 600 ? 60 : 150)),
  }),
};

describe('it settles whatever the start-up time', () => {
  test.each([1, 15, 60, 150, 300])('%i s', (startupS) => {
    const fleet = { ...SWIFT, startup: { meanMs: startupS * 1_000, spread: 0.2 } };
    const { points } = run(fleet, step, ours(fleet));
    const counts = points.slice(2_100).map(({ applied }) => applied);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(3);
    // 150 a second keep 7.5 busy.
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(8);
    expect(Math.max(...counts)).toBeLessThanOrEqual(17);
    expect(points.slice(2_100).some((point) => point.violates)).toBe(false);
  });
});

test('it finds how busy each may be, by itself', () => {
  const last = (fleet: FleetConfig) => {
    const { points } = run(fleet, flat(500, 2_400), ours(fleet));
    return points.at(-1)?.applied as number;
  };
  const [calm, rough] = [last(SWIFT), last({ ...HEAVY_TAIL, speeds: [0.7, 1, 1.3] })];
  // 500 a second keep 25 busy.
  expect(calm).toBeLessThanOrEqual(37);
  expect(rough).toBeGreaterThan(calm);
});

test('a season is met before it comes, once it has been seen', () => {
  const { points } = run(SLUGGISH, caseOf('square'), ours(SLUGGISH));
  const violations = (from: number, to: number) =>
    points.slice(from, to).filter((point) => point.violates).length;
  // Steps up at 240, 720, 1200, ...: the first can be known to nobody.
  expect(violations(200, 480)).toBeGreaterThan(60);
  expect(violations(1_900, 3_600)).toBeLessThan(10);
});

test('it takes nothing away while it sees nothing', () => {
  const { score, points } = run(SWIFT, caseOf('blackout'), ours(SWIFT));
  expect(score.blindDowns).toBe(0);
  const dark = points.slice(1_380, 1_480).map(({ applied }) => applied);
  expect(new Set(dark).size).toBe(1);
});

test.each(['regimes', 'square'])('it breaks the objective less than HPA does: %s', (name) => {
  const own = run(SLUGGISH, caseOf(name), ours(SLUGGISH)).score;
  const config = { targetPercent: 60, maxReplicas: 200 };
  const other = run(SLUGGISH, caseOf(name), policy(hpa, config)).score;
  expect(own.violationSeconds).toBeLessThan(0.75 * other.violationSeconds);
  expect(own.replicaHours).toBeLessThan(1.2 * other.replicaHours);
});
