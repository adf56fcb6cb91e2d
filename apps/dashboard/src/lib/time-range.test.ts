import { expect, test } from 'vitest';
import { chooseRange, rangeKey, resolveRange, timeTicks } from './time-range.ts';

test('a range with both ends in order wins over the preset', () => {
  expect(chooseRange('1h', 1000, 2000)).toEqual({ kind: 'fixed', fromMs: 1000, toMs: 2000 });
  expect(chooseRange('6h', 2000, 1000)).toEqual({ kind: 'preset', id: '6h' });
  expect(chooseRange('6h', 1000, null)).toEqual({ kind: 'preset', id: '6h' });
});

test('a preset ends now, a fixed range stays where it is', () => {
  expect(resolveRange({ kind: 'preset', id: '15m' }, 10_000_000)).toEqual({
    fromMs: 10_000_000 - 900_000,
    toMs: 10_000_000,
  });
  const fixed = { kind: 'fixed', fromMs: 1, toMs: 2 } as const;
  expect(resolveRange(fixed, 10_000_000)).toEqual({ fromMs: 1, toMs: 2 });
  expect(rangeKey(fixed)).not.toBe(rangeKey({ kind: 'preset', id: '1h' }));
});

test('ticks are at round times within the range, about as many as asked for', () => {
  const fromMs = Date.UTC(2026, 10, 21, 10, 48, 11);
  const ticks = timeTicks(fromMs, fromMs + 3_600_000, 6);
  expect(ticks.length).toBeGreaterThanOrEqual(5);
  expect(ticks.length).toBeLessThanOrEqual(8);
  for (const tick of ticks) {
    expect(tick).toBeGreaterThanOrEqual(fromMs);
    expect(new Date(tick).getMinutes() % 10).toBe(0);
    expect(new Date(tick).getSeconds()).toBe(0);
  }
});
