/**
 * Has the mean of a series moved from what it was so far? Page-Hinkley: needs no target.
 *
 *     mean = mean of all values since the last alarm
 *     up   = sum (x - mean - delta),   alarm high when  up - min(up) > lambda
 *     down = sum (x - mean + delta),   alarm low  when  max(down) - down > lambda
 *
 * `delta` is the move that is tolerated and `lambda` the sum that is not, both in the unit of the
 * series. With lambda at some tens of delta a lone outlier does not alarm and a lasting move does.
 * After an alarm it begins anew with the new mean. Against CUSUM: nothing to learn beforehand, but
 * the mean follows a slow drift, which is then never seen.
 *
 * Needs `minCount` values before it may alarm: default 10. What is no number, or too large to
 * average, is ignored; a gap leaves the sums as they are.
 * Source: E. Page, 1954; D. Hinkley, 1971.
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';

export interface PageHinkleyConfig {
  readonly delta: number;
  readonly lambda: number;
  /** Default 10. */
  readonly minCount?: number;
}

/** Plain JSON. */
export interface PageHinkleyState {
  readonly config: Required<PageHinkleyConfig>;
  readonly count: number;
  readonly mean: number;
  /** Sum so far above its lowest, and below its highest. */
  readonly rise: number;
  readonly fall: number;
}

export interface PageHinkleyStep {
  readonly state: PageHinkleyState;
  readonly alarm: 'high' | 'low' | null;
}

export function initPageHinkley(config: PageHinkleyConfig): PageHinkleyState {
  const { delta, lambda, minCount = 10 } = config;
  requireAtLeastZero('delta', delta);
  requirePositive('lambda', lambda);
  const usable = Number.isInteger(minCount) && minCount >= 1;
  requireThat(usable, 'minCount', minCount, 'a whole number, 1 or above');
  return { config: { delta, lambda, minCount }, count: 0, mean: 0, rise: 0, fall: 0 };
}

export function stepPageHinkley(state: PageHinkleyState, value: number): PageHinkleyStep {
  if (!Number.isFinite(value)) {
    return { state, alarm: null };
  }
  const { config } = state;
  const count = state.count + 1;
  const mean = state.mean + (value - state.mean) / count;
  if (!Number.isFinite(mean)) {
    return { state, alarm: null };
  }
  // A sum above its lowest so far is a sum that restarts at 0 instead of falling below it.
  const rise = bounded(state.rise + value - mean - config.delta);
  const fall = bounded(state.fall + mean - value - config.delta);
  const moved = rise > config.lambda || fall > config.lambda;
  if (count >= config.minCount && moved) {
    const alarm = rise > config.lambda ? 'high' : 'low';
    return { state: { config, count: 0, mean: 0, rise: 0, fall: 0 }, alarm };
  }
  return { state: { config, count, mean, rise, fall }, alarm: null };
}

/** An infinite sum would not survive as JSON. */
function bounded(sum: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(0, sum));
}
