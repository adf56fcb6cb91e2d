/**
 * Has the mean of a series moved? Two-sided CUSUM: small moves add up, noise does not.
 *
 *     high = max(0, high + z - k)      low = max(0, low - z - k)      z = (x - target) / sigma
 *     alarm when high or low > h; both then restart at 0
 *
 * Target and sigma are given, or learned: mean and standard deviation of the first `learn` values.
 * After an alarm a learned target is learned anew, for the series has a new mean: without that, a
 * lasting move would alarm for ever.
 *
 * Defaults (in sigmas): k 0.5, half of the move that is to be found soonest, 1; h 5: a move of one
 * sigma is found after about 10 values, a false alarm comes once in about 465 (h 4: 8 and 168).
 * A series that does not vary while learning gets 1 % of its mean as sigma.
 *
 * What is no number, or too large to square, is ignored. It counts values, not time: a gap leaves
 * the sums as they are.
 * Source: E. Page, 1954; D. Montgomery, Introduction to Statistical Quality Control, chapter 9.
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';

export interface CusumConfig {
  /** Mean to compare with; null: learned. Default null. */
  readonly target?: number | null;
  /** Standard deviation, with `target`. */
  readonly sigma?: number | null;
  /** Slack, in sigmas. Default 0.5. */
  readonly k?: number;
  /** Decision limit, in sigmas. Default 5. */
  readonly h?: number;
  /** Values to learn target and sigma from, 8 or more. Default 20. */
  readonly learn?: number;
}

/** Plain JSON. */
export interface CusumState {
  readonly config: Required<CusumConfig>;
  /** Null while learning. */
  readonly base: { readonly target: number; readonly sigma: number } | null;
  /** While learning: count, mean and sum of squared distances (Welford). */
  readonly learned: { readonly count: number; readonly mean: number; readonly squares: number };
  readonly high: number;
  readonly low: number;
}

export interface CusumStep {
  readonly state: CusumState;
  readonly alarm: 'high' | 'low' | null;
}

const LEAST_LEARNED = 8;
/** Of the mean, when nothing varied while learning; and for a mean of 0. */
const CONSTANT_SIGMA = 0.01;
const SMALLEST_SIGMA = 1e-9;
const NOTHING = { count: 0, mean: 0, squares: 0 };

export function initCusum(config: CusumConfig = {}): CusumState {
  const { target = null, sigma = null, k = 0.5, h = 5, learn = 20 } = config;
  requireAtLeastZero('k', k);
  requirePositive('h', h);
  const enough = Number.isInteger(learn) && learn >= LEAST_LEARNED;
  requireThat(enough, 'learn', learn, `a whole number, ${LEAST_LEARNED} or above`);
  const settings = { target, sigma, k, h, learn };
  if (target === null) {
    requireThat(sigma === null, 'sigma', sigma, 'left out when target is');
    return { config: settings, base: null, learned: NOTHING, high: 0, low: 0 };
  }
  requireThat(Number.isFinite(target), 'target', target, 'a number');
  requirePositive('sigma', sigma ?? 0);
  const base = { target, sigma: sigma as number };
  return { config: settings, base, learned: NOTHING, high: 0, low: 0 };
}

export function stepCusum(state: CusumState, value: number): CusumStep {
  if (!Number.isFinite(value)) {
    return { state, alarm: null };
  }
  const { config, base } = state;
  if (base === null) {
    return { state: learnBase(state, value), alarm: null };
  }
  const z = (value - base.target) / base.sigma;
  const high = Math.max(0, state.high + z - config.k);
  const low = Math.max(0, state.low - z - config.k);
  if (high <= config.h && low <= config.h) {
    return { state: { ...state, high, low }, alarm: null };
  }
  const anew = config.target === null ? null : base;
  return {
    state: { config, base: anew, learned: NOTHING, high: 0, low: 0 },
    alarm: high > config.h ? 'high' : 'low',
  };
}

function learnBase(state: CusumState, value: number): CusumState {
  const count = state.learned.count + 1;
  const distance = value - state.learned.mean;
  const mean = state.learned.mean + distance / count;
  const squares = state.learned.squares + distance * (value - mean);
  if (!Number.isFinite(squares)) {
    return state;
  }
  if (count < state.config.learn) {
    return { ...state, learned: { count, mean, squares } };
  }
  const deviation = Math.sqrt(squares / (count - 1));
  const floor = Math.max(SMALLEST_SIGMA, CONSTANT_SIGMA * Math.abs(mean));
  const sigma = deviation > SMALLEST_SIGMA ? deviation : floor;
  return { ...state, base: { target: mean, sigma }, learned: NOTHING };
}
