import { describe, expect, it } from 'vitest';
import type { ReplicaObservation } from '../laws/replicas/observation.ts';
import { type GovernorConfig, type GovernorState, governorOf } from './governor.ts';
import { confirmed, type ReplicaBounds, replicaGuards } from './guards.ts';

const BOUNDS: ReplicaBounds = {
  min: 2,
  max: 20,
  stepUp: 10,
  stepDown: 1,
  cooldownUpMs: 0,
  cooldownDownMs: 0,
  dwellMs: 0,
  evidenceMaxAgeMs: 30_000,
  actionsPerHour: 60,
  reversalsPerHour: 60,
  freeze: [],
};
const MONDAY_MS = Date.UTC(2026, 0, 5);

const config = (bounds: Partial<ReplicaBounds> = {}): GovernorConfig => ({
  law: { kind: 'pid', config: { setpoint: 0.5 } },
  bounds: { ...BOUNDS, ...bounds },
});

const seen = (second: number, more: Partial<ReplicaObservation> = {}): ReplicaObservation => {
  const applied = more.applied ?? 10;
  return {
    nowMs: MONDAY_MS + second * 1_000,
    evidenceAgeMs: 1_000,
    windowMs: 10_000,
    ratePerSecond: 100,
    utilization: 0.5,
    inFlight: null,
    p99Ms: null,
    errorRatio: null,
    applied,
    ready: applied,
    starting: 0,
    ...more,
  };
};

/** What comes out when each observation is shown in turn. */
function run(given: GovernorConfig, ...observations: readonly ReplicaObservation[]) {
  const governor = governorOf(given);
  let state = governor.init();
  return observations.map((observation) => {
    const step = governor.step(state, observation);
    state = JSON.parse(JSON.stringify(step.state)) as GovernorState;
    return { ...step, state };
  });
}

const last = (...given: Parameters<typeof run>) => run(...given).at(-1)?.output;

describe('a governor', () => {
  it('is its law within its guards', () => {
    expect(governorOf(config()).name).toBe('pid');
    expect(last(config(), seen(0, { utilization: 0.9 }))).toMatchObject({
      value: 18,
      reason: 'above-setpoint',
    });
    const [step] = run(config(), seen(0, { utilization: 1.5 }));
    expect(step?.proposed.value).toBe(30);
    expect(step?.output).toMatchObject({ value: 20, reason: 'at-max' });
    expect(step?.trail.map(({ guard }) => guard)).toEqual(['clamp']);
    expect(last(config(), seen(0, { utilization: 0.01 }))).toMatchObject({ value: 2 });
  });

  it('limits a step, and holds without evidence and in hand', () => {
    const busy = { utilization: 0.9 };
    expect(last(config({ stepUp: 0.2 }), seen(0, busy))).toMatchObject({ value: 12 });
    expect(last(config({ stepDown: 0.1 }), seen(0, { utilization: 0.1 }))).toMatchObject({
      value: 9,
      reason: 'step-down-limit',
    });
    expect(last(config(), seen(0, { ...busy, evidenceAgeMs: null }))?.reason).toBe(
      'evidence-missing',
    );
    expect(last(config(), seen(0, { ...busy, evidenceAgeMs: 30_001 }))?.reason).toBe(
      'evidence-stale',
    );
    expect(last(config(), seen(0, { ...busy, hand: true }))?.reason).toBe('hand-control');
  });

  it('remembers changes it is shown as actions, by whomever they were made', () => {
    const busy = { utilization: 0.7 };
    const changed = [seen(0), seen(30, { applied: 12 }), seen(60, { applied: 12, ...busy })];
    expect(last(config({ cooldownUpMs: 30_001 }), ...changed)).toMatchObject({
      value: 12,
      reason: 'cooldown-up',
    });
    expect(last(config({ cooldownUpMs: 30_000 }), ...changed)?.value).toBe(17);
    const steps = run(config(), ...changed);
    expect(steps.at(-1)?.state.history.actions).toEqual([
      { atMs: MONDAY_MS + 30_000, from: 10, to: 12 },
    ]);
    // The first count is no change; one that nobody can read is none either.
    expect(run(config(), seen(0)).at(-1)?.state).toMatchObject({
      history: { actions: [] },
      lastApplied: 10,
    });
    const unread = run(config(), seen(0), seen(30, { applied: Number.NaN }), seen(60));
    expect(unread.at(-1)?.state.history.actions).toEqual([]);
  });

  it('keeps to the budget of changes and to freeze windows', () => {
    const idle = { utilization: 0.1 };
    const one = [seen(0), seen(30, { applied: 12 }), seen(60, { applied: 12, ...idle })];
    expect(last(config({ actionsPerHour: 1 }), ...one)?.reason).toBe('action-budget');
    expect(last(config({ reversalsPerHour: 0 }), ...one)?.reason).toBe('reversal-budget');
    const freeze = ['Mon 00:00 - Mon 01:00 UTC'];
    expect(last(config({ freeze }), seen(0, idle))?.reason).toBe('freeze-window');
    expect(last(config({ dwellMs: 60_000 }), ...one)?.reason).toBe('min-dwell');
    expect(last(config({ cooldownDownMs: 60_000 }), ...one)?.reason).toBe('cooldown-down');
  });

  it('reaches a scheduled least at once, whatever one step may be', () => {
    const schedule = { windows: [{ when: 'Mon 00:00 - Mon 12:00 UTC', min: 15 }] };
    expect(last(config({ schedule, stepUp: 0.1 }), seen(0))).toMatchObject({
      value: 15,
      reason: 'scheduled-floor',
    });
    expect(
      last(
        config({ schedule: { windows: [{ when: 'Tue 00:00 - Tue 12:00 UTC', min: 15 }] } }),
        seen(0),
      )?.value,
    ).toBe(10);
  });

  it('reaches what limits and clock ask for at least, whatever is seen or confirmed', () => {
    const few = (more: Partial<ReplicaObservation>) => seen(0, { applied: 3, ...more });
    const least = { min: 5, confirmDownMs: 60_000 };
    const schedule = { windows: [{ when: 'Mon 00:00 - Mon 12:00 UTC', min: 7 }] };
    const sights: readonly Partial<ReplicaObservation>[] = [
      { utilization: 0.1 },
      { utilization: 0 },
      { utilization: null },
      { evidenceAgeMs: null },
      { evidenceAgeMs: 600_000 },
    ];
    for (const sight of sights) {
      expect(last(config(least), few(sight))).toMatchObject({ value: 5, reason: 'at-min' });
      expect(last(config({ schedule, confirmDownMs: 60_000 }), few(sight))).toMatchObject({
        value: 7,
        reason: 'scheduled-floor',
      });
    }
    // A hand is a person's, and a person may be below.
    expect(last(config(least), few({ hand: true }))).toMatchObject({ value: 3 });
    // Nothing is taken away for it: too many stay while nobody sees them.
    const ceiling = { windows: [{ when: 'Mon 00:00 - Mon 12:00 UTC', min: 7, max: 12 }] };
    for (const sight of sights) {
      const many = seen(0, { applied: 30, ...sight });
      expect(last(config({ ...least, schedule: ceiling }), many)).toMatchObject({ value: 30 });
    }
  });

  it('never lets the clock ask for more than the limits, nor for less than they do', () => {
    const closed = { windows: [{ when: 'Tue 00:00 - Tue 12:00 UTC', min: 30 }] };
    const open = { windows: [{ when: 'Mon 00:00 - Mon 12:00 UTC', min: 30 }] };
    const unseen = (applied: number) => seen(0, { applied, evidenceAgeMs: null });
    // Closed: the limits' own least. Open: as much as they allow, and then it rests there.
    expect(last(config({ min: 5, schedule: closed }), unseen(3))).toMatchObject({ value: 5 });
    expect(last(config({ schedule: open }), unseen(3))).toMatchObject({ value: 20 });
    expect(last(config({ schedule: open }), unseen(20))).toMatchObject({ value: 20 });
    expect(last(config({ schedule: open }), unseen(22))).toMatchObject({ value: 22 });
  });

  it('tells that the least is reached without evidence', () => {
    const [step] = run(config({ min: 5 }), seen(0, { applied: 3, evidenceAgeMs: null }));
    expect(step?.trail).toMatchObject([
      { guard: 'evidenceAge', reason: 'least-without-evidence', before: 3, after: 3 },
      { guard: 'clamp', reason: 'at-min', before: 3, after: 5 },
    ]);
    const sought = 'is not known now: only the least that limits and clock ask for is reached.';
    expect(step?.trail[0]?.text).toContain(sought);
  });

  it('believes a way down only when it has lasted, and no zero at once', () => {
    const law = { kind: 'capacity', config: { serviceTimeMs: 50 } } as const;
    const doubting = { law, bounds: { ...BOUNDS, confirmDownMs: 60_000 } };
    const zeros = Array.from({ length: 20 }, (_, index) => seen(10 * index, { ratePerSecond: 0 }));
    expect(run(doubting, ...zeros).every(({ output }) => output.value === 10)).toBe(true);
    expect(last(doubting, ...zeros)?.reason).toBe('sudden-silence');
    expect(last({ law, bounds: BOUNDS }, ...zeros)?.value).toBe(2);
    // 60/s of 50 ms need 5: first proposed at 20 s, and no earlier than 60 s after that.
    const fewer = Array.from({ length: 10 }, (_, index) =>
      seen(10 * index, { ratePerSecond: index < 2 ? 140 : 60 }),
    );
    expect(run(doubting, ...fewer).map(({ output }) => output.value)).toEqual([
      10, 10, 10, 10, 10, 10, 10, 5, 5, 5,
    ]);
  });

  it('refuses figures that cannot work', () => {
    expect(() => governorOf(config({ min: 9, max: 3 }))).toThrow('limits.min is 9');
    expect(() => governorOf(config({ freeze: ['Someday'] }))).toThrow('Someday');
  });
});

describe('the guards of replicas', () => {
  const names = (bounds: Partial<ReplicaBounds>) =>
    replicaGuards({ ...BOUNDS, ...bounds }, { up: 'auto', down: 'ask' }, [
      { name: 'own', judge: () => ({ kind: 'pass' }) },
    ]).map(({ name }) => name);

  it('speak in their order, the caller’s own before what is frozen', () => {
    expect(names({})).toEqual([
      'handControl',
      'onlyFinite',
      'evidenceAge',
      'slew',
      'clamp',
      'noBlindScaleDown',
      'directionalAutonomy',
      'own',
      'modeFreeze',
      'freezeWindow',
      'cooldown',
      'minDwell',
      'flapBudget',
    ]);
    const schedule = { windows: [{ when: 'Mon 00:00 - Mon 12:00 UTC', min: 3 }] };
    expect(names({ confirmDownMs: 60_000, schedule }).slice(3, 8)).toEqual([
      'confirmedDown',
      'slew',
      'schedule',
      'clamp',
      'noBlindScaleDown',
    ]);
  });

  it('remember nothing where no way down is to be confirmed', () => {
    const given = { observation: seen(0), evidence: 1, value: 5 };
    expect(confirmed(undefined, BOUNDS, given)).toBeUndefined();
    const noted = confirmed(undefined, { ...BOUNDS, confirmDownMs: 60_000 }, given);
    // What is applied at the first look counts as proposed.
    expect(noted?.proposed).toEqual([{ atMs: 0, value: 10, ready: 10 }]);
  });
});
