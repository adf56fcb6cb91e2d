/**
 * Stability margins, found by making a loop worse until it swings.
 *
 *     gain margin        the factor on the loop's gain up to which it still comes to rest
 *     dead-time margin   the delay on top of its own up to which it does
 *
 * Rest: in the last quarter of a run the signal's way from lowest to highest is shorter than in the
 * quarter before, or no longer than `quiet` (or a millionth of its way in the whole run). So a run
 * must last some twenty swings; an actuator of whole positions swings by one for ever and needs a
 * `quiet` larger than what that makes.
 *
 * The search doubles until the loop is restless, then halves the interval. It assumes that a worse
 * loop stays restless, as loops with dead time do.
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import type { Trajectory } from './trajectory.ts';

export interface Margin {
  /** The worst at which the loop came to rest. */
  readonly margin: number;
  /** False: it still did at the most that was tried. */
  readonly limited: boolean;
}

/** A quarter that shrinks by less than this is not shrinking. */
const SHRINKS_TO = 0.95;
const NUMERIC_NOISE = 1e-6;
const MOST_GAIN = 64;
const GAIN_PRECISION = 0.01;

/** Whether the signal has not come to rest by the end of a run. */
export function isRestless(points: Trajectory, quiet = 0): boolean {
  const quarter = Math.floor(points.length / 4);
  requireThat(quarter >= 2, 'points', points.length, 'at least 8');
  const earlier = wayOf(points.slice(-2 * quarter, -quarter));
  const last = wayOf(points.slice(-quarter));
  const floor = Math.max(quiet, NUMERIC_NOISE * wayOf(points));
  return !(last <= floor || last < SHRINKS_TO * earlier);
}

function wayOf(points: Trajectory): number {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const { measured } of points) {
    if (!Number.isFinite(measured)) {
      return Number.NaN;
    }
    lowest = Math.min(lowest, measured);
    highest = Math.max(highest, measured);
  }
  return highest - lowest;
}

/**
 * `run` closes the loop with its gain multiplied by a factor. Below 1: the loop is unstable as it
 * is. From 1/64 to 64; 0 when it is restless even at the least.
 */
export function gainMargin(
  run: (factor: number) => Trajectory,
  options: { readonly quiet?: number } = {},
): Margin {
  const rests = (factor: number) => !isRestless(run(factor), options.quiet);
  let stable = 1;
  let restless = 1;
  if (rests(1)) {
    for (restless = 2; restless <= MOST_GAIN && rests(restless); restless *= 2) {
      stable = restless;
    }
    if (restless > MOST_GAIN) {
      return { margin: stable, limited: false };
    }
  } else {
    for (stable = 1 / 2; stable >= 1 / MOST_GAIN && !rests(stable); stable /= 2) {
      restless = stable;
    }
    if (stable < 1 / MOST_GAIN) {
      return { margin: 0, limited: true };
    }
  }
  while (restless / stable > 1 + GAIN_PRECISION) {
    const middle = Math.sqrt(stable * restless);
    if (rests(middle)) {
      stable = middle;
    } else {
      restless = middle;
    }
  }
  return { margin: stable, limited: true };
}

/** `run` closes the loop with so much more dead time. In milliseconds, to `precisionMs`. */
export function deadTimeMargin(
  run: (extraDelayMs: number) => Trajectory,
  options: { readonly precisionMs: number; readonly mostMs: number; readonly quiet?: number },
): Margin {
  const { precisionMs, mostMs, quiet = 0 } = options;
  requirePositive('precisionMs', precisionMs);
  requireAtLeastZero('mostMs', mostMs);
  const rests = (extraMs: number) => !isRestless(run(extraMs), quiet);
  if (!rests(0)) {
    return { margin: 0, limited: true };
  }
  let stable = 0;
  let tried = Math.min(mostMs, precisionMs);
  while (rests(tried)) {
    if (tried === mostMs) {
      return { margin: mostMs, limited: false };
    }
    stable = tried;
    tried = Math.min(mostMs, tried * 2);
  }
  while (tried - stable > precisionMs) {
    const middle = (stable + tried) / 2;
    if (rests(middle)) {
      stable = middle;
    } else {
      tried = middle;
    }
  }
  return { margin: stable, limited: true };
}
