import { describe, expect, test } from 'vitest';
import { capacity } from '../laws/capacity/capacity.ts';
import { controllerOf, type Loop, runLoop } from './loop.ts';

/** Sums what it was given over time, in value x seconds. */
const counting = () => {
  let total = 0;
  return (value: number, dtMs: number) => {
    total += (value * dtMs) / 1_000;
    return total;
  };
};

const LOOP: Loop = {
  plant: counting,
  controller: () => (sample) => sample.applied + 1,
  setpoint: 5,
  value: 1,
  everyMs: 1_000,
  durationMs: 3_500,
};

describe('the loop', () => {
  test('one point a period, with what was measured before the value changed', () => {
    expect(runLoop(LOOP)).toEqual([
      { atMs: 1_000, setpoint: 5, measured: expect.closeTo(1, 9), value: 2 },
      { atMs: 2_000, setpoint: 5, measured: expect.closeTo(3, 9), value: 3 },
      { atMs: 3_000, setpoint: 5, measured: expect.closeTo(6, 9), value: 4 },
    ]);
  });

  test('a setpoint may change with time', () => {
    const setpoint = (atMs: number) => atMs / 1_000;
    expect(runLoop({ ...LOOP, setpoint }).map((point) => point.setpoint)).toEqual([1, 2, 3]);
  });

  test('extra delay is what the controller sees, not what is recorded', () => {
    const seen: number[] = [];
    const controller = () => (sample: { readonly measured: number }) => {
      seen.push(sample.measured);
      return 1;
    };
    const points = runLoop({ ...LOOP, controller, stepMs: 500, extraDelayMs: 1_500 });
    expect(seen).toEqual([0.5, 0.5, 1.5]);
    expect(points.map((point) => point.measured)).toEqual([1, 2, 3]);
  });

  test('a run that ends with a period has it, and a step may be as long', () => {
    expect(runLoop({ ...LOOP, durationMs: 3_000, stepMs: 1_000 }).length).toBe(3);
    expect(() => runLoop({ ...LOOP, stepMs: 300 })).toThrowError(
      'stepMs is 300: it must be a whole part of everyMs (1000)',
    );
  });

  test('every run begins anew', () => {
    expect(runLoop(LOOP)).toEqual(runLoop(LOOP));
  });

  test.each([
    ['everyMs', { everyMs: 0 }],
    ['stepMs', { stepMs: 300 }],
    ['stepMs', { stepMs: 0 }],
    ['stepMs', { stepMs: 2_000 }],
    ['stepMs', { stepMs: 3_000 }],
    ['extraDelayMs', { extraDelayMs: -1 }],
  ])('%s is refused: %o', (field, wrong) => {
    expect(() => runLoop({ ...LOOP, ...wrong })).toThrowError(new RegExp(`^${field} is `));
  });
});

test('a law is a controller', () => {
  const make = controllerOf(capacity, { utilization: 0.5 }, (sample) => ({
    nowMs: sample.nowMs,
    evidenceAgeMs: 0,
    ratePerSecond: sample.measured,
    serviceTimeMs: 1_000,
    applied: sample.applied,
  }));
  const controller = make();
  expect(controller({ nowMs: 1, setpoint: 0, measured: 10, applied: 3 })).toBe(20);
  // The same instant again: its state went on.
  expect(controller({ nowMs: 1, setpoint: 0, measured: 50, applied: 7 })).toBe(7);
  expect(make()({ nowMs: 1, setpoint: 0, measured: 50, applied: 7 })).toBe(100);
});
