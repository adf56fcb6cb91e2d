import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import type { VariantFigures } from './compare.ts';
import { type RolloutCommand, type RolloutInput, type RolloutState, rollout } from './rollout.ts';

const MINUTE = 60_000;
const START_MS = 1_000_000_000;
const GOOD: VariantFigures = { requests: 10_000, errors: 100, p99Ms: 200 };
const FAILING = { ...GOOD, errors: 400 };
const SLOW = { ...GOOD, p99Ms: 400 };
const FEW = { requests: 10, errors: 0, p99Ms: 200 };

/** A rollout whose actuator follows at once; a look every half minute. */
class Walk {
  state: RolloutState;
  nowMs = START_MS;
  applied = 0;

  constructor(config = {}) {
    this.state = rollout.init(config);
  }

  look(input: Partial<RolloutInput> = {}) {
    const usual = { evidenceAgeMs: 0, canary: GOOD, control: GOOD };
    const full = { nowMs: this.nowMs, applied: this.applied, ...usual, ...input };
    const step = rollout.step(this.state, full);
    this.state = step.state;
    this.applied = step.output.value;
    this.nowMs += MINUTE / 2;
    return step.output;
  }

  looks(count: number, input: Partial<RolloutInput> = {}) {
    return Array.from({ length: count }, () => this.look(input));
  }

  say(command: RolloutCommand) {
    return this.look({ command });
  }
}

/** A rollout at 10 % that has been in force for as long as given. */
function at10(watchedMs: number, more: object = {}) {
  const phase = { kind: 'stepping', share: 0.1, sinceMs: START_MS, slowLooks: 0, ...more } as const;
  const state: RolloutState = { ...rollout.init({}), lastMs: START_MS, phase };
  const usual = { nowMs: START_MS + watchedMs, evidenceAgeMs: 0, applied: 0.1 };
  return (input: Partial<RolloutInput> = {}) =>
    rollout.step(state, { ...usual, canary: GOOD, control: GOOD, ...input });
}

test('a good version: 10 % more every 5 minutes, all after ten steps', () => {
  const walk = new Walk();
  const outputs = walk.looks(130);
  const changes = outputs.flatMap(({ value, reason }, index) =>
    value === outputs[index - 1]?.value ? [] : [[index / 2, value, reason]],
  );
  // Half a minute of every step is the look that finds the share in force.
  expect(changes).toEqual([
    [0, 0.1, 'rollout-not-in-force'],
    [5.5, 0.2, 'rollout-advanced'],
    [11, 0.3, 'rollout-advanced'],
    [16.5, 0.4, 'rollout-advanced'],
    [22, 0.5, 'rollout-advanced'],
    [27.5, 0.6, 'rollout-advanced'],
    [33, 0.7, 'rollout-advanced'],
    [38.5, 0.8, 'rollout-advanced'],
    [44, 0.9, 'rollout-advanced'],
    [49.5, 1, 'rollout-promoted'],
  ]);
  expect(outputs.at(-1)).toMatchObject({ value: 1, reason: 'rollout-promoted' });
});

describe('a look', () => {
  test('advances after five minutes, not a millisecond before', () => {
    expect(at10(5 * MINUTE - 1)().output).toMatchObject({ value: 0.1, reason: 'rollout-watching' });
    const { state, output } = at10(5 * MINUTE)();
    expect(output).toMatchObject({ value: 0.2, reason: 'rollout-advanced' });
    expect(state.phase).toEqual({ kind: 'stepping', share: 0.2, sinceMs: null, slowLooks: 0 });
  });

  test('says what it rests on', () => {
    const { output } = at10(MINUTE)({ canary: { ...GOOD, errors: 120 } });
    expect(output.terms).toEqual({
      applied: 0.1,
      share: 0.1,
      requests: 10_000,
      controlRequests: 10_000,
      errorRatio: 0.012,
      controlErrorRatio: 0.01,
      z: expect.closeTo(1.356, 2),
      watchedMs: MINUTE,
      p99Ms: 200,
      controlP99Ms: 200,
    });
    const blind = at10(MINUTE)({
      canary: { ...GOOD, p99Ms: null },
      control: { ...GOOD, p99Ms: null },
    });
    expect(Object.keys(blind.output.terms)).not.toContain('p99Ms');
    expect(Object.keys(blind.output.terms)).not.toContain('controlP99Ms');
  });

  test('rolls back at once for errors, and for good', () => {
    const walk = new Walk();
    walk.looks(3);
    const back = walk.look({ canary: FAILING });
    expect(back).toMatchObject({ value: 0, reason: 'rollout-errors-worse' });
    expect(explain(back)).toBe(
      'The new version fails clearly more often than the old: it is rolled back.',
    );
    expect(walk.look()).toMatchObject({ value: 0, reason: 'rollout-errors-worse' });
    expect(walk.state.phase).toEqual({ kind: 'rolled-back', why: 'errors-worse' });
  });

  test('rolls back for a slow p99 at the second look on end', () => {
    const walk = new Walk();
    walk.looks(3);
    expect(walk.look({ canary: SLOW })).toMatchObject({ value: 0.1, reason: 'rollout-watching' });
    expect(walk.look()).toMatchObject({ value: 0.1 });
    expect(walk.look({ canary: SLOW }).value).toBe(0.1);
    expect(walk.look({ canary: SLOW })).toMatchObject({
      value: 0,
      reason: 'rollout-latency-worse',
    });
    expect(walk.look().reason).toBe('rollout-latency-worse');
  });

  test('or at the first, when one look is enough', () => {
    const walk = new Walk({ looks: 1 });
    walk.looks(3);
    expect(walk.look({ canary: SLOW }).value).toBe(0);
  });

  test('does not advance while p99 is slow', () => {
    const { state, output } = at10(10 * MINUTE)({ canary: SLOW });
    expect(output).toMatchObject({ value: 0.1, reason: 'rollout-watching' });
    expect(state.phase).toMatchObject({ kind: 'stepping', share: 0.1, slowLooks: 1 });
  });

  test('waits while too few requests came, then asks a person', () => {
    expect(at10(5 * MINUTE)({ canary: FEW }).output).toMatchObject({
      value: 0.1,
      reason: 'rollout-undecided',
    });
    expect(at10(15 * MINUTE - 1)({ canary: FEW }).state.phase.kind).toBe('stepping');
    const { state, output } = at10(15 * MINUTE)({ canary: FEW });
    expect(output).toMatchObject({ value: 0.1, reason: 'rollout-inconclusive' });
    expect(state.phase).toMatchObject({ kind: 'waiting', share: 0.1, sinceMs: START_MS });
    expect(at10(15 * MINUTE)({ canary: null }).output.reason).toBe('rollout-inconclusive');
    expect(at10(15 * MINUTE - 1)({ canary: null }).output.reason).toBe('no-evidence');
    expect(at10(MINUTE)({ control: null }).output.reason).toBe('no-evidence');
  });

  test('an undecided one ends a row of slow ones', () => {
    const { state } = at10(MINUTE, { slowLooks: 1 })({ canary: FEW });
    expect(state.phase).toMatchObject({ slowLooks: 0 });
  });

  test('with impossible figures changes nothing', () => {
    const odd = { ...GOOD, errors: 20_000 };
    expect(at10(MINUTE)({ canary: odd }).output.reason).toBe('invalid-measure');
    expect(at10(MINUTE)({ control: odd }).output).toMatchObject({
      value: 0.1,
      reason: 'invalid-measure',
    });
  });

  test.each([
    ['old figures', { evidenceAgeMs: 60_001 }, 'stale-evidence'],
    ['no age', { evidenceAgeMs: null }, 'no-evidence'],
    ['the same instant', { nowMs: START_MS }, 'same-instant'],
    ['no time', { nowMs: Number.NaN }, 'invalid-measure'],
    ['no share in force', { applied: Number.NaN }, 'invalid-measure'],
    ['a share above 1', { applied: 1.1 }, 'invalid-measure'],
  ] as const)('with %s changes nothing', (_name, input, reason) => {
    const { state, output } = at10(10 * MINUTE)({ canary: FAILING, ...input });
    expect(output).toMatchObject({ value: 0.1, reason });
    expect(state.phase).toMatchObject({ kind: 'stepping', share: 0.1, sinceMs: START_MS });
  });

  test('figures of just the allowed age serve', () => {
    expect(at10(MINUTE)({ evidenceAgeMs: 60_000 }).output.reason).toBe('rollout-watching');
  });
});

describe('time', () => {
  test('runs only while the share is in force', () => {
    const { state, output } = at10(10 * MINUTE)({ applied: 0.05 });
    expect(output).toMatchObject({ value: 0.1, reason: 'rollout-not-in-force' });
    expect(output.terms).toEqual({ applied: 0.05, share: 0.1 });
    expect(state.phase).toMatchObject({ sinceMs: null, slowLooks: 0 });
    expect(explain(output)).toBe(
      'A share of 0.1 is asked for, 0.05 is in force: nothing is judged.',
    );
  });

  test('nothing is judged that is not in force, not even what fails', () => {
    expect(at10(10 * MINUTE)({ applied: 0, canary: FAILING }).output.value).toBe(0.1);
  });

  test('begins anew when the clock is set back', () => {
    const { state, output } = at10(-MINUTE, { slowLooks: 1 })({ canary: SLOW });
    expect(output).toMatchObject({ value: 0.1, reason: 'clock-went-back' });
    expect(state.phase).toMatchObject({ sinceMs: START_MS - MINUTE, slowLooks: 0 });
  });
});

describe('a person', () => {
  test('pauses and resumes: the share is watched once more', () => {
    const walk = new Walk();
    walk.looks(6);
    expect(walk.say('pause')).toMatchObject({ value: 0.1, reason: 'rollout-paused' });
    expect(walk.looks(40).every(({ reason }) => reason === 'rollout-paused')).toBe(true);
    expect(walk.say('resume')).toMatchObject({ value: 0.1, reason: 'rollout-watching' });
    const after = walk.looks(12).map(({ value }) => value);
    expect(after.indexOf(0.2)).toBe(10);
  });

  test('does not keep what fails alive by a pause', () => {
    const walk = new Walk();
    walk.looks(3);
    walk.say('pause');
    expect(walk.look({ canary: SLOW })).toMatchObject({ value: 0.1, reason: 'rollout-paused' });
    expect(walk.look({ canary: SLOW })).toMatchObject({
      value: 0,
      reason: 'rollout-latency-worse',
    });
    const other = new Walk();
    other.looks(3);
    other.say('pause');
    expect(other.look({ canary: FAILING }).value).toBe(0);
  });

  test('decides what is inconclusive', () => {
    const waiting = () => {
      const walk = new Walk();
      walk.looks(40, { canary: FEW });
      expect(walk.state.phase.kind).toBe('waiting');
      return walk;
    };
    expect(waiting().look().reason).toBe('rollout-inconclusive');
    expect(waiting().look({ canary: FEW }).reason).toBe('rollout-inconclusive');
    expect(waiting().say('advance')).toMatchObject({ value: 0.2, reason: 'rollout-watching' });
    expect(waiting().say('resume')).toMatchObject({ value: 0.1, reason: 'rollout-watching' });
    expect(waiting().say('rollback')).toMatchObject({ value: 0, reason: 'rollout-rolled-back' });
    expect(waiting().say('promote')).toMatchObject({ value: 1, reason: 'rollout-promoted' });
  });

  test('advances beyond the last step into promotion', () => {
    const walk = new Walk({ step: 0.6 });
    walk.looks(3);
    expect(walk.say('advance')).toMatchObject({ value: 1, reason: 'rollout-promoted' });
  });

  test('needs neither evidence nor a sane clock', () => {
    const blind = { evidenceAgeMs: null, canary: null, control: null, nowMs: Number.NaN };
    const killed = at10(MINUTE)({ ...blind, command: 'kill' });
    expect(killed.output).toMatchObject({ value: 0, reason: 'rollout-killed' });
    expect(at10(MINUTE)({ ...blind, command: 'rollback' }).output.value).toBe(0);
    expect(at10(MINUTE)({ ...blind, applied: Number.NaN, command: 'kill' }).output.terms).toEqual(
      {},
    );
  });

  test('finds the end final, but for a restart', () => {
    const killed = new Walk();
    killed.say('kill');
    for (const command of ['resume', 'advance', 'promote', 'pause', 'rollback'] as const) {
      expect(killed.say(command)).toMatchObject({ value: 0, reason: 'rollout-killed' });
    }
    expect(killed.look({ evidenceAgeMs: null })).toMatchObject({ reason: 'rollout-killed' });
    expect(killed.say('restart')).toMatchObject({ value: 0.1, reason: 'rollout-watching' });

    const back = new Walk();
    back.say('rollback');
    for (const command of ['resume', 'advance', 'promote', 'pause', 'rollback'] as const) {
      expect(back.say(command)).toMatchObject({ value: 0, reason: 'rollout-rolled-back' });
    }
    expect(back.say('kill').reason).toBe('rollout-killed');
  });

  test('can take back what was promoted', () => {
    const promoted = () => {
      const walk = new Walk();
      walk.say('promote');
      return walk;
    };
    for (const command of ['resume', 'advance', 'promote', 'pause'] as const) {
      expect(promoted().say(command)).toMatchObject({ value: 1, reason: 'rollout-promoted' });
    }
    expect(promoted().say('rollback')).toMatchObject({ value: 0, reason: 'rollout-rolled-back' });
    expect(promoted().say('kill')).toMatchObject({ value: 0, reason: 'rollout-killed' });
    expect(promoted().look({ canary: FAILING }).value).toBe(1);
  });
});

test.each([
  ['step', { step: 0 }],
  ['step', { step: 1.1 }],
  ['everyMs', { everyMs: 0 }],
  ['maxWaitMs', { maxWaitMs: 299_999 }],
  ['maxWaitMs', { maxWaitMs: Number.POSITIVE_INFINITY }],
  ['looks', { looks: 0 }],
  ['looks', { looks: 1.5 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
  ['errorFactor', { errorFactor: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => rollout.init(config)).toThrowError(new RegExp(`^${field} is `));
});

test('the most that is allowed', () => {
  const walk = new Walk({ step: 1, everyMs: 30_000, maxWaitMs: 30_000, looks: 1 });
  expect(walk.look()).toMatchObject({ value: 1, reason: 'rollout-not-in-force' });
  expect(walk.looks(2).map(({ reason }) => reason)).toEqual([
    'rollout-watching',
    'rollout-promoted',
  ]);
});

test('end and command say what is in force', () => {
  const walk = new Walk();
  walk.looks(2);
  expect(walk.say('pause').terms).toEqual({ applied: 0.1 });
  expect(walk.say('kill').terms).toEqual({ applied: 0.1 });
});

test('a pause that lasts is still a pause, whatever little comes', () => {
  const paused = { kind: 'paused', share: 0.1, sinceMs: START_MS, slowLooks: 0 } as const;
  const state = { ...rollout.init({}), lastMs: START_MS, phase: paused };
  const nowMs = START_MS + 20 * MINUTE;
  const input = { nowMs, evidenceAgeMs: 0, applied: 0.1, canary: FEW, control: GOOD };
  const step = rollout.step(state, input);
  expect(step.output.reason).toBe('rollout-paused');
  expect(step.state.phase.kind).toBe('paused');
});

test('a new configuration keeps where it is', () => {
  const walk = new Walk();
  walk.looks(6);
  const tuned = rollout.retune(walk.state, { step: 0.3, everyMs: 1_000 });
  expect(tuned.phase).toBe(walk.state.phase);
  expect(tuned.config).toMatchObject({ step: 0.3, everyMs: 1_000, maxWaitMs: 3_000 });
});
