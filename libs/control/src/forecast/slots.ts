/**
 * A series of samples put on a grid of time: the mean of the samples in each slot.
 *
 *     slot = floor(atMs / slotMs)
 *
 * Forecasters see closed slots only. A slot without a sample is a gap, never a zero. What is no
 * number, or negative, is ignored. A sample older than the newest is late and ignored; three in a
 * row mean that the clock was set back, and the series begins anew there.
 */
import { requirePositive } from '../config.ts';
import { isMeasure } from '../numbers.ts';

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** Plain JSON. */
export interface SlotState {
  readonly slotMs: number;
  /** Time of the newest sample. */
  readonly lastMs: number | null;
  /** Samples of the open slot. */
  readonly sum: number;
  readonly count: number;
  /** Samples in a row that were older than the newest. */
  readonly late: number;
}

export interface ClosedSlot {
  readonly slot: number;
  readonly value: number;
}

export interface SlotStep {
  readonly state: SlotState;
  /** The slot that this sample ended, the one before its own or older. */
  readonly closed: ClosedSlot | null;
  /** The clock was set back: what is known of recent slots is void. */
  readonly restarted: boolean;
}

const LATE_TO_BELIEVE = 3;

export function initSlots(slotMs: number): SlotState {
  requirePositive('slotMs', slotMs);
  return { slotMs, lastMs: null, sum: 0, count: 0, late: 0 };
}

export function noteSlot(state: SlotState, { atMs, value }: Sample): SlotStep {
  const slot = Math.floor(atMs / state.slotMs);
  if (!isMeasure(value) || !Number.isSafeInteger(slot)) {
    return { state, closed: null, restarted: false };
  }
  const fresh = { slotMs: state.slotMs, lastMs: atMs, sum: value, count: 1, late: 0 };
  if (state.lastMs === null) {
    return { state: fresh, closed: null, restarted: false };
  }
  if (atMs < state.lastMs) {
    const late = state.late + 1;
    return late < LATE_TO_BELIEVE
      ? { state: { ...state, late }, closed: null, restarted: false }
      : { state: fresh, closed: null, restarted: true };
  }
  const open = Math.floor(state.lastMs / state.slotMs);
  if (slot > open) {
    const closed = { slot: open, value: state.sum / state.count };
    return { state: fresh, closed, restarted: false };
  }
  const sum = state.sum + value;
  return {
    state: { slotMs: state.slotMs, lastMs: atMs, sum, count: state.count + 1, late: 0 },
    closed: null,
    restarted: false,
  };
}

/** Where a moment lies on the grid: slot s reaches from s - 0.5 to s + 0.5, its mean is at s. */
export function positionOf(slotMs: number, atMs: number): number {
  return atMs / slotMs - 0.5;
}
