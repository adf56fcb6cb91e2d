import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meanOver, shiftWindow, startWindow, type Window, withFigure } from './window.ts';

const SPAN = { buckets: 5, bucketMs: 1_000 };

/** Figures as [second, value], the first one starts the window. */
function windowOf(...figures: readonly (readonly [number, number])[]): Window {
  const [first, ...others] = figures;
  const start = startWindow(SPAN, first?.[1] ?? 0, (first?.[0] ?? 0) * 1_000);
  return others.reduce(
    (window, [second, value]) => withFigure(window, SPAN, value, second * 1_000),
    start,
  );
}

describe('the ring', () => {
  test('begins with one bucket', () => {
    expect(startWindow(SPAN, 7, 500)).toEqual({
      means: [7, null, null, null, null],
      at: 0,
      atMs: 500,
      count: 1,
      newestMs: 500,
    });
  });

  test('a figure within the bucket is averaged into it, one a bucket later begins the next', () => {
    const within = windowOf([0, 4], [0.5, 8], [0.999, 9]);
    expect(within).toEqual({
      means: [7, null, null, null, null],
      at: 0,
      atMs: 0,
      count: 3,
      newestMs: 999,
    });
    expect(withFigure(within, SPAN, 1, 1_000)).toEqual({
      means: [7, 1, null, null, null],
      at: 1,
      atMs: 1_000,
      count: 1,
      newestMs: 1_000,
    });
  });

  test('buckets that were passed over are emptied, also over the end of the ring', () => {
    const full = windowOf([0, 1], [1, 2], [2, 3], [3, 4], [4, 5]);
    expect(full.means).toEqual([1, 2, 3, 4, 5]);
    expect(withFigure(full, SPAN, 9, 7_500)).toMatchObject({
      means: [null, null, 9, 4, 5],
      at: 2,
      atMs: 7_000,
    });
    expect(withFigure(full, SPAN, 9, 8_000).means).toEqual([null, null, null, 9, 5]);
  });

  test('a gap as long as the ring or longer leaves the newest alone', () => {
    const full = windowOf([0, 1], [1, 2], [2, 3], [3, 4], [4, 5]);
    for (const [second, atMs] of [
      [9, 9_000],
      [10.5, 10_000],
      [1_000_000.2, 1_000_000_000],
    ] as const) {
      const after = withFigure(full, SPAN, 9, second * 1_000);
      expect(after.means.filter((mean) => mean !== null)).toEqual([9]);
      expect(after.means[after.at]).toBe(9);
      expect(after.atMs).toBe(atMs);
    }
  });

  test('the same evidence again, or older evidence, is not taken', () => {
    const window = windowOf([0, 4], [2, 8]);
    expect(withFigure(window, SPAN, 99, 2_000)).toBe(window);
    expect(withFigure(window, SPAN, 99, 1_000)).toBe(window);
    expect(withFigure(window, SPAN, 99, 2_001)).not.toBe(window);
  });

  test('moves with the clock', () => {
    const window = windowOf([10, 4], [10.5, 8]);
    expect(shiftWindow(window, -3_000)).toEqual({ ...window, atMs: 7_000, newestMs: 7_500 });
  });
});

describe('means', () => {
  test('end at the newest bucket and leave out the empty ones', () => {
    const window = windowOf([0, 10], [1, 20], [4, 60]);
    expect(meanOver(window, 1)).toBe(60);
    expect(meanOver(window, 3)).toBe(60);
    expect(meanOver(window, 4)).toBe(40);
    expect(meanOver(window, 5)).toBe(30);
    expect(meanOver(window, 99)).toBe(30);
  });

  test('are those of a list of all that came', () => {
    const figures = fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.nat(100)), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(figures, fc.integer({ min: 1, max: 5 }), (pairs, buckets) => {
        const all: [number, number][] = [];
        let window: Window | null = null;
        let takenMs = 0;
        for (const [gapMs, value] of pairs) {
          takenMs += gapMs;
          all.push([takenMs, value]);
          window =
            window === null
              ? startWindow(SPAN, value, takenMs)
              : withFigure(window, SPAN, value, takenMs);
        }
        const bucketOf = (atMs: number) => Math.floor((atMs - (all[0]?.[0] ?? 0)) / 1_000);
        const newest = bucketOf(takenMs);
        const means: number[] = [];
        for (let bucket = newest; bucket > newest - buckets; bucket -= 1) {
          const inside = all.filter(([atMs]) => bucketOf(atMs) === bucket);
          if (inside.length > 0) {
            means.push(inside.reduce((sum, [, value]) => sum + value, 0) / inside.length);
          }
        }
        const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
        expect(meanOver(window as Window, buckets)).toBeCloseTo(mean, 9);
      }),
    );
  });
});
