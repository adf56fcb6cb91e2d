import { describe, expect, test } from 'vitest';
import { Draws } from '../../../sim/random.ts';
import { type Demand, NO_DEMAND, noteDemand } from './demand.ts';

const BIN_MS = 15_000;
const MOST_LAG = 120;

type Series = readonly (number | null)[];

/** One figure per bin; null: nothing was seen. */
const after = (series: Series, horizon = 4, from: Demand = NO_DEMAND) =>
  series.reduce<Demand>(
    (demand, perSecond, bin) =>
      perSecond === null
        ? demand
        : noteDemand(demand, {
            untilMs: (bin + 1) * BIN_MS,
            perSecond,
            horizonMs: horizon * BIN_MS,
          }),
    from,
  );

/** Noise on a slow wave, with or without gaps; no season. */
function wavering(length: number, gaps: number): Series {
  const draws = new Draws({ seed: 11 });
  return Array.from({ length }, (_, bin) => {
    const value = 100 + 40 * Math.sin(bin / 37) + 20 * draws.uniform();
    const isGap = bin > 0 && bin < length - 1 && draws.uniform() < gaps;
    return isGap ? null : value;
  });
}

/** The same judged again at every bin from the whole series, in the plainest way. */
function twin(series: Series, horizon: number) {
  const errors: number[] = [];
  const seen: number[] = [];
  const trends: (number | null)[] = [null, null];
  for (let now = 1; now < series.length; now += 1) {
    const newest = series[now] ?? null;
    if (newest === null) continue;
    for (let lag = 1; lag <= Math.min(MOST_LAG, now); lag += 1) {
      const past = series[now - lag] ?? null;
      if (past === null) continue;
      const count = (seen[lag] ?? 0) + 1;
      const memory = Math.min(count, Math.max(60, lag));
      const before = errors[lag] ?? 0;
      errors[lag] = before + (Math.abs(newest - past) - before) / memory;
      seen[lag] = count;
    }
    for (const [index, length] of [6, 30].entries()) {
      const base = series[now - horizon] ?? null;
      const slope = leastSquares(series.slice(0, now - horizon + 1).slice(-length), length);
      if (base === null || slope === null || now - horizon < 0) continue;
      const error = Math.abs(newest - Math.max(0, base + slope * horizon));
      const before = trends[index] ?? null;
      trends[index] = before === null ? error : before + (error - before) / 30;
    }
  }
  return { errors, seen, trends };
}

function leastSquares(points: Series, length: number): number | null {
  if (points.length < length || points.includes(null)) return null;
  const values = points as readonly number[];
  const meanX = (length - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / length;
  let [above, below] = [0, 0];
  for (const [x, y] of values.entries()) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return above / below;
}

describe.each([
  ['without gaps', 0, 4],
  ['with gaps', 0.03, 4],
  ['of many gaps, looking two bins ahead', 0.2, 2],
  ['looking one bin ahead', 0, 1],
] as const)('the judging of a series %s', (_name, gaps, horizon) => {
  const lengths = [2, 7, 8, 34, 35, 36, 70, 125, 150, 151, 152, 153, 400];

  test.each(lengths)('is as in the plainest way, after %i bins', (length) => {
    const series = wavering(length, gaps);
    const plain = twin(series, horizon);
    const demand = after(series, horizon);
    expect(demand.errors).toHaveLength(Math.min(MOST_LAG, length - 1));
    for (const [at, error] of demand.errors.entries()) {
      expect(error).toBeCloseTo(plain.errors[at + 1] ?? 0, 9);
      expect(demand.seen[at]).toBe(Math.min(plain.seen[at + 1] ?? 0, Math.max(60, at + 1)));
    }
    for (const [index, error] of demand.trendErrors.entries()) {
      const expected = plain.trends[index] ?? null;
      if (expected === null) expect(error).toBeNull();
      else expect(error).toBeCloseTo(expected, 9);
    }
    expect(demand.bins).toEqual(series.slice(-151));
  });
});

describe('what is remembered', () => {
  const full = after(wavering(151, 0));

  test('moves on by one bin, and by several', () => {
    const next = { untilMs: 152 * BIN_MS, perSecond: 7, horizonMs: 60_000 };
    expect(noteDemand(full, next).bins).toEqual([...full.bins.slice(1), 7]);
    const later = noteDemand(full, { ...next, untilMs: 155 * BIN_MS });
    expect(later.bins).toEqual([...full.bins.slice(4), null, null, null, 7]);
    const short = after(wavering(150, 0));
    expect(noteDemand(short, { ...next, untilMs: 153 * BIN_MS }).bins).toEqual([
      ...short.bins.slice(2),
      null,
      null,
      7,
    ]);
  });

  test('is not changed by what comes after', () => {
    const before = JSON.stringify(full);
    after(wavering(152, 0).slice(151), 4, full);
    noteDemand(full, { untilMs: 152 * BIN_MS, perSecond: 7, horizonMs: 60_000 });
    expect(JSON.stringify(full)).toBe(before);
  });

  test('of a state that remembered more, and counted on, is cut', () => {
    const stored = {
      ...full,
      bins: [...wavering(89, 0), ...full.bins],
      seen: full.seen.map(() => 999),
    };
    const next = noteDemand(stored, { untilMs: 152 * BIN_MS, perSecond: 7, horizonMs: 60_000 });
    expect(next.bins).toEqual([...full.bins.slice(1), 7]);
    expect(next.seen).toEqual(full.seen.map((_count, at) => Math.max(60, at + 1)));
  });
});

/*
 *   Pulses every P bins. A lag is a season once it was seen to repeat for 12 bins and for three
 *   quarters of itself.
 */
describe('a season', () => {
  const pulses = (period: number) => (length: number) =>
    Array.from({ length }, (_, bin) => (bin % period === 0 ? 300 : 100));
  const firstSeen = (period: number, horizon: number) => {
    const series = pulses(period)(400);
    return series.findIndex(
      (_value, bin) => after(series.slice(0, bin + 1), horizon).season !== null,
    );
  };

  test('is believed once it was seen for long enough', () => {
    // The newest bin is the n-th: a lag of P has been seen n - P times.
    expect(firstSeen(8, 4)).toBe(8 + 12 - 1);
    expect(firstSeen(40, 4)).toBe(40 + 30 - 1);
    expect(after(pulses(40)(200)).season).toBe(40);
  });

  test('is no shorter than what is looked ahead to, nor than four bins', () => {
    expect(after(pulses(8)(200), 9).season).toBe(16);
    expect(after(pulses(8)(200), 7).season).toBe(8);
    // As far ahead as it is long, the level is as good.
    expect(after(pulses(8)(200), 8).season).toBeNull();
    expect(after(pulses(3)(200), 1).season).toBe(6);
  });
});
