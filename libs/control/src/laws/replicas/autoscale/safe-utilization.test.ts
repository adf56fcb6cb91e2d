import { describe, expect, test } from 'vitest';
import {
  isFlat,
  learnSafe,
  meanStrainAt,
  NOTHING_LEARNED,
  type SafeUtilization,
  safeUtilization,
} from './safe-utilization.ts';

const BOUNDS = { first: 0.65, least: 0.4, most: 0.9 };

function seen(
  times: number,
  utilization: number,
  strain: number | ((time: number) => number),
  from: SafeUtilization = NOTHING_LEARNED,
): SafeUtilization {
  let learned = from;
  for (let time = 0; time < times; time += 1) {
    const now = typeof strain === 'number' ? strain : strain(time);
    learned = learnSafe(learned, { utilization, strain: now });
  }
  return learned;
}

test('of nothing it is where it begins, within its bounds', () => {
  expect(safeUtilization(NOTHING_LEARNED, BOUNDS)).toBe(0.65);
  expect(safeUtilization(NOTHING_LEARNED, { first: 0.3, least: 0.4, most: 0.9 })).toBe(0.4);
  expect(safeUtilization(NOTHING_LEARNED, { first: 0.95, least: 0.4, most: 0.9 })).toBe(0.9);
});

describe('a bin that holds', () => {
  test('lets the next be tried, from the third time on', () => {
    expect(safeUtilization(seen(2, 0.67, 0.3), BOUNDS)).toBe(0.65);
    // 0.65 to 0.70 holds: 0.75 is tried.
    expect(safeUtilization(seen(3, 0.67, 0.3), BOUNDS)).toBeCloseTo(0.75, 9);
  });

  test('must hold with its restlessness', () => {
    const restless = seen(40, 0.67, (time) => (time % 2 === 0 ? 0.5 : 1.5));
    expect(safeUtilization(restless, BOUNDS)).toBeCloseTo(0.65, 9);
    expect(safeUtilization(seen(40, 0.67, 0.87), BOUNDS)).toBeCloseTo(0.75, 9);
  });

  test('lower than where it is changes nothing', () => {
    expect(safeUtilization(seen(9, 0.42, 0.2), BOUNDS)).toBe(0.65);
  });

  test('never lets go beyond the bounds', () => {
    expect(safeUtilization(seen(9, 0.97, 0.2), BOUNDS)).toBe(0.9);
  });
});

describe('a bin that breaks', () => {
  test('is stayed below, from the second time on', () => {
    expect(safeUtilization(seen(1, 0.57, 2), BOUNDS)).toBe(0.65);
    expect(safeUtilization(seen(2, 0.57, 2), BOUNDS)).toBeCloseTo(0.55, 9);
    expect(safeUtilization(seen(9, 0.35, 2), BOUNDS)).toBe(0.4);
  });

  test('ends what holds above it', () => {
    const odd = seen(9, 0.57, 2, seen(9, 0.77, 0.2));
    expect(safeUtilization(odd, BOUNDS)).toBeCloseTo(0.55, 9);
  });

  test('is tried again when it has faded', () => {
    const broken = seen(2, 0.62, 2);
    const later = seen(900, 0.52, 0.3, broken);
    expect(safeUtilization(broken, BOUNDS)).toBeCloseTo(0.6, 9);
    expect(safeUtilization(later, BOUNDS)).toBe(0.65);
  });
});

test('the mean at a utilisation is told where it was seen', () => {
  const learned = seen(30, 0.67, 0.5);
  expect(meanStrainAt(learned, 0.69)).toBeCloseTo(Math.log(0.5), 6);
  expect(meanStrainAt(learned, 0.71)).toBeNull();
  expect(meanStrainAt(learned, 0.1)).toBeNull();
});

test('what is idle teaches nothing; a strain of nothing is bounded', () => {
  expect(learnSafe(NOTHING_LEARNED, { utilization: 0.29, strain: 1 })).toBe(NOTHING_LEARNED);
  expect(meanStrainAt(seen(30, 0.5, 0), 0.5)).toBeCloseTo(-2, 3);
});

describe('a latency that does not come of being busy', () => {
  const seenAt = (bins: readonly (readonly [number, number])[]) =>
    bins.reduce((learned, [utilization, strain]) => seen(9, utilization, strain, learned), {
      ...NOTHING_LEARNED,
    });
  const flat = seenAt([
    [0.42, 2],
    [0.47, 2],
    [0.52, 2.2],
  ]);

  test('is as bad in the lowest of three bins as in the highest', () => {
    expect(isFlat(flat)).toBe(true);
    expect(safeUtilization(flat, BOUNDS)).toBe(0.65);
  });

  test('needs three bins, and a rise makes it one that comes of it', () => {
    const two = seenAt([
      [0.42, 2],
      [0.47, 2],
    ]);
    const rising = seenAt([
      [0.42, 1.5],
      [0.47, 2],
      [0.52, 2.2],
    ]);
    const held = seenAt([
      [0.42, 0.9],
      [0.47, 2],
      [0.52, 2],
    ]);
    expect([two, rising, held, NOTHING_LEARNED].map(isFlat)).toEqual([false, false, false, false]);
    expect(safeUtilization(rising, BOUNDS)).toBeCloseTo(0.4, 9);
  });
});
