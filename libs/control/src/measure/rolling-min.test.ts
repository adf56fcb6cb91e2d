import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initRollingMin, type RollingMinState, rollingMin, stepRollingMin } from './rolling-min.ts';

function run(samples: readonly (readonly [atMs: number, value: number])[], most = 64) {
  return samples.reduce(
    (state: RollingMinState, [atMs, value]) => stepRollingMin(state, { atMs, value }),
    initRollingMin({ spanMs: 10_000, most }),
  );
}

test('agrees with looking at every sample, in any order within the span', () => {
  const samples = fc.array(
    fc.tuple(fc.integer({ min: -3_000, max: 6_000 }), fc.integer({ min: 0, max: 50 })),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(samples, (steps) => {
      let state = initRollingMin({ spanMs: 10_000, most: 256 });
      const seen: (readonly [number, number])[] = [];
      let atMs = 100_000;
      let newestMs = 0;
      for (const [gapMs, value] of steps) {
        atMs = Math.max(newestMs - 9_999, atMs + gapMs);
        newestMs = Math.max(newestMs, atMs);
        state = stepRollingMin(state, { atMs, value });
        seen.push([atMs, value]);
        const inside = seen.filter(([ms]) => ms > newestMs - 10_000).map(([, each]) => each);
        expect(rollingMin(state, newestMs)).toBe(Math.min(...inside));
      }
    }),
  );
});

test('a value counts for exactly the span', () => {
  const state = run([
    [1_000, 3],
    [5_000, 7],
  ]);
  expect(rollingMin(state, 10_999)).toBe(3);
  expect(rollingMin(state, 11_000)).toBe(7);
  expect(rollingMin(state, 15_000)).toBeNull();
  expect(rollingMin(initRollingMin({ spanMs: 1 }), 0)).toBeNull();
});

describe('bounded', () => {
  // The lowest first, then one higher after the other.
  const rising = (count: number, everyMs = 10) =>
    Array.from({ length: count }, (_, k) => [k * everyMs, k] as const);

  test('the one that would answer for the shortest time is left out', () => {
    const state = run(
      [
        [0, 1],
        [1_000, 2],
        [3_000, 3],
        [3_500, 4],
        [6_000, 5],
      ],
      4,
    );
    expect(state.queue.map(({ value }) => value)).toEqual([1, 2, 3, 5]);
    expect(rollingMin(state, 13_200)).toBe(5);
  });

  test('the lowest and the newest stay', () => {
    const state = run(rising(500), 8);
    expect(state.queue).toHaveLength(8);
    expect(rollingMin(state, 4_990)).toBe(0);
    expect(state.queue.at(-1)).toEqual({ atMs: 4_990, value: 499 });
    const times = state.queue.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe('what is ignored', () => {
  const state = run([[50_000, 5]]);

  test.each([
    [60_000, Number.NaN],
    [60_000, -1],
    [60_000, Number.POSITIVE_INFINITY],
    [Number.NaN, 1],
  ])('at %d: %d', (atMs, value) => {
    expect(stepRollingMin(state, { atMs, value })).toBe(state);
  });

  test('what is older than the span; three in a row, and the clock was set back', () => {
    const late = (from: RollingMinState) => stepRollingMin(from, { atMs: 40_000, value: 1 });
    expect(late(state)).toEqual({ ...state, late: 1 });
    expect(rollingMin(late(late(state)), 50_000)).toBe(5);
    expect(late(late(late(state)))).toEqual({ ...state, queue: [{ atMs: 40_000, value: 1 }] });
    const inTime = stepRollingMin(late(late(state)), { atMs: 40_001, value: 1 });
    expect(inTime.late).toBe(0);
    expect(rollingMin(inTime, 50_000)).toBe(1);
    expect(rollingMin(inTime, 50_001)).toBe(5);
  });
});

test.each([
  [{ spanMs: 0 }, 'spanMs'],
  [{ spanMs: 1, most: 3 }, 'most'],
  [{ spanMs: 1, most: 257 }, 'most'],
])('%o is refused', (config, field) => {
  expect(() => initRollingMin(config)).toThrowError(new RegExp(`^${field} is `));
});
