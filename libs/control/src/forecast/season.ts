/**
 * Does a series repeat itself, and after how long?
 *
 *     d[k] = mean (x[t] - x[t - k])^2          for each lag k, over the memory, gaps left out
 *     r[k] = 1 - d[k] / mean of all d          1: repeats exactly; 0: no likeness
 *
 * d[k] is also the squared error of the forecast "as k slots ago". For a stationary series r is
 * its autocorrelation; unlike a product, a difference needs no mean and bears a slow trend.
 *
 * The period is the smallest lag at the bottom of a valley of d that is at most half as high as
 * the hill before it, with r of at least 0.5 and within 0.1 of the best; a parabola through the
 * bottom gives its fraction. A lag counts once as many pairs as it is long have been seen: two
 * seasons. A period found is kept while its own valley is nearly as good.
 *
 *     forecast(t) = mean over past cycles c of  x[t - c P] + mean (x[now - j] - x[now - j - c P])
 *
 * Source: A. de Cheveigne, H. Kawahara, YIN, 2002 (the difference function).
 */
import { requireThat } from '../config.ts';
import type { ClosedSlot } from './slots.ts';

export interface SeasonConfig {
  /** Longest period looked for, 8 to 512 slots. Default 120. */
  readonly mostSlots?: number;
  /** Shortest period, at least 4 slots. Default 4. */
  readonly leastSlots?: number;
}

export interface Period {
  readonly periodSlots: number;
  /** r at the period, at most 1. */
  readonly correlation: number;
}

/** In the ring: no sample. Samples are never negative. */
const GAP = -1;
const LEAST_CORRELATION = 0.5;
/** A smaller lag is taken when it is this near to the best. */
const NEAR_BEST = 0.1;
/** A period once found may be this much worse than what would be found anew. */
const KEPT = 0.1;
const VALLEY_TO_HILL = 0.5;
/** How far around a lag its valley may reach, as a share of it. */
const VALLEY_WIDTH = 0.15;
const FEWEST_PAIRS = 8;
/** Slots between two looks for the period: it does not change from one slot to the next. */
const LOOK_EVERY = 4;
/** Of a slot. Less comes from the pairs seen so far, not from the period. */
const SMALLEST_FRACTION = 0.15;
const MOST_CYCLES = 2;
const MOST_SLOTS = 512;
const SHARES = Array.from({ length: 2 * MOST_SLOTS + 1 }, (_, count) => 1 / Math.max(1, count));
/** The present is compared with the past over an eighth of the period, 2 to 4 slots. */
const LIFT_SHARE = 8;
const MOST_LIFT = 4;

/** Plain JSON, of fixed size. */
export interface SeasonState {
  readonly config: Required<SeasonConfig>;
  readonly lastSlot: number | null;
  /** The value of slot s is at s mod length (twice the longest period); -1 in a gap. */
  readonly ring: readonly number[];
  /** Mean squared difference, and pairs it rests on, of lag k at k - 1. */
  readonly differences: readonly number[];
  readonly pairs: readonly number[];
  readonly found: Period | null;
}

export function initSeason(config: SeasonConfig = {}): SeasonState {
  const { mostSlots = 120, leastSlots = 4 } = config;
  const most = Number.isInteger(mostSlots) && mostSlots >= 8 && mostSlots <= MOST_SLOTS;
  requireThat(most, 'mostSlots', mostSlots, `a whole number from 8 to ${MOST_SLOTS}`);
  const least = Number.isInteger(leastSlots) && leastSlots >= 4 && leastSlots < mostSlots;
  requireThat(least, 'leastSlots', leastSlots, `a whole number from 4, below ${mostSlots}`);
  return {
    config: { mostSlots, leastSlots },
    lastSlot: null,
    ring: Array.from({ length: 2 * mostSlots }, () => GAP),
    differences: Array.from({ length: mostSlots }, () => 0),
    pairs: Array.from({ length: mostSlots }, () => 0),
    found: null,
  };
}

/** Slots come in rising order; one that does not is ignored. */
export function noteSeason(state: SeasonState, { slot, value }: ClosedSlot): SeasonState {
  const { lastSlot, config } = state;
  if (lastSlot !== null && slot <= lastSlot) {
    return state;
  }
  const ring = state.ring.slice();
  const size = ring.length;
  const skipped = lastSlot === null ? 0 : Math.min(size, slot - lastSlot - 1);
  for (let back = 1; back <= skipped; back += 1) {
    ring[indexOf(slot - back, size)] = GAP;
  }
  ring[indexOf(slot, size)] = value;
  const { differences, pairs } = learn(state, ring, slot, value);
  const due =
    lastSlot === null || Math.floor(slot / LOOK_EVERY) > Math.floor(lastSlot / LOOK_EVERY);
  const found = due ? findPeriod(config, differences, pairs, state.found) : state.found;
  return { config, lastSlot: slot, ring, differences, pairs, found };
}

/** The value against those before it, lag by lag. */
function learn(
  state: SeasonState,
  ring: readonly number[],
  slot: number,
  value: number,
): Pick<SeasonState, 'differences' | 'pairs'> {
  const size = ring.length;
  const { mostSlots } = state.config;
  const differences = state.differences.slice();
  // Copied when the first of them grows: in the end none does.
  let pairs: number[] | null = null;
  let at = indexOf(slot, size);
  for (let lag = 1; lag <= mostSlots; lag += 1) {
    at = at === 0 ? size - 1 : at - 1;
    const past = ring[at] as number;
    if (past !== GAP) {
      let count = state.pairs[lag - 1] as number;
      // The memory is as long as the ring: it forgets a period that is over.
      if (count < size) {
        count += 1;
        pairs ??= state.pairs.slice();
        pairs[lag - 1] = count;
      }
      const mean = differences[lag - 1] as number;
      differences[lag - 1] = mean + ((value - past) * (value - past) - mean) * shareOf(count);
    }
  }
  return { differences, pairs: pairs ?? state.pairs };
}

/** 1 / count, looked up: a division for each lag would be half of what a slot costs. */
function shareOf(count: number): number {
  return SHARES[count] as number;
}

/**
 * As in past cycles, lifted by how far the present is from them. Null: no period is known, or
 * none of the past cycles has seen this phase.
 */
export function repeatAt(state: SeasonState, position: number): number | null {
  const { found, lastSlot } = state;
  if (found === null || lastSlot === null || position < lastSlot - state.ring.length) {
    return null;
  }
  const { periodSlots } = found;
  const ahead = Math.max(1, Math.ceil((position - lastSlot) / periodSlots));
  let sum = 0;
  let cycles = 0;
  for (let cycle = ahead; cycle < ahead + MOST_CYCLES; cycle += 1) {
    const past = valueAt(state, position - cycle * periodSlots);
    const lift = liftOver(state, (cycle - ahead + 1) * periodSlots, periodSlots / LIFT_SHARE);
    if (past !== null && lift !== null) {
      sum += past + lift;
      cycles += 1;
    }
  }
  return cycles > 0 ? Math.max(0, sum / cycles) : null;
}

/** How far the newest slots are above those one or more periods ago. */
function liftOver(state: SeasonState, backSlots: number, overSlots: number): number | null {
  const newest = state.lastSlot as number;
  const over = Math.max(2, Math.min(MOST_LIFT, Math.round(overSlots)));
  let sum = 0;
  let count = 0;
  for (let slot = newest; slot > newest - over; slot -= 1) {
    const now = valueAt(state, slot);
    const past = valueAt(state, slot - backSlots);
    if (now !== null && past !== null) {
      sum += now - past;
      count += 1;
    }
  }
  return count > 0 ? sum / count : null;
}

/** Between two slots both must have been seen. */
function valueAt(state: SeasonState, position: number): number | null {
  const newest = state.lastSlot as number;
  const before = Math.floor(position);
  const share = position - before;
  const size = state.ring.length;
  const after = share > 0 ? before + 1 : before;
  if (before <= newest - size || after > newest) {
    return null;
  }
  const a = state.ring[indexOf(before, size)] as number;
  const b = state.ring[indexOf(after, size)] as number;
  return a === GAP || b === GAP ? null : a + (b - a) * share;
}

function findPeriod(
  config: Required<SeasonConfig>,
  differences: readonly number[],
  pairs: readonly number[],
  kept: Period | null,
): Period | null {
  let eligible = 0;
  let total = 0;
  while (eligible < config.mostSlots) {
    const lag = eligible + 1;
    if ((pairs[eligible] as number) < Math.max(lag, FEWEST_PAIRS)) {
      break;
    }
    total += differences[eligible] as number;
    eligible += 1;
  }
  const usual = total / eligible;
  if (eligible <= config.leastSlots || !(usual > 0)) {
    return null;
  }
  const bottom = bestValley(config.leastSlots, eligible, differences, usual);
  const near = kept === null ? null : bottomNear(differences, eligible, kept.periodSlots);
  const correlationOf = (lag: number) => 1 - (differences[lag - 1] as number) / usual;
  const best = bottom === null ? LEAST_CORRELATION : correlationOf(bottom);
  const keeps = near !== null && correlationOf(near) >= best - NEAR_BEST - KEPT;
  const lag = keeps ? near : bottom;
  if (lag === null || correlationOf(lag) < LEAST_CORRELATION - KEPT) {
    return null;
  }
  return { periodSlots: lag + fractionAt(differences, lag), correlation: correlationOf(lag) };
}

/** The smallest lag that is nearly as good as the best one; null: there is no valley. */
function bestValley(
  least: number,
  eligible: number,
  differences: readonly number[],
  usual: number,
): number | null {
  const most = usual * (1 - LEAST_CORRELATION);
  let hill = 0;
  let lowest = Number.POSITIVE_INFINITY;
  const valleys: number[] = [];
  for (let lag = 1; lag < eligible; lag += 1) {
    const here = differences[lag - 1] as number;
    const low = here <= most && here <= hill * VALLEY_TO_HILL;
    if (lag >= least && low && isBottom(differences, lag)) {
      valleys.push(lag);
      lowest = Math.min(lowest, here);
    }
    hill = Math.max(hill, here);
  }
  const limit = lowest + NEAR_BEST * usual;
  const first = valleys.find((lag) => (differences[lag - 1] as number) <= limit);
  return first === undefined ? null : bottomNear(differences, eligible, first);
}

/** The lowest bottom around a lag. On a slope there is none. */
function bottomNear(differences: readonly number[], eligible: number, lag: number): number | null {
  const width = Math.max(1, Math.floor(lag * VALLEY_WIDTH));
  const middle = Math.round(lag);
  let best: number | null = null;
  for (let k = Math.max(2, middle - width); k <= Math.min(eligible - 1, middle + width); k += 1) {
    const lower =
      best === null || (differences[k - 1] as number) < (differences[best - 1] as number);
    if (lower && isBottom(differences, k)) {
      best = k;
    }
  }
  return best;
}

/** Lags 2 and up. */
function isBottom(differences: readonly number[], lag: number): boolean {
  const here = differences[lag - 1] as number;
  return here <= (differences[lag - 2] as number) && here <= (differences[lag] as number);
}

/** Where the parabola through the bottom and its neighbours is lowest, if clearly beside it. */
function fractionAt(differences: readonly number[], lag: number): number {
  const left = differences[lag - 2] as number;
  const here = differences[lag - 1] as number;
  const right = differences[lag] as number;
  const curve = left - 2 * here + right;
  const fraction = curve > 0 ? Math.max(-0.5, Math.min(0.5, (left - right) / (2 * curve))) : 0;
  return Math.abs(fraction) < SMALLEST_FRACTION ? 0 : fraction;
}

function indexOf(slot: number, size: number): number {
  return ((slot % size) + size) % size;
}
