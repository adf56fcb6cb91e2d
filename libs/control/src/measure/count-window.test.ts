import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countInto, countWithin, initCountWindow } from './count-window.ts';

const KINDS = ['total', 'errors', 'slow'] as const;
const MINUTE = { kinds: KINDS, bucketMs: 1_000, spanMs: 60_000 };
const NOW = 1_000_000;
const ZERO = { total: 0, errors: 0, slow: 0 };

test('agrees with counting every event, up to one bucket', () => {
  const events = fc.array(
    fc.record({ gapMs: fc.integer({ min: 0, max: 9_000 }), error: fc.boolean() }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(events, fc.integer({ min: 1_000, max: 60_000 }), (steps, spanMs) => {
      let state = initCountWindow(MINUTE);
      let nowMs = NOW;
      const log: (readonly [atMs: number, error: number])[] = [];
      for (const { gapMs, error } of steps) {
        nowMs += gapMs;
        state = countInto(state, nowMs, { total: 1, errors: error ? 1 : 0 });
        log.push([nowMs, error ? 1 : 0]);
      }
      const since = (ms: number) => log.filter(([atMs]) => atMs > ms);
      const counts = countWithin(state, nowMs, spanMs);
      const errorsOf = (some: typeof log) => some.reduce((sum, [, error]) => sum + error, 0);
      expect(counts.total).toBeGreaterThanOrEqual(since(nowMs - spanMs).length);
      expect(counts.total).toBeLessThanOrEqual(since(nowMs - spanMs - 1_000).length);
      expect(counts.errors).toBeGreaterThanOrEqual(errorsOf(since(nowMs - spanMs)));
      expect(counts.errors).toBeLessThanOrEqual(errorsOf(since(nowMs - spanMs - 1_000)));
      expect(counts.slow).toBe(0);
      expect(state.buckets).toHaveLength(61);
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    }),
  );
});

describe('edges', () => {
  const state = countInto(initCountWindow(MINUTE), NOW, { total: 10, errors: 2, slow: 1 });

  test('a bucket counts while any part of it is inside', () => {
    expect(countWithin(state, NOW, 60_000)).toEqual({ total: 10, errors: 2, slow: 1 });
    expect(countWithin(state, NOW + 60_999, 60_000).total).toBe(10);
    expect(countWithin(state, NOW + 61_000, 60_000)).toEqual(ZERO);
    expect(countWithin(state, NOW + 1_999, 1_000).total).toBe(10);
    expect(countWithin(state, NOW + 2_000, 1_000).total).toBe(0);
  });

  test('what lies in the future does not count yet', () => {
    expect(countWithin(state, NOW - 1, 60_000)).toEqual(ZERO);
    expect(countWithin(initCountWindow(MINUTE), 0, 60_000)).toEqual(ZERO);
  });

  test('a bucket is used again after one round, and only then', () => {
    const next = countInto(state, NOW + 61_000, { total: 1 });
    expect(next.buckets.filter(({ slot }) => slot >= 0)).toHaveLength(1);
    const both = countInto(state, NOW + 60_000, { total: 1 });
    expect(countWithin(both, NOW + 60_000, 60_000).total).toBe(11);
  });
});

describe('what is not counted', () => {
  const state = countInto(initCountWindow(MINUTE), NOW, { total: 10, errors: 2 });

  test.each([
    [NOW, { total: Number.NaN }],
    [NOW, { total: -1 }],
    [NOW, { total: 1, errors: Number.POSITIVE_INFINITY }],
    [Number.NaN, { total: 1 }],
    [-1, { total: 1 }],
    [1e300, { total: 1 }],
  ])('at %d: %o', (nowMs, counts) => {
    expect(countInto(state, nowMs, counts)).toBe(state);
  });

  test('nothing of a late count that the ring has room for is lost', () => {
    const late = countInto(state, NOW - 60_000, { total: 5 });
    expect(countWithin(late, NOW, 60_000).total).toBe(15);
    expect(countWithin(late, NOW - 60_000, 60_000).total).toBe(5);
    expect(late.newestSlot).toBe(NOW / 1_000);
  });

  test('later still it is ignored; three in a row, and the clock was set back', () => {
    const first = countInto(state, NOW - 61_000, { total: 5 });
    expect(first).toEqual({ ...state, late: 1 });
    const second = countInto(first, NOW - 500_000, { total: 5 });
    expect(countWithin(second, NOW, 60_000).total).toBe(10);
    const third = countInto(second, NOW - 500_000, { total: 7 });
    expect(countWithin(third, NOW - 500_000, 60_000)).toEqual({ ...ZERO, total: 7 });
    expect(third).toMatchObject({ late: 0, newestSlot: 500 });
    const inTime = countInto(second, NOW, { total: 1 });
    expect(inTime.late).toBe(0);
  });
});

test.each([
  [{ ...MINUTE, kinds: [] }, 'kinds'],
  [{ ...MINUTE, kinds: ['total', 'total'] as never }, 'kinds'],
  [{ ...MINUTE, bucketMs: 0 }, 'bucketMs'],
  [{ ...MINUTE, spanMs: 999 }, 'spanMs'],
  [{ ...MINUTE, spanMs: 1_000_001 }, 'spanMs'],
  [{ ...MINUTE, spanMs: Number.NaN }, 'spanMs'],
])('%o is refused', (config, field) => {
  expect(() => initCountWindow(config)).toThrowError(new RegExp(`^${field} is `));
});
