/**
 * Demand: what arrives now, and what will arrive when what is ordered now is ready.
 *
 * Three forecasters over bins of 15 s, each judged by its own error at the very horizon asked for:
 *
 *     level    x(t + h) = x(t)
 *     trend    x(t + h) = x(t) + h slope(t)         slope: least squares over 6 or 30 bins
 *     season   x(t + h) = x(t + h - P)              P: the lag at which the series repeats best
 *
 * The mean absolute difference |x(t) - x(t - lag)| is kept for every lag up to half an hour. It is
 * the error of the level at that horizon, and of the season of that period, without any model.
 * A forecaster is used only while its error is clearly below that of the plain level; nothing that
 * was not measured on this very series is believed.
 */

const BIN_MS = 15_000;
/** Half an hour: the longest season, and the furthest look ahead. */
const MOST_LAG = 120;
/** A short slope for what has begun to move, a long one for what moves slowly in noise. */
const SLOPES = [6, 30] as const;
/** As far back as anybody looks: the long slope of a whole horizon ago. */
const MOST_BINS = MOST_LAG + 1 + SLOPES[1];
/** Errors are means over about so many bins. */
const MEMORY_BINS = 60;
/** A gap longer than this begins a new series. */
const MOST_GAP = 20;
/** A season must be this much better than the others to be taken up, and may then be so much. */
const TAKE_SEASON = 0.6;
const KEEP_SEASON = 0.85;
const TAKE_TREND = 0.95;
const TREND_MEMORY_BINS = 30;

/** Plain JSON. */
export interface Demand {
  /** End of the newest bin, as an instant of evidence; null before the first figure. */
  readonly untilMs: number | null;
  /** Requests per second, oldest first; null where nothing was seen. */
  readonly bins: readonly (number | null)[];
  /** The bin being filled: its sum and its number of figures. */
  readonly filling: { readonly sum: number; readonly figures: number };
  /** Mean absolute difference at lag 1, 2, ..., and how often it was seen, up to a bound. */
  readonly errors: readonly number[];
  readonly seen: readonly number[];
  /** Mean absolute errors of the trends, the short slope's first. */
  readonly trendErrors: readonly (number | null)[];
  /** Bins; null: no season is believed in. */
  readonly season: number | null;
}

export const NO_DEMAND: Demand = {
  untilMs: null,
  bins: [],
  filling: { sum: 0, figures: 0 },
  errors: [],
  seen: [],
  trendErrors: SLOPES.map(() => null),
  season: null,
};

/** One forecast, with the error that its forecaster has had so far at this horizon. */
export interface Forecast {
  readonly by: 'level' | 'trend' | 'season';
  readonly perSecond: number;
  /** Mean absolute error, requests per second; 0 while nothing has been measured. */
  readonly error: number;
}

/** Takes in the rate of a window that ended at `untilMs`; an older one changes nothing. */
export function noteDemand(
  demand: Demand,
  figure: { readonly untilMs: number; readonly perSecond: number; readonly horizonMs: number },
): Demand {
  const { untilMs, perSecond } = figure;
  const horizon = binsOf(figure.horizonMs);
  if (demand.untilMs === null) {
    return { ...NO_DEMAND, untilMs, bins: [perSecond] };
  }
  const passed = Math.floor((untilMs - demand.untilMs) / BIN_MS);
  const filling = {
    sum: demand.filling.sum + perSecond,
    figures: demand.filling.figures + 1,
  };
  if (passed < 1) {
    return untilMs > demand.untilMs ? { ...demand, filling } : demand;
  }
  if (passed > MOST_GAP) {
    return { ...NO_DEMAND, untilMs, bins: [perSecond] };
  }
  return judge(
    {
      ...demand,
      bins: withBin(demand.bins, filling.sum / filling.figures, passed - 1),
      untilMs: demand.untilMs + passed * BIN_MS,
      filling: { sum: 0, figures: 0 },
    },
    horizon,
  );
}

function withBin(before: Demand['bins'], value: number, missing: number): Demand['bins'] {
  if (missing === 0 && before.length === MOST_BINS) {
    // The usual case. Moved by hand: what is pushed onto a copy has it copied once more.
    const bins = before.slice();
    for (let bin = 1; bin < MOST_BINS; bin += 1) bins[bin - 1] = bins[bin] as number | null;
    bins[MOST_BINS - 1] = value;
    return bins;
  }
  const bins = before.slice(Math.max(0, before.length + missing + 1 - MOST_BINS));
  for (let gap = 0; gap < missing; gap += 1) bins.push(null);
  bins.push(value);
  return bins;
}

/** What will arrive `horizonMs` from the newest figure on; `now` is that newest figure. */
export function forecastDemand(
  demand: Demand,
  now: number,
  horizonMs: number,
  allowed: { readonly trend: boolean; readonly season: boolean },
): Forecast {
  const horizon = binsOf(horizonMs);
  const levelError = demand.errors[horizon - 1] ?? demand.errors.at(-1) ?? 0;
  if (allowed.season && demand.season !== null && demand.season >= horizon) {
    const seasonal = seasonalAt(demand, demand.season, horizon);
    if (seasonal !== null) {
      const error = demand.errors[demand.season - 1] as number;
      return { by: 'season', perSecond: seasonal, error };
    }
  }
  const trend = allowed.trend ? bestTrend(demand) : null;
  if (trend !== null && trend.error < TAKE_TREND * levelError) {
    const perSecond = Math.max(0, now + trend.slope * horizon);
    return { by: 'trend', perSecond, error: trend.error };
  }
  return { by: 'level', perSecond: now, error: levelError };
}

function bestTrend({ bins, trendErrors }: Demand): { slope: number; error: number } | null {
  let best: { slope: number; error: number } | null = null;
  SLOPES.forEach((length, index) => {
    const error = trendErrors[index] ?? null;
    if (error === null || (best !== null && best.error <= error)) return;
    const slope = slopeAt(bins, bins.length, length);
    if (slope !== null) best = { slope, error };
  });
  return best;
}

function binsOf(horizonMs: number): number {
  return Math.min(MOST_LAG, Math.max(1, Math.round(horizonMs / BIN_MS)));
}

/** A season ago, the highest of three bins: a step may come a bin earlier this time. */
function seasonalAt({ bins }: Demand, season: number, horizon: number): number | null {
  const at = bins.length - 1 + horizon - season;
  let most: number | null = null;
  for (let bin = Math.max(0, at - 1); bin <= Math.min(bins.length - 1, at + 1); bin += 1) {
    const value = bins[bin];
    if (value !== null && value !== undefined) most = Math.max(most ?? 0, value);
  }
  return most;
}

/** Least squares over the bins that end before `end`, per bin; null where one is missing. */
function slopeAt(bins: Demand['bins'], end: number, length: number): number | null {
  const from = end - length;
  if (from < 0) return null;
  const middle = (length - 1) / 2;
  let products = 0;
  for (let index = 0; index < length; index += 1) {
    const value = bins[from + index];
    if (value === null || value === undefined) return null;
    products += (index - middle) * value;
  }
  // The sum of the squared distances from the middle.
  return products / ((length * (length * length - 1)) / 12);
}

/** Every forecaster is held against the bin that has just been closed. */
function judge(demand: Demand, horizon: number): Demand {
  const { bins } = demand;
  const last = bins.length - 1;
  const newest = bins[last] as number;
  const errors = demand.errors.slice();
  // Copied when the first of them grows: in the end none does.
  let seen: number[] | null = null;
  for (let lag = 1; lag <= Math.min(MOST_LAG, last); lag += 1) {
    const past = bins[last - lag];
    const known = demand.seen[lag - 1];
    const isSeen = past !== null && past !== undefined;
    const most = Math.max(MEMORY_BINS, lag);
    const count = Math.min(most, (known ?? 0) + (isSeen ? 1 : 0));
    if (count !== known) {
      seen ??= demand.seen.slice();
      seen[lag - 1] = count;
    }
    const before = errors[lag - 1] ?? 0;
    errors[lag - 1] = isSeen ? before + (Math.abs(newest - past) - before) / count : before;
  }
  const trendErrors = SLOPES.map((length, index) =>
    trendErrorAfter(demand.trendErrors[index] ?? null, { bins, horizon, length }),
  );
  const next = { ...demand, errors, seen: seen ?? demand.seen, trendErrors };
  return { ...next, season: seasonOf(next, horizon) };
}

/** What the slope of then foretold for the newest bin, held against it. */
function trendErrorAfter(
  before: number | null,
  { bins, horizon, length }: { bins: Demand['bins']; horizon: number; length: number },
): number | null {
  const newest = bins.at(-1) as number;
  const at = bins.length - 1 - horizon;
  const base = bins[at];
  const slope = at >= 0 ? slopeAt(bins, at + 1, length) : null;
  if (base === null || base === undefined || slope === null) return before;
  const error = Math.abs(newest - Math.max(0, base + slope * horizon));
  return before === null ? error : before + (error - before) / TREND_MEMORY_BINS;
}

function seasonOf(demand: Demand, horizon: number): number | null {
  const { errors, seen } = demand;
  const level = errors[horizon - 1] ?? 0;
  let best: number | null = null;
  for (let lag = Math.max(4, horizon); lag <= errors.length; lag += 1) {
    // It has been seen to repeat for three quarters of a period at least.
    if ((seen[lag - 1] as number) < Math.max(12, 0.75 * lag)) continue;
    if (best === null || (errors[lag - 1] as number) < (errors[best - 1] as number)) best = lag;
  }
  if (best === null) return null;
  const held = demand.season;
  if (held !== null && held >= horizon && (errors[held - 1] as number) < KEEP_SEASON * level) {
    return (errors[best - 1] as number) < 0.8 * (errors[held - 1] as number) ? best : held;
  }
  return (errors[best - 1] as number) < TAKE_SEASON * level ? best : null;
}

/** The most that a season ago came between now and `horizonMs` later; null without a season. */
export function seasonalPeak(demand: Demand, horizonMs: number): number | null {
  const { season, bins } = demand;
  if (season === null) return null;
  let most: number | null = null;
  const until = Math.min(binsOf(horizonMs), season);
  for (let ahead = 0; ahead <= until; ahead += 1) {
    const value = bins[bins.length - 1 + ahead - season];
    if (value !== null && value !== undefined) most = Math.max(most ?? 0, value);
  }
  return most;
}
