/**
 * The lowest value of the last `spanMs`: a base line (round-trip time without queueing).
 *
 *     min(now) = least x[i] with t[i] > now - spanMs
 *
 * Kept as a rising queue: a value that a newer one undercuts can never be the lowest again, so it
 * is dropped. At most `most` values are kept; of more, the one that would be the answer for the
 * shortest time is left out. The answer may then be too high for that time, never too low.
 *
 * What is no number, or negative, is ignored, and so is what is older than the span. Three of
 * those in a row mean that the clock was set back: it begins anew.
 */
import { requirePositive, requireThat } from '../config.ts';
import { isMeasure } from '../numbers.ts';

interface Low {
  readonly atMs: number;
  readonly value: number;
}

/** Plain JSON. */
export interface RollingMinState {
  readonly spanMs: number;
  readonly most: number;
  /** Oldest first; times and values rise. */
  readonly queue: readonly Low[];
  /** Samples in a row older than the span. */
  readonly late: number;
}

const LATE_TO_BELIEVE = 3;

/** `most`: values kept, 4 to 256. Default 64. */
export function initRollingMin(config: {
  readonly spanMs: number;
  readonly most?: number;
}): RollingMinState {
  const { spanMs, most = 64 } = config;
  requirePositive('spanMs', spanMs);
  const usable = Number.isInteger(most) && most >= 4 && most <= 256;
  requireThat(usable, 'most', most, 'a whole number from 4 to 256');
  return { spanMs, most, queue: [], late: 0 };
}

export function stepRollingMin(state: RollingMinState, sample: Low): RollingMinState {
  const { atMs, value } = sample;
  if (!isMeasure(value) || !Number.isFinite(atMs)) {
    return state;
  }
  const newestMs = state.queue.at(-1)?.atMs ?? atMs;
  if (atMs <= newestMs - state.spanMs) {
    const late = state.late + 1;
    return late < LATE_TO_BELIEVE
      ? { ...state, late }
      : { ...state, queue: [{ atMs, value }], late: 0 };
  }
  const nowMs = Math.max(newestMs, atMs);
  const alive = state.queue.filter((each) => each.atMs > nowMs - state.spanMs);
  const newer = alive.filter((each) => each.atMs >= atMs);
  if (newer.some((each) => each.value <= value)) {
    return { ...state, queue: alive, late: 0 };
  }
  const older = alive.filter((each) => each.atMs < atMs && each.value < value);
  const queue = [...older, { atMs, value }, ...newer.filter((each) => each.atMs > atMs)];
  return { ...state, queue: queue.length > state.most ? thinned(queue) : queue, late: 0 };
}

/** Null: there is no value in the span that ends now. */
export function rollingMin(state: RollingMinState, nowMs: number): number | null {
  return state.queue.find((each) => each.atMs > nowMs - state.spanMs)?.value ?? null;
}

/** Each is the answer from when the one before it is too old until it is too old itself. */
function thinned(queue: readonly Low[]): readonly Low[] {
  const answersForMs = (k: number) => (queue[k] as Low).atMs - (queue[k - 1] as Low).atMs;
  let shortest = 1;
  for (let k = 2; k < queue.length - 1; k += 1) {
    if (answersForMs(k) < answersForMs(shortest)) {
      shortest = k;
    }
  }
  return queue.toSpliced(shortest, 1);
}
