import { describe, expect, test } from 'vitest';
import { type Echo, hear, NO_ECHO, type Noise } from './overload.ts';

const CALM: Noise = {
  rate: 100,
  utilization: 0.6,
  isStrained: false,
  calm: 100,
  usualJump: 3,
  isStarting: false,
};

const during = (noise: Partial<Noise>, echo: Echo = NO_ECHO) => hear(echo, { ...CALM, ...noise });

describe('in quiet times', () => {
  test('all that comes is believed', () => {
    expect(during({ rate: 130 })).toEqual({ echo: NO_ECHO, rate: 130, guess: 0 });
  });

  test('a jump that strains is guessed to go on', () => {
    expect(during({ rate: 180, isStrained: true }).guess).toBeCloseTo(0.85 * 80, 9);
    expect(during({ rate: 180 }).guess).toBe(0);
    // No jump: three usual differences and 15 % are 24.
    expect(during({ rate: 124, isStrained: true }).guess).toBe(0);
    expect(during({ rate: 124.1, isStrained: true }).guess).toBeGreaterThan(0);
  });
});

describe('when it begins', () => {
  test('most of the excess is believed, and as much again guessed', () => {
    const { rate, guess, echo } = during({ rate: 300, utilization: 0.92 });
    expect(rate).toBeCloseTo(100 + 0.85 * 200, 9);
    expect(guess).toBeCloseTo(0.85 * 0.85 * 200, 9);
    expect(echo.overload).toEqual({ calm: 100, first: rate + guess, peak: 300 });
    expect(during({ rate: 300, utilization: 0.919 }).echo.overload).toBeNull();
  });

  test('less than before is believed as it is', () => {
    expect(during({ rate: 80, utilization: 1 })).toMatchObject({ rate: 80, guess: 0 });
  });
});

describe('while it lasts', () => {
  const { echo } = during({ rate: 300, utilization: 1 });
  const first = echo.overload?.first as number;

  test('what comes on top counts by a third while capacity starts', () => {
    const later = during({ rate: 900, utilization: 1, isStarting: true }, echo);
    const believed = 100 + 0.85 * 800;
    expect(later.rate).toBeCloseTo(first + 0.35 * (believed - first), 9);
    expect(later.echo.overload).toEqual({ calm: 100, first, peak: 900 });
    // What does not go beyond the first estimate is no echo.
    expect(during({ rate: 320, utilization: 1, isStarting: true }, echo).rate).toBeCloseTo(287, 9);
  });

  test('all is believed when nothing starts and it is still too little', () => {
    expect(during({ rate: 900, utilization: 1 }, echo).rate).toBe(900);
  });
});

describe('when it is over', () => {
  const overload = { calm: 100, first: 400, peak: 900 };
  const trustAfter = (rate: number, of: Partial<typeof overload> = {}) =>
    during({ rate }, { trust: 0.85, overload: { ...overload, ...of } }).echo;

  test('the share that was real is learned', () => {
    // 200 of 800 were: 0.25
    expect(trustAfter(300)).toEqual({ trust: 0.85 + 0.6 * (0.25 - 0.85), overload: null });
    expect(trustAfter(900).trust).toBeCloseTo(0.85 + 0.6 * 0.15, 9);
    expect(trustAfter(1_200).trust).toBeCloseTo(0.94, 9);
    expect(trustAfter(50).trust).toBeCloseTo(0.85 + 0.6 * (0.1 - 0.85), 9);
  });

  test('one that hardly grew teaches nothing', () => {
    expect(trustAfter(100, { peak: 120 }).trust).toBe(0.85);
    expect(trustAfter(100, { peak: 121 }).trust).toBeLessThan(0.85);
  });
});
