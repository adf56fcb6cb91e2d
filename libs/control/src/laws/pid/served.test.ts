import { describe, expect, test } from 'vitest';
import { meanServed, noteServed, type Served } from './served.ts';

/*
 *   0 s      10 s     20 s     30 s
 *   | 10     | 20     | 5
 */
const SERVED: Served = [
  { atMs: 0, ready: 10 },
  { atMs: 10_000, ready: 20 },
  { atMs: 20_000, ready: 5 },
];

describe('mean over a past span', () => {
  test.each([
    [0, 10_000, 10],
    [5_000, 15_000, 15],
    [0, 30_000, (10 + 20 + 5) / 3],
    [15_000, 25_000, 12.5],
    // before the first entry it is taken to have been the first
    [-10_000, 10_000, 10],
    // no span is an instant
    [12_000, 12_000, 20],
    [10_000, 10_000, 20],
    [-5_000, -5_000, 10],
  ])('from %i to %i: %f', (fromMs, toMs, expected) => {
    expect(meanServed(SERVED, fromMs, toMs, 99)).toBeCloseTo(expected, 9);
  });

  test('of nothing is what the caller says', () => {
    expect(meanServed([], 0, 10_000, 7)).toBe(7);
  });
});

describe('remembering', () => {
  test('notes changes only', () => {
    expect(noteServed(SERVED, 25_000, 5, 60_000)).toBe(SERVED);
    expect(noteServed(SERVED, 25_000, 6, 60_000).at(-1)).toEqual({ atMs: 25_000, ready: 6 });
  });

  test('forgets what no window reaches, but not what was in force at its start', () => {
    expect(noteServed(SERVED, 30_000, 6, 15_000).map((entry) => entry.ready)).toEqual([20, 5, 6]);
    expect(noteServed(SERVED, 35_000, 6, 15_000).map((entry) => entry.ready)).toEqual([5, 6]);
  });

  test('is bounded whatever the window', () => {
    let served: Served = [];
    for (let index = 0; index < 500; index += 1) {
      served = noteServed(served, index, index, 1e9);
    }
    expect(served.length).toBe(64);
    expect(served.at(-1)).toEqual({ atMs: 499, ready: 499 });
  });

  test('after a clock that went back the later entries are void', () => {
    expect(noteServed(SERVED, 15_000, 8, 60_000)).toEqual([
      { atMs: 0, ready: 10 },
      { atMs: 10_000, ready: 20 },
      { atMs: 15_000, ready: 8 },
    ]);
  });
});
