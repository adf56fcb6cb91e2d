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
        {
          nowMs: firstMs + index * 10_000,
          evidenceAgeMs: 5_000,
          applied: 0,
          figures: [0.5],
          ...seen,
        },
        config,
      ),
    from,
  );
}

const times = <T>(count: number, value: T): readonly T[] =>
  Array.from({ length: count }, () => value);

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

  test('counts from the first look: what was applied then was right for somebody', () => {
    const early = look(times(6, { value: 4, applied: 10 }));
    expect(judged(early, 4)).toEqual([10, 'unconfirmed-drop']);
    expect(judged(look([{ value: 4, applied: 10 }], {}, early), 4)).toEqual([4, PASSED]);
  });

  test('is free without a confirmation', () => {
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
    expect(judged(after, 3)).toEqual([10, 'unconfirmed-drop']);
  });

  test('is believed after a quarter of an hour, and what follows from it a minute later', () => {
    const almost = look(times(89, zero), {}, calm);
    expect(almost.silentMs).toBe(890_000);
    expect(judged(almost, 1)).toEqual([10, 'sudden-silence']);
    expect(judged(look(times(5, zero), {}, almost), 1)).toEqual([10, 'unconfirmed-drop']);
    expect(judged(look(times(6, zero), {}, almost), 1)).toEqual([1, PASSED]);
  });

  test('that comes and goes adds up, and is believed in the end', () => {
    const calls = { value: 2, figures: [0.01], applied: 10 };
    const round = [...times(10, { ...zero, applied: 10 }), calls];
    const eight = look(times(8, round).flat(), {}, calm);
    expect(eight.silentMs).toBe(800_000);
    expect(judged(eight, 2)).toEqual([10, 'unconfirmed-drop']);
    const ten = look([...times(2, round).flat(), ...times(6, calls)], {}, eight);
    expect(judged(ten, 2)).toEqual([2, PASSED]);
  });

  test('is forgotten after a minute of sight', () => {
    const back = look([...times(20, zero), ...times(6, { value: 10 })], {}, calm);
    expect(back).toMatchObject({ soundMs: 60_000, silentMs: 0 });
    const early = look([...times(20, zero), ...times(5, { value: 10 })], {}, calm);
    expect(early).toMatchObject({ soundMs: 50_000, silentMs: 200_000 });
  });

  test('is over: what is applied counts until a minute after', () => {
    const old = look([...times(10, { value: 5 }), zero]);
    const half = { value: 3, applied: 9 };
    expect(judged(look(times(6, half), {}, old), 3, 9)).toEqual([9, 'unconfirmed-drop']);
    expect(judged(look(times(7, half), {}, old), 3, 9)).toEqual([3, PASSED]);
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
    const lastMs = START_MS + 200_000;
    expect(state).toEqual({ ...calm, lastMs, look: 'blind', blindMs: 200_000 });
    expect(judged(state, 4)).toEqual([10, 'blind-scale-down']);
    expect(judged(look([{ value: 12 }], {}, state), 4)).toEqual([10, 'unconfirmed-drop']);
  });

  test.each([{ value: Number.NaN }, { value: 4, applied: Number.NaN }])('%o', (broken) => {
    const state = look(times(20, broken), {}, calm);
    expect(judged(state, 4)).toEqual([10, 'blind-scale-down']);
  });

  test('a silence that ends in it is one all the same', () => {
    const old = look(times(10, { value: 5 }));
    const silent = look(
      [
        { value: 1, figures: [0] },
        { value: 1, figures: [null] },
      ],
      {},
      old,
    );
    const back = look([{ value: 3, applied: 9 }], {}, silent);
    expect(judged(back, 3, 9)).toEqual([9, 'unconfirmed-drop']);
    // One that is long over is none.
    const settled = look([{ value: 5 }, { value: 5, figures: [null] }], {}, silent);
    expect(judged(look([{ value: 3, applied: 9 }], {}, settled), 3, 9)[0]).toBe(5);
  });

  /*
   *   proposed 5 ... | nothing to be seen for a minute | 3    3 ...
   *   applied  9                                         9 counts
   */
  test('after more than a minute of it, what is applied counts again', () => {
    const old = look(times(10, { value: 5 }));
    const blind = { value: 1, figures: [null] };
    const half = { value: 3, applied: 9 };
    const long = look(times(6, blind), {}, old);
    expect(long.blindMs).toBe(60_000);
    const back = look([half], {}, long);
    expect(back.blindMs).toBe(0);
    expect(judged(back, 3, 9)).toEqual([9, 'unconfirmed-drop']);
    expect(judged(look(times(6, half), {}, back), 3, 9)).toEqual([3, PASSED]);
    const short = look([...times(5, blind), half], {}, old);
    expect(judged(short, 3, 9)).toEqual([5, 'unconfirmed-drop']);
  });

  test('evidence exactly as old as it may be is believed, on either side', () => {
    for (const evidenceAgeMs of [30_000, -30_000]) {
      const state = look(times(6, { value: 4, evidenceAgeMs }), {}, calm);
      expect(judged(state, 4)).toEqual([4, PASSED]);
    }
  });
});

/*
 *   8 ready, 40 % busy: 3.2 of them work, so that no fewer than 4 may stay
 */
describe('what works', () => {
  const applied = 10;
  const at = (utilization: number | null, ready = 8) =>
    look(times(7, { value: 1, applied, busy: { utilization, ready } }));

  test.each([
    [0.4, 4],
    [0.5, 4],
    [0.51, 5],
    [0.949, 8],
    [0.01, 1],
  ])('%f busy of 8: %i stay', (utilization, least) => {
    expect(judged(at(utilization), 1)[0]).toBe(least);
  });

  test('at 95 % and more nothing is taken away, those that start included', () => {
    expect(judged(at(0.95), 1)).toEqual([10, 'unconfirmed-drop']);
    expect(judged(at(1), 9)).toEqual([10, 'unconfirmed-drop']);
  });

  test('what is not known takes no part', () => {
    expect(judged(at(null), 1)[0]).toBe(1);
    expect(judged(at(Number.NaN), 1)[0]).toBe(1);
    expect(judged(at(0.5, Number.NaN), 1)[0]).toBe(1);
  });

  test('a window may show those that have left since', () => {
    const busy = { utilization: 0.5, ready: 20 };
    const before = look(times(7, { value: 1, applied, busy }));
    const after = look([{ value: 1, applied, busy: { utilization: 0.45, ready: 10 } }], {}, before);
    expect(judged(after, 1)).toEqual([10, 'unconfirmed-drop']);
    const settled = { value: 1, applied, busy: { utilization: 0.45, ready: 10 } };
    expect(judged(look(times(12, settled), {}, before), 1)).toEqual([5, 'unconfirmed-drop']);
  });

  test('a proposal above it stands', () => {
    const state = look(times(7, { value: 6, applied: 10, busy: { utilization: 0.4, ready: 8 } }));
    expect(judged(state, 6)).toEqual([6, PASSED]);
  });
});

describe('the clock', () => {
  const calm = look([{ value: 10 }]);
  const at = (nowMs: number) => ({
    nowMs,
    evidenceAgeMs: 0,
    value: 4,
    applied: 10,
    figures: [0.5],
  });

  test('set forward by hours, it confirms as much as half of the time asked for, and anew', () => {
    const once = confirm(calm, at(START_MS + 10_000_000));
    expect(once.trustedMs).toBe(30_000);
    expect(once.proposed).toEqual([
      { atMs: 0, value: 10, ready: 0 },
      { atMs: 30_000, value: 10, ready: 0 },
    ]);
    expect(judged(once, 4)).toEqual([10, 'unconfirmed-drop']);
  });

  test('a look after exactly as long as is asked is one more, after longer the first', () => {
    expect(confirm(calm, at(START_MS + 60_000)).proposed.at(-1)?.value).toBe(4);
    expect(confirm(calm, at(START_MS + 60_001)).proposed.at(-1)?.value).toBe(10);
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
    const seen = { nowMs, evidenceAgeMs: 0, value, applied: 10, figures: [0.5] };
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
