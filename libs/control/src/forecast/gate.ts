/**
 * May a forecaster be believed? Its own errors of the past say so, against the naive forecast
 * ("it stays as it is") at the same horizon and for the same slots.
 *
 *     errorRatio = mean |forecast - came| / mean |naive - came|
 *
 * Believed from `minScored` scored forecasts on with a ratio at or below `enter`, until the ratio
 * is above `leave`, or until it breaks: until its errors of late (a sixth of the memory) exceed
 * those of the naive forecast, both of late and over the whole memory. What it has learned is not
 * wrong for ever then, but it is wrong now.
 *
 * Means are plain over the first `memorySlots` scores and exponential after. A gap is not scored.
 * A series that never changes has no ratio: there is nothing to gain.
 *
 * Defaults: enter 0.8 and leave 0.95, so that a gain too small to matter is not chased; 8 scores,
 * 60 slots of memory.
 * Source: R. Hyndman, A. Koehler, Another look at measures of forecast accuracy, 2006 (MASE).
 */
import { requirePositive, requireThat } from '../config.ts';
import { isMeasure } from '../numbers.ts';
import type { ClosedSlot } from './slots.ts';

export interface GateConfig {
  /** How far ahead is forecast, 1 to 64 slots. */
  readonly horizonSlots: number;
  /** Default 60. */
  readonly memorySlots?: number;
  /** Default 8. */
  readonly minScored?: number;
  /** Default 0.8. */
  readonly enter?: number;
  /** At least `enter`, at most 1. Default 0.95. */
  readonly leave?: number;
}

interface Pending {
  /** The slot that was forecast. */
  readonly slot: number;
  readonly forecast: number;
  readonly naive: number;
}

interface Errors {
  readonly model: number;
  readonly naive: number;
}

/** Plain JSON. */
export interface GateState {
  readonly config: Required<GateConfig>;
  /** Oldest first; at most `horizonSlots`. */
  readonly pending: readonly Pending[];
  /** At most `memorySlots`. */
  readonly scored: number;
  /** Mean absolute errors over the whole memory, and of late. */
  readonly long: Errors;
  readonly late: Errors;
  readonly trusted: boolean;
}

const MOST_HORIZON = 64;
const LATE_SHARE = 6;
const NONE: Errors = { model: 0, naive: 0 };

export function initGate(config: GateConfig): GateState {
  return {
    config: gateSettings(config),
    pending: [],
    scored: 0,
    long: NONE,
    late: NONE,
    trusted: false,
  };
}

function gateSettings(config: GateConfig): Required<GateConfig> {
  const { horizonSlots, memorySlots = 60, minScored = 8, enter = 0.8, leave = 0.95 } = config;
  const usable = Number.isInteger(horizonSlots) && horizonSlots >= 1;
  requireThat(
    usable && horizonSlots <= MOST_HORIZON,
    'horizonSlots',
    horizonSlots,
    `a whole number from 1 to ${MOST_HORIZON}`,
  );
  requireThat(
    Number.isInteger(memorySlots) && memorySlots >= LATE_SHARE,
    'memorySlots',
    memorySlots,
    `a whole number, ${LATE_SHARE} or above`,
  );
  const few = Number.isInteger(minScored) && minScored >= 1 && minScored <= memorySlots;
  requireThat(few, 'minScored', minScored, `a whole number from 1 to memorySlots (${memorySlots})`);
  requirePositive('enter', enter);
  requireThat(leave >= enter && leave <= 1, 'leave', leave, `from enter (${enter}) to 1`);
  return { horizonSlots, memorySlots, minScored, enter, leave };
}

/**
 * A slot has closed: what was forecast for it is scored, and `forecast`, made with the knowledge
 * of this slot, is kept for the slot `horizonSlots` ahead. Null: the forecaster says nothing.
 */
export function noteGate(state: GateState, closed: ClosedSlot, forecast: number | null): GateState {
  const { slot, value } = closed;
  let first = 0;
  while (first < state.pending.length && (state.pending[first] as Pending).slot < slot) {
    first += 1;
  }
  const due = state.pending[first];
  const scored = due?.slot === slot ? score(state, due, value) : state;
  const rest = state.pending.slice(due?.slot === slot ? first + 1 : first);
  if (isMeasure(forecast)) {
    rest.push({ slot: slot + state.config.horizonSlots, forecast, naive: value });
  }
  return { ...scored, pending: rest };
}

/** Whether two are of the same settings: what one has measured holds for the other. */
export function sameGate({ config: a }: GateState, { config: b }: GateState): boolean {
  return (
    a.horizonSlots === b.horizonSlots &&
    a.memorySlots === b.memorySlots &&
    a.minScored === b.minScored &&
    a.enter === b.enter &&
    a.leave === b.leave
  );
}

/** Forecasts under way are void (the clock was set back, or the model began anew). */
export function forgetPending(state: GateState): GateState {
  return { ...state, pending: [] };
}

/** Null before the first score, and for a series that does not change. */
export function errorRatioOf({ long }: Pick<GateState, 'long'>): number | null {
  return long.naive > 0 ? long.model / long.naive : null;
}

function score(state: GateState, due: Pending, came: number): GateState {
  const { memorySlots } = state.config;
  const errors = { model: Math.abs(due.forecast - came), naive: Math.abs(due.naive - came) };
  const scored = Math.min(memorySlots, state.scored + 1);
  const long = towards(state.long, errors, 1 / scored);
  const lateSlots = Math.floor(memorySlots / LATE_SHARE);
  const late = towards(state.late, errors, 1 / Math.min(lateSlots, scored));
  const next = { ...state, scored, long, late };
  return { ...next, trusted: believes(next) };
}

function believes({ config, scored, long, late, trusted }: GateState): boolean {
  const ratio = errorRatioOf({ long });
  const broken = late.model > Math.max(late.naive, long.naive);
  if (ratio === null || scored < config.minScored || broken) {
    return false;
  }
  return ratio <= (trusted ? config.leave : config.enter);
}

function towards(mean: Errors, errors: Errors, share: number): Errors {
  return {
    model: mean.model + (errors.model - mean.model) * share,
    naive: mean.naive + (errors.naive - mean.naive) * share,
  };
}
