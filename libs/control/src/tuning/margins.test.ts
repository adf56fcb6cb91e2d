import { describe, expect, test } from 'vitest';
import { runLoop } from './loop.ts';
import { deadTimeMargin, gainMargin, isRestless } from './margins.ts';
import { firstOrder, ultimateOf } from './plants.fixture.ts';
import type { Trajectory } from './trajectory.ts';

const PLANT = { gain: 2, timeConstantMs: 10_000, deadTimeMs: 2_000 };
const EVERY_MS = 200;
/** A sampled loop acts half a period late on average. */
const SAMPLED = { ...PLANT, deadTimeMs: PLANT.deadTimeMs + EVERY_MS / 2 };

/** Proportional control around a step of the setpoint. */
function proportional(kp: number, extraDelayMs = 0): Trajectory {
  return runLoop({
    plant: firstOrder(PLANT),
    controller: () => (sample) => kp * (sample.setpoint - sample.measured),
    setpoint: 1,
    value: 0,
    everyMs: EVERY_MS,
    stepMs: 100,
    durationMs: 300_000,
    extraDelayMs,
  });
}

function wave(amplitude: (index: number) => number): Trajectory {
  return Array.from({ length: 400 }, (_, index) => ({
    atMs: index * 1_000,
    setpoint: 0,
    measured: amplitude(index) * Math.sin(index / 3),
    value: 0,
  }));
}

describe('rest', () => {
  test.each([
    ['a steady swing', () => 1, true],
    ['a growing one', (index: number) => 1.01 ** index, true],
    ['a dying one', (index: number) => 0.99 ** index, false],
    ['no number', (index: number) => (index > 300 ? Number.NaN : 1), true],
    ['one past all bounds', (index: number) => (index > 300 ? Number.POSITIVE_INFINITY : 1), true],
    ['nothing', () => 0, false],
  ])('%s', (_name, amplitude, restless) => {
    expect(isRestless(wave(amplitude))).toBe(restless);
  });

  test('a swing within `quiet` is rest, and so is the noise of the arithmetic', () => {
    const way = 2 * Math.max(...wave(() => 1).map((point) => point.measured));
    expect(
      isRestless(
        wave(() => 1),
        way + 0.01,
      ),
    ).toBe(false);
    expect(
      isRestless(
        wave(() => 1),
        way - 0.1,
      ),
    ).toBe(true);
    expect(isRestless(wave((index) => (index < 100 ? 1 : 1e-8)))).toBe(false);
    expect(isRestless(wave((index) => (index < 100 ? 1 : 1e-5)))).toBe(true);
  });

  test('the noise of the arithmetic goes with the size of the run', () => {
    const settled = (index: number) => (index < 100 ? 1_000 : 1e-4);
    expect(isRestless(wave(settled))).toBe(false);
    const busy = (index: number) => (index < 100 ? 1_000 : 1e-2);
    expect(isRestless(wave(busy))).toBe(true);
  });

  test('a run of a few points says nothing', () => {
    expect(() => isRestless(wave(() => 1).slice(0, 7))).toThrowError(
      'points is 7: it must be at least 8',
    );
    expect(isRestless(wave(() => 1).slice(0, 8))).toBe(true);
  });
});

describe('gain margin', () => {
  test.each([1.5, 3, 10])('of a proportional loop at 1/%s of its ultimate gain', (times) => {
    const kp = ultimateOf(SAMPLED).gain / times;
    const found = gainMargin((factor) => proportional(factor * kp));
    expect(found.limited).toBe(true);
    expect(found.margin / times).toBeGreaterThan(0.96);
    expect(found.margin / times).toBeLessThan(1.02);
  });

  test('of an unstable loop is below 1', () => {
    const kp = ultimateOf(SAMPLED).gain * 2.5;
    const { margin } = gainMargin((factor) => proportional(factor * kp));
    expect(margin * 2.5).toBeGreaterThan(0.96);
    expect(margin * 2.5).toBeLessThan(1.02);
  });

  test('is not limited where nothing is restless, and 0 where everything is', () => {
    const tried: number[] = [];
    const calm = gainMargin((factor) => {
      tried.push(factor);
      return wave(() => 0);
    });
    expect(calm).toEqual({ margin: 64, limited: false });
    expect(tried).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(gainMargin(() => wave(() => 1))).toEqual({ margin: 0, limited: true });
    expect(gainMargin(() => wave(() => 1), { quiet: 3 }).limited).toBe(false);
  });

  test('at its ends it is found too', () => {
    const upTo = (most: number) => gainMargin((factor) => wave(() => (factor <= most ? 0 : 1)));
    expect(upTo(1).margin).toBeCloseTo(1, 1);
    expect(upTo(63).margin / 63).toBeCloseTo(1, 1);
    expect(upTo(1 / 64).margin * 64).toBeCloseTo(1, 1);
    expect(upTo(1 / 65)).toEqual({ margin: 0, limited: true });
  });
});

describe('dead-time margin', () => {
  test('of a proportional loop, to its precision', () => {
    const kp = ultimateOf({ ...PLANT, deadTimeMs: 5_000 }).gain;
    const found = deadTimeMargin((extraMs) => proportional(kp, extraMs), {
      precisionMs: 100,
      mostMs: 60_000,
    });
    const expected = 5_000 - SAMPLED.deadTimeMs;
    expect(found.limited).toBe(true);
    expect(Math.abs(found.margin - expected)).toBeLessThan(150);
  });

  test('nothing is left of a loop that swings already', () => {
    const kp = ultimateOf(SAMPLED).gain * 1.2;
    const options = { precisionMs: 100, mostMs: 60_000 };
    expect(deadTimeMargin((extraMs) => proportional(kp, extraMs), options)).toEqual({
      margin: 0,
      limited: true,
    });
  });

  test('a loop whose gain is below 1 at every frequency bears any delay', () => {
    const tried: number[] = [];
    const found = deadTimeMargin(
      (extraMs) => {
        tried.push(extraMs);
        return proportional(0.3, extraMs);
      },
      { precisionMs: 1_000, mostMs: 5_000 },
    );
    expect(found).toEqual({ margin: 5_000, limited: false });
    expect(tried).toEqual([0, 1_000, 2_000, 4_000, 5_000]);
  });

  test('its limits are checked, and `quiet` is passed on', () => {
    const calm = () => wave(() => 0);
    expect(() => deadTimeMargin(calm, { precisionMs: 0, mostMs: 1 })).toThrowError(/precisionMs/);
    expect(() => deadTimeMargin(calm, { precisionMs: 1, mostMs: -1 })).toThrowError(/mostMs/);
    const options = { precisionMs: 1, mostMs: 2, quiet: 3 };
    expect(deadTimeMargin(() => wave(() => 1), options)).toEqual({ margin: 2, limited: false });
  });
});
