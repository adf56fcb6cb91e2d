/**
 * A straight line through the last slots that outliers cannot turn.
 *
 *     slope    = median over k of (x[k + m] - x[k]) / (t[k + m] - t[k])      m = n / 2
 *     level    = median over k of  x[k] + slope (now - t[k])
 *     forecast = max(0, level + slope (t - now))
 *
 * Each point is in one pair, so the line stands as long as fewer than a quarter of the points are
 * wrong. Gaps are no points; after a gap as long as the window it begins anew.
 *
 * Default 12 slots: long enough to tell a slope from noise, short enough to follow a ramp.
 * Source: H. Theil, 1950 (incomplete method); level after P. Sen, 1968.
 */
import { requireThat } from '../config.ts';
import type { ClosedSlot } from './slots.ts';

export interface TrendConfig {
  /** Slots looked back on, 4 to 32. Default 12. */
  readonly slots?: number;
}

/** Plain JSON. */
export interface TrendState {
  readonly size: number;
  /** Oldest first; at most `size`, all of them within the last `size` slots. */
  readonly slots: readonly number[];
  readonly values: readonly number[];
  /** The line at the newest slot; null: too few points. */
  readonly line: { readonly level: number; readonly slope: number } | null;
}

const FEWEST = 4;
const MOST = 32;

export function initTrend({ slots = 12 }: TrendConfig = {}): TrendState {
  const usable = Number.isInteger(slots) && slots >= FEWEST && slots <= MOST;
  requireThat(usable, 'slots', slots, `a whole number from ${FEWEST} to ${MOST}`);
  return { size: slots, slots: [], values: [], line: null };
}

/** Slots come in rising order; one that does not is ignored. */
export function noteTrend(state: TrendState, { slot, value }: ClosedSlot): TrendState {
  const newest = state.slots.at(-1);
  if (newest !== undefined && slot <= newest) {
    return state;
  }
  let first = 0;
  while (first < state.slots.length && (state.slots[first] as number) <= slot - state.size) {
    first += 1;
  }
  const slots = withNewest(state.slots, first, slot);
  const values = withNewest(state.values, first, value);
  return { size: state.size, slots, values, line: lineThrough(slots, values, state.size) };
}

function withNewest(before: readonly number[], first: number, newest: number): number[] {
  if (first !== 1) {
    return [...before.slice(first), newest];
  }
  // The usual case. Moved by hand: what is put after a copy has it copied once more.
  const moved = before.slice();
  for (let at = 1; at < moved.length; at += 1) {
    moved[at - 1] = moved[at] as number;
  }
  moved[moved.length - 1] = newest;
  return moved;
}

/** Null: fewer points than half of the window, or than 4. Change per slot is `line.slope`. */
export function trendAt(state: TrendState, position: number): number | null {
  const newest = state.slots.at(-1);
  if (state.line === null || newest === undefined) {
    return null;
  }
  return Math.max(0, state.line.level + state.line.slope * (position - newest));
}

function lineThrough(
  slots: readonly number[],
  values: readonly number[],
  size: number,
): TrendState['line'] {
  const count = slots.length;
  if (count < Math.max(FEWEST, size / 2)) {
    return null;
  }
  const half = Math.floor(count / 2);
  const slopes: number[] = [];
  for (let k = 0; k + half < count; k += 1) {
    const rise = (values[k + half] as number) - (values[k] as number);
    slopes.push(rise / ((slots[k + half] as number) - (slots[k] as number)));
  }
  const slope = medianOfFew(slopes);
  const now = slots[count - 1] as number;
  const levels = values.slice();
  for (let k = 0; k < count; k += 1) {
    levels[k] = (values[k] as number) + slope * (now - (slots[k] as number));
  }
  return { level: medianOfFew(levels), slope };
}

/** Sorts what it is given, by insertion: no sort is faster on at most 32 numbers. */
function medianOfFew(values: number[]): number {
  for (let k = 1; k < values.length; k += 1) {
    const value = values[k] as number;
    let at = k;
    while (at > 0 && (values[at - 1] as number) > value) {
      values[at] = values[at - 1] as number;
      at -= 1;
    }
    values[at] = value;
  }
  const middle = values.length >> 1;
  const upper = values[middle] as number;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] as number) + upper) / 2;
}
