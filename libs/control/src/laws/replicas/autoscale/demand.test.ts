import { describe, expect, test } from 'vitest';
import { Draws } from '../../../sim/random.ts';
import { type Demand, forecastDemand, NO_DEMAND, noteDemand, seasonalPeak } from './demand.ts';

const BIN_MS = 15_000;
const ALL = { trend: true, season: true };

/** A series, one value per bin of 15 s; null: nothing was seen. */
function after(
  series: readonly (number | null)[],
  horizonMs = 60_000,
  from: Demand = NO_DEMAND,
): Demand {
  return series.reduce<Demand>(
    (demand, perSecond, index) =>
      perSecond === null
        ? demand
        : noteDemand(demand, { untilMs: (index + 1) * BIN_MS, perSecond, horizonMs }),
    from,
  );
}

/** Stands on a level for a while, then goes to another, without a pattern. */
function erratic(length: number): readonly number[] {
  const draws = new Draws({ seed: 4 });
  let level = 100;
  return series(length, () => {
    if (draws.uniform() < 0.2) level = 100 + 200 * draws.uniform();
    return level;
  });
}

const series = (length: number, at: (bin: number) => number) =>
  Array.from({ length }, (_, bin) => at(bin));

describe('bins', () => {
  test('are filled with the mean of what came within them', () => {
    const at = (untilMs: number, perSecond: number) => ({ untilMs, perSecond, horizonMs: 60_000 });
    let demand = noteDemand(NO_DEMAND, at(5_000, 10));
    expect(demand.bins).toEqual([10]);
    for (const [untilMs, rate] of [
      [10_000, 20],
      [15_000, 30],
      [20_000, 40],
    ] as const) {
      demand = noteDemand(demand, at(untilMs, rate));
    }
    expect(demand.bins).toEqual([10, 30]);
    expect(demand).toMatchObject({ untilMs: 20_000, filling: { sum: 0, figures: 0 } });
  });

  test('do not take the same window twice, nor an older one', () => {
    const demand = after([10, 20]);
    const again = { untilMs: 30_000, perSecond: 99, horizonMs: 60_000 };
    expect(noteDemand(demand, again)).toBe(demand);
    expect(noteDemand(demand, { ...again, untilMs: 29_999 })).toBe(demand);
  });

  test('stay empty where nothing was seen, and begin anew after a long gap', () => {
    expect(after([10, null, null, 20]).bins).toEqual([10, null, null, 20]);
    const gap = (bins: number) => after([10, ...new Array<null>(bins).fill(null), 20]).bins.length;
    expect(gap(19)).toBe(21);
    expect(gap(20)).toBe(1);
  });

  test('are bounded', () => {
    const demand = after(series(1_000, (bin) => bin % 7));
    expect(demand.bins).toHaveLength(151);
    expect(demand.errors).toHaveLength(120);
  });
});

describe('the level', () => {
  test('is what comes now; its error is the mean difference over the horizon', () => {
    // 10 20 10 20: a lag of 1 differs by 10, of 2 by 0
    const demand = after(series(9, (bin) => (bin % 2 === 0 ? 10 : 20)));
    expect(demand.errors.slice(0, 4)).toEqual([10, 0, 10, 0]);
    const at = (horizonMs: number) =>
      forecastDemand(demand, 10, horizonMs, { trend: false, season: false });
    expect(at(15_000)).toEqual({ by: 'level', perSecond: 10, error: 10 });
    expect(at(30_000)).toEqual({ by: 'level', perSecond: 10, error: 0 });
  });

  test('has no error that was not measured', () => {
    expect(forecastDemand(NO_DEMAND, 50, 60_000, ALL)).toEqual({
      by: 'level',
      perSecond: 50,
      error: 0,
    });
  });
});

describe('the trend', () => {
  const rising = after(series(40, (bin) => 100 + 5 * bin));

  test('is used while it foretells better than the level', () => {
    const forecast = forecastDemand(rising, 295, 60_000, ALL);
    expect(forecast.by).toBe('trend');
    expect(forecast.perSecond).toBeCloseTo(295 + 4 * 5, 9);
    expect(forecast.error).toBeCloseTo(0, 9);
    expect(forecastDemand(rising, 295, 60_000, { trend: false, season: true }).by).toBe('level');
  });

  test('never foretells less than nothing', () => {
    const falling = after(series(40, (bin) => 400 - 10 * bin));
    expect(forecastDemand(falling, 10, 120_000, ALL)).toMatchObject({ by: 'trend', perSecond: 0 });
  });

  test('is not used on what jumps to and fro', () => {
    const jumping = after(erratic(160));
    const { by } = forecastDemand(jumping, 100, 30_000, { trend: true, season: false });
    expect(by).toBe('level');
  });

  test('needs six bins in a row', () => {
    const broken = after([...series(38, (bin) => 100 + 5 * bin), null, 295, 300]);
    expect(forecastDemand(broken, 300, 60_000, ALL).by).toBe('level');
  });
});

describe('the season', () => {
  // A period of 16 bins, four minutes.
  const square = (bins: number) =>
    after(series(bins, (bin) => (Math.floor(bin / 8) % 2 === 0 ? 100 : 300)));

  test('is found when it has been seen to repeat', () => {
    expect(square(20).season).toBeNull();
    expect(square(60).season).toBe(16);
  });

  test('foretells the step before it comes, the highest of three bins', () => {
    const demand = square(48 + 6);
    // The last bin is 53, phase 5; the step up is at phase 8.
    const at = (bins: number) => forecastDemand(demand, 100, bins * BIN_MS, ALL);
    expect(at(1)).toMatchObject({ by: 'season', perSecond: 100, error: 0 });
    expect(at(2).perSecond).toBe(300);
    expect(at(3).perSecond).toBe(300);
  });

  test('is not asked beyond its period, or when it is switched off', () => {
    const demand = square(60);
    expect(forecastDemand(demand, 100, 17 * BIN_MS, ALL).by).not.toBe('season');
    expect(forecastDemand(demand, 100, 60_000, { trend: false, season: false }).by).toBe('level');
  });

  test('is given up when it no longer repeats', () => {
    const demand = square(64);
    const later = erratic(200).reduce(
      (all, perSecond, index) =>
        noteDemand(all, { untilMs: (65 + index) * BIN_MS, perSecond, horizonMs: 60_000 }),
      demand,
    );
    expect(later.season).not.toBe(16);
  });

  test('tells the peak that came within a time, a season ago', () => {
    const demand = square(48 + 2);
    expect(seasonalPeak(demand, 3 * BIN_MS)).toBe(100);
    expect(seasonalPeak(demand, 8 * BIN_MS)).toBe(300);
    expect(seasonalPeak(NO_DEMAND, 60_000)).toBeNull();
  });
});
