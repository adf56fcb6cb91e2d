import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type HoltWintersConfig,
  type HoltWintersState,
  holtWintersAt,
  initHoltWinters,
  noteHoltWinters,
} from './holt-winters.ts';

function run(
  config: HoltWintersConfig,
  values: readonly (number | null)[],
  from = 1_000,
): HoltWintersState {
  return values.reduce(
    (state: HoltWintersState, value, k) =>
      value === null ? state : noteHoltWinters(state, { slot: from + k, value }),
    initHoltWinters(config),
  );
}

/*
 *   season of 4: 0, +6, -2, -4, on a level of 50 that grows by 0.5 a slot
 */
const SEASON = [0, 6, -2, -4];
const at = (slot: number) => 50 + 0.5 * (slot - 1_000) + (SEASON[slot % 4] as number);
const series = (length: number) => Array.from({ length }, (_, k) => at(1_000 + k));

test('says nothing before two whole seasons', () => {
  expect(holtWintersAt(run({ seasonSlots: 4 }, series(7)), 1_008)).toBeNull();
  expect(holtWintersAt(run({ seasonSlots: 4 }, series(8)), 1_008)).toBeCloseTo(at(1_008), 9);
});

test('a season with a trend goes on', () => {
  for (const length of [8, 9, 15, 100]) {
    const state = run({ seasonSlots: 4 }, series(length));
    for (let ahead = 0; ahead < 9; ahead += 1) {
      const slot = 1_000 + length - 1 + ahead;
      expect(holtWintersAt(state, slot)).toBeCloseTo(at(slot), 9);
    }
  }
});

test('begins with the level and the trend of now, and a season around 0', () => {
  const { model } = run({ seasonSlots: 4 }, series(8));
  expect(model?.level).toBeCloseTo(53.5, 9);
  expect(model?.trend).toBeCloseTo(0.5, 9);
  // The phases of slots 1000 to 1003 begin at 0.
  for (const [phase, height] of SEASON.entries()) {
    expect(model?.season[phase]).toBeCloseTo(height, 9);
  }
});

test('a season may be as short as two and as long as 2,016 slots', () => {
  expect(() => initHoltWinters({ seasonSlots: 2, alpha: 1, beta: 0, gamma: 1 })).not.toThrow();
  expect(() => initHoltWinters({ seasonSlots: 2_016, beta: 1, gamma: 0 })).not.toThrow();
});

test('between two slots it is interpolated', () => {
  const state = run({ seasonSlots: 4 }, series(8));
  const half = (at(1_009) + at(1_010)) / 2;
  expect(holtWintersAt(state, 1_009.5)).toBeCloseTo(half, 9);
});

test('a forecast is never negative', () => {
  const state = run({ seasonSlots: 2 }, [9, 3, 5, 0]);
  expect(holtWintersAt(state, 1_040)).toBe(0);
});

test('one step is the formula', () => {
  const config = { seasonSlots: 4, alpha: 0.3, beta: 0.1, gamma: 0.4 };
  const before = run(config, series(8));
  const { level, trend, season } = before.model as NonNullable<HoltWintersState['model']>;
  const after = noteHoltWinters(before, { slot: 1_008, value: 90 }).model;
  const usual = season[0] as number;
  const nextLevel = 0.3 * (90 - usual) + 0.7 * (level + trend);
  expect(after?.level).toBeCloseTo(nextLevel, 9);
  expect(after?.trend).toBeCloseTo(0.1 * (nextLevel - level) + 0.9 * trend, 9);
  expect(after?.season[0]).toBeCloseTo(0.4 * (90 - nextLevel) + 0.6 * usual, 9);
  expect(after?.season.slice(1)).toEqual(season.slice(1));
});

describe('gaps', () => {
  test('are no zeros: the forecast goes on over them', () => {
    const values: (number | null)[] = series(40);
    for (const k of [9, 10, 11, 17, 23, 24, 30]) values[k] = null;
    const state = run({ seasonSlots: 4 }, values);
    expect(holtWintersAt(state, 1_045)).toBeCloseTo(at(1_045), 9);
  });

  test('in the first two seasons: a quarter may be missing, but no phase in both', () => {
    const with_ = (missing: readonly number[], length = 8) => {
      const values: (number | null)[] = series(length);
      for (const k of missing) values[k] = null;
      return run({ seasonSlots: 4 }, values);
    };
    // The trend comes from the phases seen twice, and is exact here.
    expect(holtWintersAt(with_([1, 6]), 1_009)).toBeCloseTo(at(1_009), 9);
    expect(with_([1, 5]).model).toBeNull();
    expect(with_([1, 4, 6]).model).toBeNull();
    // One season more, and the newest two will do.
    expect(holtWintersAt(with_([1, 5], 12), 1_013)).toBeCloseTo(at(1_013), 9);
  });

  test('a gap of two seasons begins anew, a shorter one does not', () => {
    const state = run({ seasonSlots: 4 }, series(12));
    const short = noteHoltWinters(state, { slot: 1_018, value: at(1_018) });
    expect(short.model).not.toBeNull();
    expect(holtWintersAt(short, 1_020)).toBeCloseTo(at(1_020), 9);
    const long = noteHoltWinters(state, { slot: 1_019, value: 5 });
    expect(long).toMatchObject({ model: null, first: [5], lastSlot: 1_019 });
  });

  test('a gap in the first season that reaches past the second waits on', () => {
    let state = run({ seasonSlots: 4 }, series(6));
    state = noteHoltWinters(state, { slot: 1_012, value: at(1_012) });
    expect(state.model).toBeNull();
    expect(state.first).toHaveLength(4);
  });
});

test('a slot that is not newer is ignored', () => {
  const state = run({ seasonSlots: 4 }, series(9));
  expect(noteHoltWinters(state, { slot: 1_008, value: 9 })).toBe(state);
  expect(noteHoltWinters(state, { slot: 3, value: 9 })).toBe(state);
});

test('phases follow the slot, below zero too', () => {
  const state = run({ seasonSlots: 4 }, [1, 2, 3, 4, 1, 2, 3, 4], -8);
  expect([0, 1, 2, 3].map((slot) => holtWintersAt(state, slot))).toEqual([1, 2, 3, 4]);
});

test('whatever comes, its state is bounded, finite and survives JSON', () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 12 }), fc.double({ min: 0, max: 1e6, noNaN: true })),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 6 }), (gaps, seasonSlots) => {
      let state = initHoltWinters({ seasonSlots });
      let slot = 0;
      for (const [gap, value] of gaps) {
        slot += gap;
        state = noteHoltWinters(state, { slot, value });
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        expect(state.first.length).toBeLessThan(2 * seasonSlots);
        const said = holtWintersAt(state, slot + 3);
        expect(said === null || (Number.isFinite(said) && said >= 0)).toBe(true);
      }
    }),
  );
});

test.each([
  [{ seasonSlots: 1 }, 'seasonSlots'],
  [{ seasonSlots: 2_017 }, 'seasonSlots'],
  [{ seasonSlots: 2.5 }, 'seasonSlots'],
  [{ seasonSlots: 4, alpha: 0 }, 'alpha'],
  [{ seasonSlots: 4, alpha: 1.1 }, 'alpha'],
  [{ seasonSlots: 4, beta: -0.1 }, 'beta'],
  [{ seasonSlots: 4, gamma: Number.NaN }, 'gamma'],
])('%o is refused', (config, field) => {
  expect(() => initHoltWinters(config)).toThrowError(new RegExp(`^${field} is `));
});
