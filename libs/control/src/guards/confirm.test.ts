import { describe, expect, test } from 'vitest';
import { ConfigError } from '../config.ts';
import { bound } from './bound.ts';
import {
  type Confirmation,
  type ConfirmConfig,
  confirm,
  confirmedDown,
  NOTHING_CONFIRMED,
  type Proposed,
} from './confirm.ts';
import { NO_ACTIONS } from './history.ts';

const START_MS = 1_000_000;

/** Looks every 10 s; a figure of 0.5 unless it says otherwise. */
function look(
  looks: readonly (Partial<Proposed> & { readonly value: number })[],
  config: ConfirmConfig = {},
  from: Confirmation = NOTHING_CONFIRMED,
): Confirmation {
  const firstMs = from.lastMs === null ? START_MS : from.lastMs + 10_000;
  return looks.reduce(
    (state, seen, index) =>
      confirm(
        state,
        { nowMs: firstMs + index * 10_000, evidenceAgeMs: 5_000, figures: [0.5], ...seen },
        config,
      ),
    from,
  );
}

const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

function judged(confirmation: Confirmation | undefined, value: number, applied = 10) {
  const proposed = { value, reason: 'below-setpoint', terms: {} } as const;
  const { decision } = bound([confirmedDown()], proposed, {
    nowMs: START_MS,
    applied,
    measured: 0.5,
    evidenceAgeMs: 0,
    history: NO_ACTIONS,
    mode: null,
    frozen: [],
    hand: false,
    ...(confirmation === undefined ? {} : { confirmation }),
  });
  return [decision.value, decision.reason];
}

const PASSED = 'below-setpoint';

/*
 *   proposed  10   4    4    4    4    4    4
 *   at         0  10   20   30   40   50   60 s
 *   may fall to 10 ........................ 4
 */
describe('a lower value', () => {
  test('has to be proposed for as long as is asked, and not a look less', () => {
    const early = look([{ value: 10 }, ...times(5, { value: 4 })]);
    expect(judged(early, 4)).toEqual([10, 'unconfirmed-drop']);
    const later = look([{ value: 4 }], {}, early);
    expect(judged(later, 4)).toEqual([4, PASSED]);
  });

  test('may fall to the most that was proposed meanwhile', () => {
    const state = look([{ value: 10 }, { value: 7 }, ...times(6, { value: 4 })]);
    expect(judged(state, 4)).toEqual([4, PASSED]);
    const between = look([{ value: 10 }, { value: 7 }, ...times(5, { value: 4 })]);
    expect(judged(between, 4)).toEqual([7, 'unconfirmed-drop']);
    expect(judged(between, 7)).toEqual([7, PASSED]);
    expect(judged(between, 8)).toEqual([8, PASSED]);
  });

  test('waits again from the last higher one on', () => {
    const state = look([...times(7, { value: 4 }), { value: 9 }, ...times(5, { value: 4 })]);
    expect(judged(state, 4)).toEqual([9, 'unconfirmed-drop']);
  });

  test('is free at the first look, and without a confirmation', () => {
    expect(judged(look([{ value: 4 }]), 4)).toEqual([4, PASSED]);
    expect(judged(undefined, 4)).toEqual([4, PASSED]);
  });
});

test('a way up, or no way, needs no confirmation', () => {
  const state = look(times(3, { value: 20 }));
  expect(judged(state, 11)).toEqual([11, PASSED]);
  expect(judged(state, 10)).toEqual([10, PASSED]);
});

/*
 *   figure    0.5 ... | 0 .................. | 0.5 ...
 *   proposed  10      | 1                    | 3 (half a window)  10
 *   may fall to 10 .....................................
 */
describe('silence', () => {
  const calm = look(times(10, { value: 10 }));
  const zero = { value: 1, figures: [0] };

  test('confirms nothing, however often it is seen', () => {
    const silent = look(times(80, zero), {}, calm);
    expect(silent.silentMs).toBe(800_000);
    expect(judged(silent, 1)).toEqual([10, 'sudden-silence']);
  });

  test('one zero among the figures is enough', () => {
    const silent = look(times(20, { value: 1, figures: [0.7, 0] }), {}, calm);
    expect(judged(silent, 1)).toEqual([10, 'sudden-silence']);
  });

  test('windows that are half filled with it, before and after, confirm nothing either', () => {
    const before = look([{ value: 7 }, { value: 3 }, ...times(50, zero)], {}, calm);
    const after = look([{ value: 3 }, { value: 7 }, { value: 10 }], {}, before);
    expect(after.silentMs).toBe(0);
    expect(judged(after, 3)).toEqual([10, 'unconfirmed-drop']);
  });

  test('is believed after a quarter of an hour, and what follows from it a minute later', () => {
    const almost = look(times(89, zero), {}, calm);
    expect(almost.silentMs).toBe(890_000);
    expect(judged(look(times(5, zero), {}, almost), 1)).toEqual([10, 'sudden-silence']);
    expect(judged(look(times(6, zero), {}, almost), 1)).toEqual([1, PASSED]);
  });

  test('leaves free what was proposed before it: a service that few call may shrink', () => {
    const idle = look(times(10, { value: 2 }));
    expect(judged(look([zero], {}, idle), 1)).toEqual([2, 'sudden-silence']);
  });

  test('at the very first look takes nothing away', () => {
    expect(judged(look([zero]), 1)).toEqual([10, 'sudden-silence']);
  });
});

describe('what cannot be believed confirms nothing', () => {
  const calm = look([{ value: 10 }]);
  test.each([
    ['missing', { figures: [null] }],
    ['none', { figures: [] }],
    ['NaN', { figures: [0.5, Number.NaN] }],
    ['negative', { figures: [-1] }],
    ['no age', { evidenceAgeMs: null }],
    ['too old', { evidenceAgeMs: 30_001 }],
    ['from the future', { evidenceAgeMs: -30_001 }],
    ['an age that is none', { evidenceAgeMs: Number.NaN }],
  ] as const)('%s', (_name, more) => {
    const state = look(times(20, { value: 4, ...more }), {}, calm);
    expect(state).toEqual({ ...calm, lastMs: START_MS + 200_000 });
    expect(judged(state, 4)).toEqual([10, 'unconfirmed-drop']);
  });

  test('a proposal that is none', () => {
    const state = look(times(20, { value: Number.NaN }), {}, calm);
    expect(judged(state, 4)).toEqual([10, 'unconfirmed-drop']);
  });

  test('evidence exactly as old as it may be is believed, on either side', () => {
    for (const evidenceAgeMs of [30_000, -30_000]) {
      const state = look(times(6, { value: 4, evidenceAgeMs }), {}, calm);
      expect(judged(state, 4)).toEqual([4, PASSED]);
    }
  });
});

describe('the clock', () => {
  const calm = look([{ value: 10 }]);
  const at = (nowMs: number) => ({ nowMs, evidenceAgeMs: 0, value: 4, figures: [0.5] });

  test('set forward by hours, it confirms as much as half of the time asked for', () => {
    const once = confirm(calm, at(START_MS + 10_000_000));
    expect(once.trustedMs).toBe(30_000);
    expect(judged(once, 4)).toEqual([10, 'unconfirmed-drop']);
    expect(judged(confirm(once, at(START_MS + 20_000_000)), 4)).toEqual([4, PASSED]);
  });

  test('set back, it confirms nothing, and goes on from there', () => {
    const back = confirm(calm, at(500_000));
    expect(back).toMatchObject({ lastMs: 500_000, trustedMs: 0 });
    expect(confirm(back, at(510_000)).trustedMs).toBe(10_000);
  });

  test('that is none changes nothing', () => {
    expect(confirm(calm, at(Number.NaN))).toBe(calm);
  });
});

test('the memory is bounded, plain and goes on identically', () => {
  let state = NOTHING_CONFIRMED;
  for (let index = 0; index < 1_000; index += 1) {
    const nowMs = START_MS + index * 500;
    const value = 50 - (index % 50);
    const seen = { nowMs, evidenceAgeMs: 0, value, figures: [0.5] };
    const next = confirm(state, seen);
    expect(confirm(JSON.parse(JSON.stringify(state)) as Confirmation, seen)).toEqual(next);
    state = next;
  }
  expect(state.proposed.length).toBeLessThanOrEqual(17);
  expect(Math.max(...state.proposed.map(({ value }) => value))).toBe(50);
});

test.each([
  ['holdMs', { holdMs: 0 }],
  ['believeAfterMs', { believeAfterMs: -1 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: Number.NaN }],
])('%s: nonsense is refused', (field, config) => {
  const act = () => look([{ value: 1 }], config);
  expect(act).toThrowError(ConfigError);
  expect(act).toThrowError(new RegExp(`^confirm.${field} is `));
});
