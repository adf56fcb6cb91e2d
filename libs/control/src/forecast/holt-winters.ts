/**
 * Holt-Winters, additive: a level, a trend and a season of fixed length.
 *
 *     level'  = alpha (x - season[i]) + (1 - alpha) (level + trend g)
 *     trend'  = beta (level' - level) / g + (1 - beta) trend
 *     season' = gamma (x - level') + (1 - gamma) season[i]        i = slot mod seasonSlots
 *     forecast(h) = max(0, level + trend h + season[i + h])
 *
 * g is 1, or more after a gap: then level and trend go on by themselves and no season is learned,
 * for a gap is not a zero. It says nothing before two whole seasons have been seen: their means
 * give the first trend, their distances from the means the first season. At least three quarters
 * of their slots, and every phase once, must have been seen; otherwise it waits for one more
 * season. After a gap of two seasons it begins anew.
 *
 * Defaults: alpha 0.2 (about the last ten slots), beta 0.02 (a trend is slow, else it is noise),
 * gamma 0.3 (about the last six seasons).
 * Source: P. Winters, Forecasting sales by exponentially weighted moving averages, 1960.
 */
import { requireThat } from '../config.ts';
import type { ClosedSlot } from './slots.ts';

export interface HoltWintersConfig {
  /** Length of the season, 2 to 2,016 slots. */
  readonly seasonSlots: number;
  /** Above 0, at most 1. Default 0.2. */
  readonly alpha?: number;
  /** 0 to 1. Default 0.02. */
  readonly beta?: number;
  /** 0 to 1. Default 0.3. */
  readonly gamma?: number;
}

/** Slots without a sample among those of the first seasons. */
const GAP = -1;
const MOST_SEASON = 2_016;
const SEEN_SHARE = 0.75;

/** Plain JSON. */
export interface HoltWintersState {
  readonly config: Required<HoltWintersConfig>;
  readonly lastSlot: number | null;
  /** The first two seasons, as they came; -1 in a gap. Empty once the model has begun. */
  readonly first: readonly number[];
  /** Null: it has not begun. `season[slot mod seasonSlots]`. */
  readonly model: {
    readonly level: number;
    readonly trend: number;
    readonly season: readonly number[];
  } | null;
}

export function initHoltWinters(config: HoltWintersConfig): HoltWintersState {
  const { seasonSlots, alpha = 0.2, beta = 0.02, gamma = 0.3 } = config;
  const usable = Number.isInteger(seasonSlots) && seasonSlots >= 2 && seasonSlots <= MOST_SEASON;
  requireThat(usable, 'seasonSlots', seasonSlots, `a whole number from 2 to ${MOST_SEASON}`);
  requireThat(alpha > 0 && alpha <= 1, 'alpha', alpha, 'above 0, at most 1');
  requireThat(beta >= 0 && beta <= 1, 'beta', beta, 'a ratio from 0 to 1');
  requireThat(gamma >= 0 && gamma <= 1, 'gamma', gamma, 'a ratio from 0 to 1');
  return {
    config: { seasonSlots, alpha, beta, gamma },
    lastSlot: null,
    first: [],
    model: null,
  };
}

/** Slots come in rising order; one that does not is ignored. */
export function noteHoltWinters(state: HoltWintersState, closed: ClosedSlot): HoltWintersState {
  const { config, lastSlot, model } = state;
  if (lastSlot === null) {
    return { ...state, lastSlot: closed.slot, first: [closed.value] };
  }
  const gap = closed.slot - lastSlot;
  if (gap <= 0) {
    return state;
  }
  if (gap >= 2 * config.seasonSlots) {
    return { config, lastSlot: closed.slot, first: [closed.value], model: null };
  }
  return model === null
    ? collect(state, closed, gap)
    : { ...state, lastSlot: closed.slot, model: learn(config, model, closed, gap) };
}

/** Null before the second season has been seen whole. */
export function holtWintersAt(state: HoltWintersState, position: number): number | null {
  const { model, lastSlot, config } = state;
  if (model === null || lastSlot === null) {
    return null;
  }
  const slot = Math.floor(position);
  const share = position - slot;
  const before = model.season[phaseOf(slot, config.seasonSlots)] as number;
  const after = model.season[phaseOf(slot + 1, config.seasonSlots)] as number;
  const season = before + (after - before) * share;
  return Math.max(0, model.level + model.trend * (position - lastSlot) + season);
}

type Model = NonNullable<HoltWintersState['model']>;

function learn(
  config: Required<HoltWintersConfig>,
  { level, trend, season }: Model,
  { slot, value }: ClosedSlot,
  gap: number,
): Model {
  const phase = phaseOf(slot, config.seasonSlots);
  const usual = season[phase] as number;
  const expected = level + trend * gap;
  const nextLevel = expected + config.alpha * (value - usual - expected);
  const nextTrend = trend + config.beta * ((nextLevel - level) / gap - trend);
  const nextSeason = season.slice();
  nextSeason[phase] = usual + config.gamma * (value - nextLevel - usual);
  return { level: nextLevel, trend: nextTrend, season: nextSeason };
}

function collect(state: HoltWintersState, closed: ClosedSlot, gap: number): HoltWintersState {
  const { seasonSlots } = state.config;
  const first = state.first.slice();
  for (let skipped = 1; skipped < gap; skipped += 1) {
    first.push(GAP);
  }
  first.push(closed.value);
  const lastSlot = closed.slot;
  if (first.length < 2 * seasonSlots) {
    return { ...state, lastSlot, first };
  }
  // A gap may reach past the second season: the newest two count.
  const seasons = first.slice(-2 * seasonSlots);
  const model = begin(seasons, seasonSlots, lastSlot);
  return model === null
    ? { ...state, lastSlot, first: seasons.slice(seasonSlots) }
    : { ...state, lastSlot, first: [], model };
}

/** Null: too much of the two seasons is missing. */
function begin(seasons: readonly number[], seasonSlots: number, lastSlot: number): Model | null {
  const older = seasons.slice(0, seasonSlots);
  const newer = seasons.slice(seasonSlots);
  const seen = seasons.filter((value) => value !== GAP).length;
  const phasesSeen = older.every((value, k) => value !== GAP || newer[k] !== GAP);
  if (seen < SEEN_SHARE * seasons.length || !phasesSeen) {
    return null;
  }
  const trend = meanChange(older, newer) / seasonSlots;
  const season = Array.from({ length: seasonSlots }, () => 0);
  const middle = (seasons.length - 1) / 2;
  // Both seasons without their trend, around the middle of the two.
  const flat = seasons.map((value, k) => value - trend * (k - middle));
  const level = meanOfPhases(seasons, flat, seasonSlots, (phase, mean) => {
    season[phaseOf(lastSlot - seasonSlots + 1 + phase, seasonSlots)] = mean;
  });
  return {
    level: level + trend * middle,
    trend,
    season: season.map((mean) => mean - level),
  };
}

/** From the older season to the newer, over the phases that both have seen. */
function meanChange(older: readonly number[], newer: readonly number[]): number {
  let sum = 0;
  let count = 0;
  older.forEach((value, k) => {
    if (value !== GAP && newer[k] !== GAP) {
      sum += (newer[k] as number) - value;
      count += 1;
    }
  });
  return count > 0 ? sum / count : 0;
}

/** Tells the mean of each phase, and gives back the mean of them all. */
function meanOfPhases(
  seasons: readonly number[],
  flat: readonly number[],
  seasonSlots: number,
  tell: (phase: number, mean: number) => void,
): number {
  let total = 0;
  for (let phase = 0; phase < seasonSlots; phase += 1) {
    const seen = [phase, phase + seasonSlots].filter((k) => seasons[k] !== GAP);
    const mean = seen.reduce((sum, k) => sum + (flat[k] as number), 0) / seen.length;
    tell(phase, mean);
    total += mean;
  }
  return total / seasonSlots;
}

function phaseOf(slot: number, seasonSlots: number): number {
  return ((slot % seasonSlots) + seasonSlots) % seasonSlots;
}
