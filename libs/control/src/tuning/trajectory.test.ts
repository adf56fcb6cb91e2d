import { describe, expect, test } from 'vitest';
import {
  type ControlPoint,
  effort,
  iae,
  itae,
  overshootRatio,
  qualityOf,
  reversalsPerHour,
  settlingMs,
} from './trajectory.ts';

/** Ten seconds apart, from 100 s on. */
function points(
  signals: readonly number[],
  values: readonly number[] = signals,
  setpoint = 10,
): readonly ControlPoint[] {
  return signals.map((measured, index) => ({
    atMs: 100_000 + index * 10_000,
    setpoint,
    measured,
    value: values[index] ?? 0,
  }));
}

describe('errors', () => {
  test('IAE: each point holds until the next', () => {
    // 10 s of 10, 10 s of 4, 10 s of 2; the last holds for no time.
    expect(iae(points([0, 6, 12, 50]))).toBe(100 + 40 + 20);
  });

  test('ITAE: late errors weigh more', () => {
    expect(itae(points([0, 6, 12, 50]))).toBe(0 * 100 + 10 * 40 + 20 * 20);
  });

  test.each([iae, itae])('%o of nothing and of one point is 0', (figure) => {
    expect(figure([])).toBe(0);
    expect(figure(points([3]))).toBe(0);
  });
});

describe('overshoot', () => {
  test('beyond the last setpoint, as a share of the way', () => {
    expect(overshootRatio(points([0, 6, 12, 9]))).toBeCloseTo(0.2, 12);
    expect(overshootRatio(points([20, 8, 10, 9]))).toBeCloseTo(0.2, 12);
  });

  test('the last setpoint is the goal', () => {
    const run = points([0, 6, 12, 9]).map((point, index) => ({ ...point, setpoint: 5 + index }));
    // 8 in the end: 12 is half of the way beyond it.
    expect(overshootRatio(run)).toBeCloseTo(0.5, 12);
  });

  test('none is 0, no way to go is null', () => {
    expect(overshootRatio(points([0, 6, 10, 9]))).toBe(0);
    expect(overshootRatio(points([10, 12]))).toBeNull();
    expect(overshootRatio([])).toBeNull();
  });
});

describe('settling', () => {
  test('the time from which on it stays inside, edges included', () => {
    expect(settlingMs(points([0, 10, 8.9, 9, 11, 10]), 1)).toBe(30_000);
    expect(settlingMs(points([9, 10, 11]), 1)).toBe(0);
  });

  test('null when it does not', () => {
    expect(settlingMs(points([0, 10, 8.9]), 1)).toBeNull();
    expect(settlingMs(points([0, 10, Number.NaN]), 1)).toBeNull();
    expect(settlingMs([], 1)).toBeNull();
  });
});

describe('the actuator', () => {
  test('effort is all it moved', () => {
    expect(effort(points([0, 0, 0, 0], [1, 4, 2, 2]))).toBe(5);
    expect(effort([])).toBe(0);
  });

  test('reversals per hour; standing still between two moves makes no difference', () => {
    // Up, stands, down, up: two reversals in 40 s.
    expect(reversalsPerHour(points([0, 0, 0, 0, 0], [1, 4, 4, 2, 3]))).toBe((2 * 3_600) / 40);
    expect(reversalsPerHour(points([0, 0, 0], [1, 2, 3]))).toBe(0);
    expect(reversalsPerHour(points([0], [1]))).toBe(0);
    expect(reversalsPerHour([])).toBe(0);
  });
});

test('all of it at once', () => {
  const run = points([0, 12, 10], [3, 1, 2]);
  expect(qualityOf(run, 1)).toEqual({
    iae: 120,
    itae: 200,
    overshootRatio: 0.2,
    settlingMs: 20_000,
    effort: 3,
    reversalsPerHour: 180,
  });
});
