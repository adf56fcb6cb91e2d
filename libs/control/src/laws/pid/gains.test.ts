import { describe, expect, test } from 'vitest';
import { gainsAt, rounded, sameGains, trackingSeconds, within } from './gains.ts';

const BASE = { kp: 9, ki: 9, kd: 9 };
const TABLE = [
  { at: 0, kp: 1, ki: 0.1, kd: 0 },
  { at: 10, kp: 2, ki: 0.4, kd: 5 },
  { at: 20, kp: 6, ki: 0.4, kd: 1 },
];

describe('schedule', () => {
  test.each([
    [-5, { kp: 1, ki: 0.1, kd: 0 }],
    [0, { kp: 1, ki: 0.1, kd: 0 }],
    [5, { kp: 1.5, ki: 0.25, kd: 2.5 }],
    [10, { kp: 2, ki: 0.4, kd: 5 }],
    [12, { kp: 2.8, ki: 0.4, kd: 4.2 }],
    [20, { kp: 6, ki: 0.4, kd: 1 }],
    [99, { kp: 6, ki: 0.4, kd: 1 }],
  ])('at %s', (at, gains) => {
    const found = gainsAt(TABLE, at, BASE);
    expect(found.kp).toBeCloseTo(gains.kp, 12);
    expect(found.ki).toBeCloseTo(gains.ki, 12);
    expect(found.kd).toBeCloseTo(gains.kd, 12);
  });

  test('without a table, or without the variable, the base gains', () => {
    expect(gainsAt([], 5, BASE)).toBe(BASE);
    expect(gainsAt(TABLE, null, BASE)).toBe(BASE);
  });

  test('one row holds everywhere', () => {
    const row = { at: 3, kp: 1, ki: 2, kd: 3 };
    for (const at of [0, 3, 9]) {
      expect(gainsAt([row], at, BASE)).toEqual({ kp: 1, ki: 2, kd: 3 });
    }
  });
});

test('gains are the same when all three are', () => {
  expect(sameGains(BASE, { ...BASE })).toBe(true);
  expect(sameGains(BASE, { ...BASE, kp: 1 })).toBe(false);
  expect(sameGains(BASE, { ...BASE, ki: 1 })).toBe(false);
  expect(sameGains(BASE, { ...BASE, kd: 1 })).toBe(false);
});

test.each([
  [{ kp: 2, ki: 0.1 }, null, 20],
  [{ kp: 2, ki: 0.1 }, 5_000, 5],
  [{ kp: 2, ki: 0.1 }, 50_000, 20],
  [{ kp: 0, ki: 0.1 }, null, 0],
  [{ kp: 2, ki: 0 }, null, Number.MAX_VALUE],
  [{ kp: 2, ki: 0 }, 5_000, 5],
])('tracking time is at most Ti: %o, %s', (gains, trackingTimeMs, seconds) => {
  expect(trackingSeconds({ ...gains, kd: 0 }, trackingTimeMs)).toBe(seconds);
});

test.each([
  [3.3, 0, 3.3],
  [3.3, 1, 3],
  [3.5, 1, 4],
  [3.3, 0.5, 3.5],
  [-0.4, 1, -0],
])('%s on positions %s apart is %s', (wanted, resolution, value) => {
  expect(rounded(wanted, resolution)).toBe(value);
});

test.each([
  [{ min: 0, max: null }, 3.3, 3.3],
  [{ min: 0, max: null }, -1, 0],
  [{ min: 0, max: 3 }, 3.3, 3],
  [{ min: 2, max: 3 }, 1.4, 2],
  [{ min: 2, max: 2 }, 9, 2],
])('within %o: %s', (limits, wanted, value) => {
  expect(within(limits, wanted)).toBe(value);
});
