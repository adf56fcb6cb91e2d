import { describe, expect, test } from 'vitest';
import { nextLastMs, refuse } from './refuse.ts';

const seen = (nowMs: number, evidenceAgeMs: number | null = 0) => ({ nowMs, evidenceAgeMs });

describe('what no law may act on', () => {
  test.each([
    ['a clock that is none', null, seen(Number.NaN), 'invalid-measure'],
    ['an endless one', null, seen(Number.POSITIVE_INFINITY), 'invalid-measure'],
    ['one that went back', 1_000, seen(999), 'clock-went-back'],
    ['the same instant again', 1_000, seen(1_000), 'same-instant'],
    ['no evidence', 1_000, seen(1_001, null), 'no-evidence'],
    ['an age that is none', 1_000, seen(1_001, Number.NaN), 'no-evidence'],
    ['evidence too old', 1_000, seen(1_001, 30_001), 'stale-evidence'],
    ['evidence from the future', 1_000, seen(1_001, -30_001), 'stale-evidence'],
    ['as old as it may be', 1_000, seen(1_001, 30_000), null],
    ['as far ahead as it may be', 1_000, seen(1_001, -30_000), null],
    ['the first look', null, seen(0), null],
    ['a later one', 1_000, seen(1_001), null],
  ] as const)('%s', (_name, lastMs, input, reason) => {
    expect(refuse(lastMs, input, 30_000)).toBe(reason);
  });

  test('the clock is judged before the evidence', () => {
    expect(refuse(1_000, seen(999, null), 30_000)).toBe('clock-went-back');
    expect(refuse(1_000, seen(Number.NaN, null), 30_000)).toBe('invalid-measure');
  });
});

test('after a step back the new clock is believed, a broken one is not', () => {
  expect(nextLastMs(1_000, 2_000)).toBe(2_000);
  expect(nextLastMs(1_000, 500)).toBe(500);
  expect(nextLastMs(null, 500)).toBe(500);
  expect(nextLastMs(1_000, Number.NaN)).toBe(1_000);
  expect(nextLastMs(null, Number.POSITIVE_INFINITY)).toBeNull();
});
