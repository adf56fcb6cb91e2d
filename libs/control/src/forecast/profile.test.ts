import { expect, test } from 'vitest';
import { initProfile, noteProfile, type ProfileState, profileAt } from './profile.ts';

/** A week of three slots; each row is a week. */
function run(weeks: readonly (readonly (number | null)[])[], keep = 4): ProfileState {
  return weeks
    .flat()
    .reduce(
      (state: ProfileState, value, slot) =>
        value === null ? state : noteProfile(state, { slot, value }),
      initProfile({ seasonSlots: 3, keep }),
    );
}

test('the median of the same weekday, from the second week on', () => {
  expect(profileAt(run([[1, 2, 3]]), 3)).toBeNull();
  const two = run([
    [10, 20, 30],
    [20, 20, 50],
  ]);
  expect([6, 7, 8].map((slot) => profileAt(two, slot))).toEqual([15, 20, 40]);
});

test('one odd Monday does not move it far', () => {
  const weeks = [
    [10, 5, 5],
    [11, 5, 5],
    [900, 5, 5],
    [12, 5, 5],
  ];
  expect(profileAt(run(weeks), 12)).toBe(11.5);
  expect(profileAt(run([...weeks, [13, 5, 5]]), 15)).toBe(12.5);
});

test('quantiles between the values are interpolated', () => {
  const state = run([[0], [10], [20], [40]].map(([value]) => [value as number, 1, 1]));
  const of = (q: number) => profileAt(state, 0, q);
  expect([0, 0.25, 0.5, 0.75, 1].map(of)).toEqual([0, 7.5, 15, 25, 40]);
  expect([-0.1, 1.1, Number.NaN].map(of)).toEqual([null, null, null]);
});

test('only the last weeks count', () => {
  const state = run(
    [
      [100, 1, 1],
      [100, 1, 1],
      [2, 1, 1],
      [4, 1, 1],
    ],
    2,
  );
  expect(profileAt(state, 0)).toBe(3);
  expect(state.phases[0]).toEqual([2, 4]);
});

test('between two slots it is interpolated, and needs to know both', () => {
  const known = run([
    [10, 20, 30],
    [10, 20, 30],
  ]);
  expect(profileAt(known, 0.25)).toBe(12.5);
  expect(profileAt(known, 2.5)).toBe(20);
  expect(profileAt(known, -1)).toBe(30);
  const partly = run([
    [10, 20, 30],
    [10, 20, null],
  ]);
  expect(profileAt(partly, 1)).toBe(20);
  expect(profileAt(partly, 1.5)).toBeNull();
  expect(profileAt(partly, 2)).toBeNull();
});

test('a gap leaves what is known, and a slot told twice counts once', () => {
  const state = run([
    [10, 20, 30],
    [null, null, null],
    [12, 20, 30],
  ]);
  expect(profileAt(state, 0)).toBe(11);
  expect(noteProfile(state, { slot: 8, value: 999 })).toBe(state);
  expect(noteProfile(state, { slot: 2, value: 999 })).toBe(state);
});

test('the limits are allowed', () => {
  expect(initProfile({ seasonSlots: 2_016, keep: 16 }).phases).toHaveLength(2_016);
  expect(initProfile({ seasonSlots: 2, keep: 2 }).phases).toEqual([[], []]);
});

test.each([
  [{ seasonSlots: 1 }, 'seasonSlots'],
  [{ seasonSlots: 2_017 }, 'seasonSlots'],
  [{ seasonSlots: 7, keep: 1 }, 'keep'],
  [{ seasonSlots: 7, keep: 17 }, 'keep'],
])('%o is refused', (config, field) => {
  expect(() => initProfile(config)).toThrowError(new RegExp(`^${field} is `));
});
