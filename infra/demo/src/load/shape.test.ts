import { describe, expect, it } from 'vitest';
import { type LoadPlan, openingFactor, rateAt, type ShapeName } from './shape.ts';

function plan(shape: ShapeName, multiplier = 1): LoadPlan {
  return { shape, baseRatePerSecond: 100, multiplier };
}

const atSecond = (shape: ShapeName, second: number) => rateAt(plan(shape), second * 1_000);

describe('the load shapes', () => {
  it('constant: the base rate, times the surge', () => {
    expect(atSecond('constant', 1_234)).toBe(100);
    expect(rateAt(plan('constant', 3), 0)).toBe(300);
  });

  it('sine: 60 to 140 % in ten minutes', () => {
    expect(atSecond('sine', 0)).toBeCloseTo(100);
    expect(atSecond('sine', 150)).toBeCloseTo(140);
    expect(atSecond('sine', 450)).toBeCloseTo(60);
    expect(atSecond('sine', 600)).toBeCloseTo(100);
  });

  it('step: changes every three minutes', () => {
    expect([0, 179, 180, 359, 360].map((second) => atSecond('step', second))).toEqual([
      100, 100, 160, 160, 100,
    ]);
  });

  it('flash: quiet, up within seconds, held, back within a minute, and again', () => {
    expect([0, 119, 122.5, 125, 154].map((second) => atSecond('flash', second))).toEqual([
      100, 100, 175, 250, 250,
    ]);
    expect(atSecond('flash', 185)).toBeCloseTo(175);
    expect(atSecond('flash', 220)).toBe(100);
    expect(atSecond('flash', 425)).toBe(250);
  });

  it('begin gently: a tenth, and all of it after eight seconds', () => {
    expect([0, 4_000, 8_000, 60_000].map(openingFactor)).toEqual([0.1, 0.5, 1, 1]);
  });
});
