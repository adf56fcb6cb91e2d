/**
 * Exponentially weighted mean by time.
 *
 *     mean += (value - mean) (1 - exp(-dt / tau))
 *
 * Samples may come at any distance. For latencies; error ratios are for exact counts
 * (`ratio-window.ts`), because an average hides an outage.
 *
 * A sample older than the last one is ignored. Three of these in a row mean that the clock was set
 * back (or was ahead before): the mean stays, and time counts from the third one on.
 */
import { requirePositive } from '../config.ts';

/** Plain JSON. */
export interface EwmaState {
  readonly tauMs: number;
  /** Null before the first sample. */
  readonly mean: number | null;
  readonly lastMs: number | null;
  /** Samples in a row that were older than the last one. */
  readonly late: number;
}

const LATE_TO_BELIEVE = 3;

/** `tauMs`: after this long, 63 % of a step has arrived. */
export function initEwma(config: { readonly tauMs: number }): EwmaState {
  requirePositive('tauMs', config.tauMs);
  return { tauMs: config.tauMs, mean: null, lastMs: null, late: 0 };
}

/** Samples that are no numbers change nothing, those that come late not the mean. */
export function stepEwma(
  state: EwmaState,
  sample: { readonly nowMs: number; readonly value: number },
): EwmaState {
  const { nowMs, value } = sample;
  if (!Number.isFinite(value) || !Number.isFinite(nowMs)) {
    return state;
  }
  if (state.mean === null || state.lastMs === null) {
    return { ...state, mean: value, lastMs: nowMs, late: 0 };
  }
  if (nowMs < state.lastMs) {
    const late = state.late + 1;
    return late < LATE_TO_BELIEVE ? { ...state, late } : { ...state, lastMs: nowMs, late: 0 };
  }
  const share = 1 - Math.exp(-(nowMs - state.lastMs) / state.tauMs);
  return { ...state, mean: state.mean + (value - state.mean) * share, lastMs: nowMs, late: 0 };
}
