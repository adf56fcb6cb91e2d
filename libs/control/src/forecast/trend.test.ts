import { describe, expect, test } from 'vitest';
import { initTrend, noteTrend, type TrendState, trendAt } from './trend.ts';

function run(values: readonly (number | null)[], config = {}, from = 100): TrendState {
  return values.reduce(
    (state: TrendState, value, k) =>
      value === null ? state : noteTrend(state, { slot: from + k, value }),
    initTrend(config),
  );
}
const line = (length: number, at: (k: number) => number) => Array.from({ length }, (_, k) => at(k));

test('a line goes on', () => {
  const state = run(line(12, (k) => 50 + 2 * k));
  expect(state.line).toEqual({ level: 72, slope: 2 });
  expect(trendAt(state, 111)).toBe(72);
  expect(trendAt(state, 114)).toBe(78);
  expect(trendAt(state, 113.5)).toBe(77);
});

test('a curve: the medians of its slopes and levels, for even and odd numbers of points', () => {
  // Two pairs of slope 2 and 4; levels 9, 7, 7 and 9.
  expect(run([0, 1, 4, 9], { slots: 4 }).line).toEqual({ level: 8, slope: 3 });
  // Three pairs of slope 2, 4 and 6; levels 16, 13, 12, 13 and 16.
  expect(run([0, 1, 4, 9, 16], { slots: 5 }).line).toEqual({ level: 13, slope: 4 });
});

test('a falling line ends at zero, not below', () => {
  const state = run(line(12, (k) => 24 - 2 * k));
  expect(trendAt(state, 112)).toBe(0);
  expect(trendAt(state, 200)).toBe(0);
});

test('only the last slots count', () => {
  const state = run([...line(30, () => 7), ...line(12, (k) => 50 + 2 * k)]);
  expect(state.line?.slope).toBe(2);
  expect(state.values).toHaveLength(12);
});

describe('fewer than a quarter of outliers turn nothing', () => {
  test.each([[0], [3], [6], [11]])('one at %d', (at) => {
    const values = line(12, (k) => 50 + 2 * k);
    values[at] = 5_000;
    expect(run(values).line).toEqual({ level: 72, slope: 2 });
  });

  test('two, of either sign', () => {
    const values = line(12, (k) => 50 + 2 * k);
    values[2] = 0;
    values[10] = 9_999;
    expect(run(values).line).toEqual({ level: 72, slope: 2 });
  });
});

test('half of its slots must have been seen, and four at least', () => {
  expect(run(line(5, (k) => k)).line).toBeNull();
  expect(trendAt(run(line(5, (k) => k)), 120)).toBeNull();
  expect(run(line(6, (k) => k)).line).not.toBeNull();
  expect(
    run(
      line(3, (k) => k),
      { slots: 4 },
    ).line,
  ).toBeNull();
  expect(
    run(
      line(4, (k) => k),
      { slots: 4 },
    ).line,
  ).not.toBeNull();
});

test('gaps are no points: the line through the others is the same', () => {
  const values = line(12, (k) => (k % 3 === 1 ? null : 50 + 2 * k) as number);
  expect(run(values).line).toEqual({ level: 72, slope: 2 });
});

test('after a gap as long as the window it begins anew', () => {
  const state = run(line(12, (k) => 50 + 2 * k));
  expect(noteTrend(state, { slot: 122, value: 3 }).slots).toEqual([111, 122]);
  expect(noteTrend(state, { slot: 123, value: 3 })).toMatchObject({ slots: [123], line: null });
});

test('a slot that is not newer is ignored', () => {
  const state = run(line(12, (k) => k));
  expect(noteTrend(state, { slot: 111, value: 99 })).toBe(state);
  expect(noteTrend(state, { slot: 5, value: 99 })).toBe(state);
});

test.each([3, 33, 4.5, Number.NaN])('a window of %d slots is refused', (slots) => {
  expect(() => initTrend({ slots })).toThrowError(/^slots is .*: it must be a whole number from 4/);
});
