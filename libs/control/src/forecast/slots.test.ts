import { expect, test } from 'vitest';
import { initSlots, noteSlot, positionOf, type Sample, type SlotState } from './slots.ts';

function run(samples: readonly (readonly [atMs: number, value: number])[], slotMs = 10_000) {
  let state = initSlots(slotMs);
  const closed: (readonly [number, number])[] = [];
  for (const [atMs, value] of samples) {
    const step = noteSlot(state, { atMs, value });
    state = step.state;
    if (step.closed !== null) closed.push([step.closed.slot, step.closed.value]);
  }
  return { state, closed };
}

test('a slot is the mean of its samples, told when the next one begins', () => {
  expect(
    run([
      [10_000, 4],
      [15_000, 6],
      [19_999, 8],
    ]).closed,
  ).toEqual([]);
  expect(
    run([
      [10_000, 4],
      [15_000, 6],
      [19_999, 8],
      [20_000, 100],
      [30_000, 1],
    ]).closed,
  ).toEqual([
    [1, 6],
    [2, 100],
  ]);
});

test('a gap is not a zero: the slots in between are never told', () => {
  const { closed } = run([
    [10_000, 5],
    [90_000, 7],
    [100_000, 7],
  ]);
  expect(closed).toEqual([
    [1, 5],
    [9, 7],
  ]);
});

test('two samples of one instant both count; zero is a value', () => {
  const { closed } = run([
    [10_000, 4],
    [10_000, 0],
    [20_000, 0],
  ]);
  expect(closed).toEqual([[1, 2]]);
});

const KNOWN = run([[50_000, 5]]).state;
const late = (state: SlotState, sample: Sample) => noteSlot(state, sample);

test.each([
  ['NaN', { atMs: 60_000, value: Number.NaN }],
  ['infinite', { atMs: 60_000, value: Number.POSITIVE_INFINITY }],
  ['negative', { atMs: 60_000, value: -1 }],
  ['without a time', { atMs: Number.NaN, value: 1 }],
  ['beyond all time', { atMs: 1e300, value: 1 }],
])('a sample that is %s changes nothing', (_what, sample) => {
  const step = noteSlot(KNOWN, sample);
  expect(step).toEqual({ state: KNOWN, closed: null, restarted: false });
  expect(step.state).toBe(KNOWN);
});

test('late samples are ignored; the third in a row means that the clock was set back', () => {
  const first = late(KNOWN, { atMs: 49_999, value: 9 });
  const second = late(first.state, { atMs: 20_000, value: 9 });
  expect(second).toEqual({ state: { ...KNOWN, late: 2 }, closed: null, restarted: false });
  const third = late(second.state, { atMs: 25_000, value: 9 });
  expect(third).toEqual({
    state: { slotMs: 10_000, lastMs: 25_000, sum: 9, count: 1, late: 0 },
    closed: null,
    restarted: true,
  });
  // A sample in time in between: the late ones were just late.
  const inTime = late(second.state, { atMs: 50_001, value: 7 });
  expect(inTime.state).toMatchObject({ late: 0, sum: 12, count: 2 });
  expect(late(second.state, { atMs: 60_000, value: 7 }).state.late).toBe(0);
});

test('a moment on the grid: the middle of a slot is its number', () => {
  expect(positionOf(10_000, 25_000)).toBe(2);
  expect(positionOf(10_000, 20_000)).toBe(1.5);
  expect(() => initSlots(0)).toThrowError(/^slotMs is 0/);
});
