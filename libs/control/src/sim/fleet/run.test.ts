import { describe, expect, test } from 'vitest';
import type { Decision } from '../../decision.ts';
import type { ReplicaObservation } from '../../laws/replicas/observation.ts';
import { SLUGGISH, SWIFT } from './config.ts';
import { LOAD_CASES, parseLoad } from './loads.ts';
import { type FleetScenario, type ReplicaPolicy, replicasFor, runFleet } from './run.ts';
import { SCRAPED, STREAMED } from './telemetry.ts';
import { oracle, sharpSighted, staticFleet } from './yardsticks.ts';

/** Remembers what it is shown; says what it is told to. */
function watching(say: (seen: ReplicaObservation) => number) {
  const seen: ReplicaObservation[] = [];
  const policy: ReplicaPolicy = {
    name: 'watching',
    everyMs: 5_000,
    start: () => ({
      decide: (observation): Decision<number> => {
        seen.push(observation);
        return { value: say(observation), reason: 'capacity-need', terms: {} };
      },
    }),
  };
  return { policy, seen };
}

function scenario(more: Partial<FleetScenario> & Pick<FleetScenario, 'policy'>): FleetScenario {
  const perSecond = new Array<number>(300).fill(100);
  return {
    fleet: SWIFT,
    load: { name: 'flat', perSecond },
    telemetry: SCRAPED,
    seed: 11,
    initial: 8,
    ...more,
  };
}

describe('what a policy is shown', () => {
  test('is a window that ended some time ago', () => {
    const { policy, seen } = watching(({ applied }) => applied);
    runFleet(scenario({ policy }));
    expect(seen[0]).toMatchObject({ nowMs: 5_000, evidenceAgeMs: null, ratePerSecond: null });
    const at = (nowMs: number) => seen.find((each) => each.nowMs === nowMs) as ReplicaObservation;
    // Windows end at 15 s, 30 s, ...; each can be read 5 s later.
    expect(at(20_000)).toMatchObject({ windowMs: 15_000, evidenceAgeMs: 5_000 });
    expect(at(30_000).evidenceAgeMs).toBe(15_000);
    expect(at(35_000).evidenceAgeMs).toBe(5_000);
    const last = at(300_000);
    expect(last.ratePerSecond).toBeGreaterThan(85);
    expect(last.ratePerSecond).toBeLessThan(115);
    expect(last.utilization).toBeCloseTo((100 * 0.05) / 8, 1);
    expect(last).toMatchObject({ applied: 8, ready: 8, starting: 0, errorRatio: 0 });
  });

  test('is the last before the dark while it is dark, and nothing when that is old', () => {
    const { policy, seen } = watching(({ applied }) => applied);
    const perSecond = new Array<number>(600).fill(100);
    runFleet(
      scenario({
        policy,
        load: { name: 'flat', perSecond },
        telemetry: STREAMED,
        faults: [{ kind: 'dark', fromS: 100, toS: 500 }],
      }),
    );
    const age = (nowMs: number) => seen.find((each) => each.nowMs === nowMs)?.evidenceAgeMs;
    expect(age(100_000)).toBe(5_000);
    expect(age(200_000)).toBe(100_000);
    expect(age(450_000)).toBeNull();
    expect(age(510_000)).toBe(5_000);
  });

  test('is older on average when samples are lost', () => {
    const meanAge = (lossRatio: number) => {
      const { policy, seen } = watching(({ applied }) => applied);
      runFleet(scenario({ policy, telemetry: { ...STREAMED, lossRatio } }));
      const ages = seen.flatMap(({ evidenceAgeMs }) => evidenceAgeMs ?? []);
      return ages.reduce((sum, age) => sum + age, 0) / ages.length;
    };
    expect(meanAge(0)).toBe(5_000);
    expect(meanAge(0.5)).toBeGreaterThan(7_500);
  });
});

describe('what a policy says', () => {
  test('is obeyed within the limits, and counted', () => {
    const { policy } = watching(({ nowMs }) => (nowMs < 100_000 ? 20 : 0));
    const { score, points } = runFleet(scenario({ policy, limits: { min: 2, max: 12 } }));
    expect([points[10]?.applied, points[150]?.applied]).toEqual([12, 2]);
    expect(score).toMatchObject({ actions: 2, reversals: 1, blindDowns: 0 });
  });

  test('is heard late, or not at all', () => {
    const { policy } = watching(() => 12);
    const late = runFleet(scenario({ policy, actuator: { delayMs: 30_000, failureRatio: 0 } }));
    expect([late.points[33]?.applied, late.points[35]?.applied]).toEqual([8, 12]);
    const deaf = runFleet(scenario({ policy, actuator: { delayMs: 0, failureRatio: 1 } }));
    expect(deaf.score.actions).toBe(0);
  });

  test('that takes away without seeing is counted as blind', () => {
    const { policy } = watching(({ evidenceAgeMs }) => (evidenceAgeMs === null ? 3 : 8));
    expect(runFleet(scenario({ policy })).score.blindDowns).toBe(1);
  });
});

describe('the score', () => {
  test('counts seconds in which too many requests were bad, and what was paid', () => {
    const perSecond = new Array<number>(300).fill(100);
    const load = { name: 'flat', perSecond };
    const few = runFleet(scenario({ policy: staticFleet(4), load, initial: 4 })).score;
    const many = runFleet(scenario({ policy: staticFleet(9), load, initial: 9 })).score;
    expect(few.violationSeconds).toBeGreaterThan(250);
    expect(many.violationSeconds).toBe(0);
    expect(many.replicaHours).toBeCloseTo((9 * 300) / 3_600, 6);
    expect(few.longestViolationS).toBeGreaterThan(200);
    expect(few.badRatio).toBeGreaterThan(0.5);
  });

  test('sight is worth something, foresight more', () => {
    const load = LOAD_CASES.find(({ name }) => name === 'square')?.make(1);
    if (load === undefined) throw new Error('no square');
    const violations = (policy: ReplicaPolicy) => {
      const at = { fleet: SLUGGISH, load, telemetry: SCRAPED, policy, seed: 1 };
      return runFleet(at).score.violationSeconds;
    };
    const [none, now, all] = [staticFleet(12), sharpSighted(0.7), oracle(0.7)].map(violations);
    expect(now).toBeLessThan(none as number);
    expect(all).toBeLessThan((now as number) / 5);
  });
});

test('a load file is one rate a line', () => {
  expect(parseLoad('10\n20.5\n0\n')).toEqual([10, 20.5, 0]);
  expect(() => parseLoad('10\nten\n')).toThrow(
    'line 2: "ten" is no rate: one number of requests per second a line, 0 or above',
  );
  expect(() => parseLoad('10\n\n20')).toThrow('line 2');
});

test('every load is an hour of usable rates, and the same for the same seed', () => {
  for (const load of LOAD_CASES) {
    const { perSecond } = load.make(3);
    expect(perSecond).toHaveLength(3_600);
    expect(perSecond.every((rate) => Number.isFinite(rate) && rate >= 0)).toBe(true);
    expect(load.make(3).perSecond).toEqual(perSecond);
  }
});

test('replicas by the mean alone', () => {
  expect(replicasFor(SWIFT, 200, 0.5)).toBe(20);
  expect(replicasFor(SWIFT, 0, 0.5)).toBe(1);
});
