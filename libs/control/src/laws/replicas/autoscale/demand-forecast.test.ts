import { describe, expect, test } from 'vitest';
import { type Demand, forecastDemand, NO_DEMAND, noteDemand, seasonalPeak } from './demand.ts';

const BIN_MS = 15_000;
const ALL = { trend: true, season: true };
const NONE = { trend: false, season: false };

const bins = (length: number, at: (bin: number) => number | null) =>
  Array.from({ length }, (_, bin) => at(bin));

/** 40 bins of 100, and errors of 10 at every lag: nothing better than the level is known. */
function demandOf(more: Partial<Demand>): Demand {
  return {
    ...NO_DEMAND,
    untilMs: 600_000,
    bins: bins(40, () => 100),
    errors: bins(30, () => 10) as number[],
    seen: bins(30, () => 40) as number[],
    ...more,
  };
}

describe('the level', () => {
  test('is what arrives now, with the error of its horizon', () => {
    const errors = bins(30, (lag) => lag + 1) as number[];
    const at = (horizonMs: number) => forecastDemand(demandOf({ errors }), 77, horizonMs, ALL);
    expect(at(4 * BIN_MS)).toEqual({ by: 'level', perSecond: 77, error: 4 });
    // Nearer than a bin is a bin; half a bin more is one more.
    expect(at(0).error).toBe(1);
    expect(at(4.4 * BIN_MS).error).toBe(4);
    expect(at(4.5 * BIN_MS).error).toBe(5);
    // Further than was ever measured: as the furthest.
    expect(at(50 * BIN_MS).error).toBe(30);
    expect(forecastDemand(NO_DEMAND, 5, BIN_MS, ALL)).toEqual({
      by: 'level',
      perSecond: 5,
      error: 0,
    });
  });
});

/*
 *   bins of 100, ten more each for the last ten: a slope of 10 a bin
 */
describe('the trend', () => {
  const rising = bins(40, (bin) => (bin < 30 ? 100 : 100 + 10 * (bin - 29)));
  const trusted = demandOf({ bins: rising, trendErrors: [2] });

  test('goes on from what arrives now, with its slope', () => {
    expect(forecastDemand(trusted, 200, 4 * BIN_MS, ALL)).toEqual({
      by: 'trend',
      perSecond: 240,
      error: 2,
    });
    expect(forecastDemand(trusted, 200, 4 * BIN_MS, { ...ALL, trend: false }).by).toBe('level');
  });

  test('never foretells less than nothing', () => {
    const falling = demandOf({ bins: [...rising].reverse(), trendErrors: [2] });
    const flat = demandOf({ bins: bins(40, (bin) => 500 - 10 * bin), trendErrors: [2] });
    expect(forecastDemand(flat, 15, 4 * BIN_MS, ALL)).toMatchObject({ by: 'trend', perSecond: 0 });
    expect(forecastDemand(falling, 100, BIN_MS, ALL).perSecond).toBe(100);
  });

  test('is used only while its error is clearly below that of the level', () => {
    const by = (error: number | null) =>
      forecastDemand({ ...trusted, trendErrors: [error] }, 200, 60_000, ALL).by;
    expect(by(1)).toBe('trend');
    expect(by(9.9)).toBe('level');
    expect(by(11)).toBe('level');
    expect(by(null)).toBe('level');
  });

  test('needs its bins', () => {
    const gap = { ...trusted, bins: trusted.bins.with(-2, null) };
    expect(forecastDemand(gap, 200, 60_000, ALL).by).toBe('level');
    const short = { ...trusted, bins: [1, 2] };
    expect(forecastDemand(short, 200, 60_000, ALL).by).toBe('level');
  });

  test('of several slopes is the one with the least error', () => {
    const errors = (short: number | null, long: number | null) =>
      forecastDemand({ ...trusted, trendErrors: [short, long] }, 200, 60_000, ALL).error;
    const hasTwo = NO_DEMAND.trendErrors.length > 1;
    expect(errors(2, 3)).toBe(2);
    expect(errors(3, 2)).toBe(hasTwo ? 2 : 3);
    expect(errors(null, 2)).toBe(hasTwo ? 2 : 10);
    expect(errors(2, null)).toBe(2);
  });
});

/*
 *   period 20: 300 in bins 5, 25 of it, else 100; now is bin 39 (19 of the period)
 */
describe('the season', () => {
  const pulses = bins(40, (bin) => (bin % 20 === 5 ? 300 : 100));
  const errors = bins(30, (lag) => (lag === 19 ? 1 : 50)) as number[];
  const seasonal = demandOf({ bins: pulses, errors, season: 20 });
  const at = (horizon: number, demand = seasonal) =>
    forecastDemand(demand, 100, horizon * BIN_MS, ALL);

  test('foretells the highest of three bins a season ago', () => {
    const foretold = [3, 4, 5, 6, 7, 8].map((horizon) => at(horizon).perSecond);
    expect(foretold).toEqual([100, 100, 300, 300, 300, 100]);
    expect(at(6)).toEqual({ by: 'season', perSecond: 300, error: 1 });
  });

  test('reaches as far as itself, and no further', () => {
    expect(at(20).by).toBe('season');
    expect(at(21).by).toBe('level');
    expect(forecastDemand(seasonal, 100, 6 * BIN_MS, { ...ALL, season: false }).by).toBe('level');
    expect(forecastDemand(seasonal, 100, 6 * BIN_MS, NONE).by).toBe('level');
  });

  test('of which nothing was seen then foretells nothing', () => {
    const blind = pulses.map((value, bin) => (bin >= 24 && bin <= 26 ? null : value));
    expect(at(6, { ...seasonal, bins: blind }).by).toBe('level');
    const half = pulses.map((value, bin) => (bin === 24 || bin === 26 ? null : value));
    expect(at(6, { ...seasonal, bins: half }).perSecond).toBe(300);
    const nothing = pulses.map((_value, bin) => (bin === 25 ? 0 : null));
    expect(at(6, { ...seasonal, bins: nothing })).toMatchObject({ by: 'season', perSecond: 0 });
  });

  test('tells its peak from now on', () => {
    const peak = (horizon: number, demand = seasonal) => seasonalPeak(demand, horizon * BIN_MS);
    expect([1, 5, 6, 7, 40].map((horizon) => peak(horizon))).toEqual([100, 100, 300, 300, 300]);
    expect(peak(6, { ...seasonal, season: null })).toBeNull();
    const blind = { ...seasonal, bins: pulses.map(() => null) };
    expect(peak(6, blind)).toBeNull();
    // What is just over counts too.
    const over = bins(40, (bin) => (bin === 19 ? 900 : 100));
    expect(peak(1, { ...seasonal, bins: over })).toBe(900);
    const silent = { ...seasonal, bins: bins(40, (bin) => (bin === 19 ? 0 : null)) };
    expect(peak(1, silent)).toBe(0);
  });
});

describe('which season is believed', () => {
  const known = (errors: readonly number[], more: Partial<Demand> = {}) => {
    // One more bin, as the level has it: no error moves by much.
    const demand = demandOf({ errors, seen: errors.map(() => 500), ...more });
    const next = { untilMs: 600_000 + BIN_MS, perSecond: 100, horizonMs: 4 * BIN_MS };
    return noteDemand(demand, next).season;
  };
  const flat = (more: { readonly [lag: number]: number }) =>
    bins(30, (index) => more[index + 1] ?? 100) as number[];

  test('one that errs much less than the level does, at the shortest lag that does', () => {
    expect(known(flat({ 12: 20 }))).toBe(12);
    expect(known(flat({ 12: 20, 24: 20 }))).toBe(12);
    expect(known(flat({ 12: 21, 24: 20 }))).toBe(24);
    expect(known(flat({ 12: 90 }))).toBeNull();
    expect(known(flat({}))).toBeNull();
  });

  test('none that is shorter than four bins or the horizon', () => {
    expect(known(flat({ 3: 1 }))).toBeNull();
  });

  test('one that is held stays until another is clearly better or it is bad itself', () => {
    const held = { season: 20 };
    expect(known(flat({ 20: 70 }), held)).toBe(20);
    expect(known(flat({ 20: 70 }))).toBeNull();
    expect(known(flat({ 20: 40, 12: 38 }), held)).toBe(20);
    expect(known(flat({ 20: 40, 12: 20 }), held)).toBe(12);
    expect(known(flat({ 20: 95 }), held)).toBeNull();
    expect(known(flat({ 3: 20, 20: 95, 12: 30 }), { season: 3 })).toBe(12);
  });

  test('none that was seen too little', () => {
    const seen = (count: number) => bins(30, () => count) as number[];
    expect(known(flat({ 12: 20 }), { seen: seen(12) })).toBe(12);
    expect(known(flat({ 12: 20 }), { seen: seen(5) })).toBeNull();
    expect(known(flat({ 28: 20 }), { seen: seen(14) })).toBeNull();
    expect(known(flat({ 28: 20 }), { seen: seen(21) })).toBe(28);
  });
});
