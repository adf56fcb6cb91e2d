import { describe, expect, test } from 'vitest';
import type { Decision, Knob } from '../decision.ts';
import { bound } from './bound.ts';
import { type Confirmation, NOTHING_CONFIRMED } from './confirm.ts';
import { parseFreezeWindow } from './freeze-window.ts';
import type { Guard, GuardContext } from './guard.ts';
import { NO_ACTIONS, recordAction } from './history.ts';
import { evidenceAge, freezeWindow, handControl, modeFreeze } from './hold.ts';
import {
  autonomyOf,
  clamp,
  deadBand,
  directionalAutonomy,
  hysteresis,
  noBlindScaleDown,
  onlyFinite,
  slew,
} from './number.ts';
import { cooldown, flapBudget, minDwell } from './timing.ts';

const NOW = 10_000_000;
const CONTEXT: GuardContext = {
  nowMs: NOW,
  applied: 10,
  measured: 0.85,
  evidenceAgeMs: 0,
  history: NO_ACTIONS,
  mode: 'target',
  frozen: [],
  hand: false,
};

function proposal(value: number): Decision<number> {
  return { value, reason: 'above-setpoint', terms: { setpoint: 0.7 } };
}

function run(guards: readonly Guard[], value: number, context: Partial<GuardContext> = {}) {
  return bound(guards, proposal(value), { ...CONTEXT, ...context });
}

/** Value and reason after one guard. */
function judged(guard: Guard, value: number, context: Partial<GuardContext> = {}) {
  const { decision } = run([guard], value, context);
  return [decision.value, decision.reason];
}

function actions(...steps: readonly (readonly [ageMs: number, from: number, to: number])[]) {
  return steps.reduce(
    (history, [ageMs, from, to]) => recordAction(history, { atMs: NOW - ageMs, from, to }),
    NO_ACTIONS,
  );
}

const UNTOUCHED = 'above-setpoint';

describe('the trail', () => {
  test('tells who changed what, in order, from proposal to what is left', () => {
    const result = run([slew({ up: { ratio: 0.5 }, whole: true }), clamp({ max: 12 })], 40);
    expect(result.proposed.value).toBe(40);
    expect(result.decision).toMatchObject({ value: 12, reason: 'at-max' });
    expect(result.trail).toEqual([
      {
        guard: 'slew',
        before: 40,
        after: 15,
        effect: 'bounded',
        reason: 'step-up-limit',
        text: 'One step up may reach 15, not 40.',
      },
      {
        guard: 'clamp',
        before: 15,
        after: 12,
        effect: 'bounded',
        reason: 'at-max',
        text: '12 is the most allowed, not 15.',
      },
    ]);
    expect(result.decision.terms.setpoint).toBe(0.7);
  });

  test('ends where a guard holds: what is held is not bounded again', () => {
    const result = run([evidenceAge({ maxAgeMs: 30_000 }), clamp({ min: 20 })], 12, {
      evidenceAgeMs: 31_000,
    });
    expect(result.decision).toMatchObject({ value: 10, reason: 'evidence-stale' });
    expect(result.trail.map((entry) => entry.guard)).toEqual(['evidenceAge']);
    expect(result.trail[0]?.text).toBe(
      'The evidence is 31 s old, more than 30 s: nothing changes.',
    );
  });

  test('is empty when every guard lets it pass', () => {
    expect(run([clamp({ min: 1, max: 50 }), deadBand({ ratio: 0.05 })], 12).trail).toEqual([]);
  });
});

describe('holds for any knob', () => {
  const weights = { a: 0.5, b: 1 };
  const context: GuardContext<Knob> = { ...CONTEXT, applied: weights };
  const proposed: Decision<Knob> = { value: { a: 0.1, b: 1 }, reason: 'reweighted', terms: {} };

  test('a hand on the knob', () => {
    expect(bound([handControl()], proposed, { ...context, hand: true }).decision).toMatchObject({
      value: weights,
      reason: 'hand-control',
    });
  });

  test('evidence that is missing, stale, or from a clock far ahead', () => {
    const guard = evidenceAge({ maxAgeMs: 30_000 });
    const ages = [null, Number.NaN, 30_001, -30_001, 30_000, 0];
    const reasons = ages.map(
      (evidenceAgeMs) => bound([guard], proposed, { ...context, evidenceAgeMs }).decision.reason,
    );
    expect(reasons).toEqual([
      'evidence-missing',
      'evidence-missing',
      'evidence-stale',
      'evidence-stale',
      'reweighted',
      'reweighted',
    ]);
  });

  test('the mode freezes directions of a number, and a map only as a whole', () => {
    expect(judged(modeFreeze(), 8, { frozen: ['down'] })).toEqual([10, 'frozen-by-mode']);
    expect(judged(modeFreeze(), 12, { frozen: ['down'] })).toEqual([12, UNTOUCHED]);
    const frozenBy = (...frozen: readonly ('up' | 'down')[]) =>
      bound([modeFreeze()], proposed, { ...context, frozen }).decision.reason;
    expect(frozenBy('down')).toBe('reweighted');
    expect(frozenBy('up', 'down')).toBe('frozen-by-mode');
  });

  test('an open freeze window holds changes, and has nothing to say to none', () => {
    const guard = freezeWindow([]);
    expect(judged(guard, 12)).toEqual([12, UNTOUCHED]);
    const always = freezeWindow([
      parseFreezeWindow('Mon 00:00 - Thu 00:00 UTC'),
      parseFreezeWindow('Thu 00:00 - Mon 00:00 UTC'),
    ]);
    expect(judged(always, 12)).toEqual([10, 'freeze-window']);
    expect(judged(always, 10)).toEqual([10, UNTOUCHED]);
  });
});

describe('numbers', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('%s is not applied', (value) => {
    expect(judged(onlyFinite(), value)).toEqual([10, 'not-a-number']);
  });

  test('nothing is taken away blindly, more may be given', () => {
    expect(judged(noBlindScaleDown(), 9, { measured: null })).toEqual([10, 'blind-scale-down']);
    expect(judged(noBlindScaleDown(), 9, { evidenceAgeMs: null })).toEqual([
      10,
      'blind-scale-down',
    ]);
    expect(judged(noBlindScaleDown(), 11, { measured: null })).toEqual([11, UNTOUCHED]);
    expect(judged(noBlindScaleDown(), 9)).toEqual([9, UNTOUCHED]);
    const aged = noBlindScaleDown({ maxAgeMs: 30_000 });
    expect(judged(aged, 9, { evidenceAgeMs: 30_000 })).toEqual([9, UNTOUCHED]);
    expect(judged(aged, 9, { evidenceAgeMs: 30_001 })).toEqual([10, 'blind-scale-down']);
    expect(judged(aged, 9, { evidenceAgeMs: -30_001 })).toEqual([10, 'blind-scale-down']);
    expect(judged(noBlindScaleDown(), 9, { evidenceAgeMs: 3e9 })).toEqual([9, UNTOUCHED]);
    expect(() => noBlindScaleDown({ maxAgeMs: 0 })).toThrow('evidenceMaxAge');
    const looking = (look: Confirmation['look'], value = 9) =>
      judged(noBlindScaleDown(), value, { confirmation: { ...NOTHING_CONFIRMED, look } });
    expect(looking('sound')).toEqual([9, UNTOUCHED]);
    expect(looking('silent')).toEqual([10, 'sudden-silence']);
    expect(looking('blind')).toEqual([10, 'blind-scale-down']);
    expect(looking('silent', 10)).toEqual([10, UNTOUCHED]);
    expect(looking('blind', 11)).toEqual([11, UNTOUCHED]);
  });

  test('who keeps lets those behind ask for more, and is heard in any case', () => {
    const keeps: Guard = {
      name: 'keeps',
      judge: () => ({ kind: 'keep', reason: 'least-without-evidence' }),
    };
    const least = clamp({ min: 12 });
    for (const value of [7, 10, 15]) {
      const { decision, trail } = run([keeps, least], value);
      expect(decision).toMatchObject({ value: 12, reason: 'at-min' });
      expect(trail).toMatchObject([
        { guard: 'keeps', before: value, after: 10, effect: 'bounded' },
        { guard: 'clamp', before: 10, after: 12, effect: 'bounded' },
      ]);
    }
  });

  test('hysteresis: up only above, down only below, nothing between or without a signal', () => {
    const guard = hysteresis({ up: 0.8, down: 0.6 });
    expect(judged(guard, 12, { measured: 0.81 })).toEqual([12, UNTOUCHED]);
    expect(judged(guard, 12, { measured: 0.8 })).toEqual([10, 'inside-thresholds']);
    expect(judged(guard, 8, { measured: 0.6 })).toEqual([10, 'inside-thresholds']);
    expect(judged(guard, 8, { measured: 0.59 })).toEqual([8, UNTOUCHED]);
    expect(judged(guard, 8, { measured: 0.81 })).toEqual([10, 'inside-thresholds']);
    expect(judged(guard, 8, { measured: null })).toEqual([10, 'evidence-missing']);
    expect(judged(guard, 10, { measured: null })).toEqual([10, UNTOUCHED]);
    expect(() => hysteresis({ up: 0.6, down: 0.6 })).toThrowError(/hysteresis.down/);
  });

  test('dead band, as a share or absolute', () => {
    expect(judged(deadBand({ ratio: 0.1 }), 10.9)).toEqual([10, 'dead-band']);
    expect(judged(deadBand({ ratio: 0.1 }), 11)).toEqual([11, UNTOUCHED]);
    expect(judged(deadBand({ absolute: 2 }), 9)).toEqual([10, 'dead-band']);
    expect(judged(deadBand({ absolute: 2 }), 8)).toEqual([8, UNTOUCHED]);
  });

  test('steps: shares, absolutes, whole counts that always can move', () => {
    expect(judged(slew({ up: { ratio: 1 } }), 25)).toEqual([20, 'step-up-limit']);
    expect(judged(slew({ down: { ratio: 0.1 } }), 2)).toEqual([9, 'step-down-limit']);
    expect(judged(slew({ down: { absolute: 3 } }), 2)).toEqual([7, 'step-down-limit']);
    const whole = slew({ up: { ratio: 0.1 }, down: { ratio: 0.1 }, whole: true });
    expect(judged(whole, 9, { applied: 3 })).toEqual([4, 'step-up-limit']);
    expect(judged(whole, 1, { applied: 3 })).toEqual([2, 'step-down-limit']);
    expect(judged(slew({ down: { ratio: 0.29 }, whole: true }), 0, { applied: 100 })[0]).toBe(71);
    expect(judged(slew({ up: { ratio: 1 } }), 20)).toEqual([20, UNTOUCHED]);
    expect(judged(slew({ down: { absolute: 3 } }), 7)).toEqual([7, UNTOUCHED]);
    expect(judged(slew({ up: { ratio: 1 } }), 500, { applied: 0 })).toEqual([500, UNTOUCHED]);
  });

  test('limits', () => {
    const guard = clamp({ min: 2, max: 50 });
    expect(judged(guard, 1)).toEqual([2, 'at-min']);
    expect(judged(guard, 51)).toEqual([50, 'at-max']);
    expect(judged(guard, 50)).toEqual([50, UNTOUCHED]);
    expect(() => clamp({ min: 5, max: 4 })).toThrowError(/limits.min is 5: .*at most max \(4\)/);
  });

  test('a direction that is off is held; the others are carried out as the policy says', () => {
    const config = { up: 'auto', down: 'ask' } as const;
    expect(judged(directionalAutonomy({ ...config, down: 'off' }), 8)).toEqual([
      10,
      'direction-off',
    ]);
    expect(judged(directionalAutonomy(config), 8)).toEqual([8, UNTOUCHED]);
    expect([
      autonomyOf(config, 10, 12),
      autonomyOf(config, 10, 8),
      autonomyOf(config, 1, 1),
    ]).toEqual(['auto', 'ask', 'ask']);
  });
});

describe('timing', () => {
  const guard = cooldown({ upMs: 60_000, downMs: 180_000 });

  test('cooldown, per direction, from the last action in either', () => {
    expect(judged(guard, 12, { history: actions([59_999, 12, 10]) })).toEqual([10, 'cooldown-up']);
    expect(judged(guard, 12, { history: actions([60_000, 12, 10]) })).toEqual([12, UNTOUCHED]);
    expect(judged(guard, 8, { history: actions([179_999, 8, 10]) })).toEqual([10, 'cooldown-down']);
    expect(judged(guard, 8, { history: actions([180_000, 8, 10]) })).toEqual([8, UNTOUCHED]);
    expect(judged(guard, 8)).toEqual([8, UNTOUCHED]);
  });

  test('cooldown says until when', () => {
    const { terms } = run([guard], 8, { history: actions([100_000, 8, 10]) }).decision;
    expect(terms.untilMs).toBe(NOW + 80_000);
  });

  test('a large need goes up in spite of the cooldown, never down', () => {
    const history = actions([1_000, 8, 10]);
    expect(judged(guard, 20, { history })).toEqual([20, UNTOUCHED]);
    expect(judged(guard, 19, { history })).toEqual([10, 'cooldown-up']);
    expect(judged(guard, 1, { history })).toEqual([10, 'cooldown-down']);
  });

  test('a clock that went back an hour does not freeze the loop for an hour', () => {
    expect(judged(guard, 12, { history: actions([-3_600_000, 8, 10]) })).toEqual([12, UNTOUCHED]);
  });

  test('dwell', () => {
    const dwell = minDwell({ dwellMs: 30_000 });
    expect(judged(dwell, 90, { history: actions([29_999, 8, 10]) })).toEqual([10, 'min-dwell']);
    expect(judged(dwell, 90, { history: actions([30_000, 8, 10]) })).toEqual([90, UNTOUCHED]);
  });

  test('actions in any hour are bounded', () => {
    const three = actions([3_599_999, 1, 2], [60_000, 2, 3], [1_000, 3, 10]);
    const budget = flapBudget({ actionsPerHour: 3 });
    expect(judged(budget, 12, { history: three })).toEqual([10, 'action-budget']);
    const old = actions([3_600_000, 1, 2], [60_000, 2, 3], [1_000, 3, 10]);
    expect(judged(budget, 12, { history: old })).toEqual([12, UNTOUCHED]);
    const safe = flapBudget({ actionsPerHour: 3, safe: 'up' });
    expect(judged(safe, 12, { history: three })).toEqual([12, UNTOUCHED]);
  });

  test('going back and forth is bounded, going on is not', () => {
    const flapping = actions([4_000, 10, 12], [3_000, 12, 10], [2_000, 10, 12], [1_000, 12, 10]);
    const budget = flapBudget({ reversalsPerHour: 3 });
    expect(judged(budget, 12, { history: flapping })).toEqual([10, 'reversal-budget']);
    expect(judged(budget, 8, { history: flapping })).toEqual([8, UNTOUCHED]);
  });

  test('history is bounded and an action that changed nothing is none', () => {
    let history = NO_ACTIONS;
    for (let index = 0; index < 3_000; index += 1) {
      history = recordAction(history, { atMs: NOW + index, from: index, to: index + 1 });
    }
    expect(history.actions.length).toBe(1_000);
    expect(recordAction(NO_ACTIONS, { atMs: 1, from: 4, to: 4 })).toBe(NO_ACTIONS);
  });
});
