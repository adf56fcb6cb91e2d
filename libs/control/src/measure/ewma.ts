/**
 * Exponentially weighted mean by time.
 *
 *     mean += (value - mean) (1 - exp(-dt / tau))
 *
 * Samples may come at any distance. For latencies; error ratios are for exact counts
 * (`ratio-window.ts`), because an average hides an outage.
 */
import { requirePositive } from '../config.ts';

/** Plain JSON. */
export interface EwmaState {
  readonly tauMs: number;
  /** Null before the first sample. */
  readonly mean: number | null;
  readonly lastMs: number | null;
}

/** `tauMs`: after this long, 63 % of a step has arrived. */
export function initEwma(config: { readonly tauMs: number }): EwmaState {
  requirePositive('tauMs', config.tauMs);
  return { tauMs: config.tauMs, mean: null, lastMs: null };
}

/** Samples that are no numbers, or older than the last one, change nothing. */
export function stepEwma(
  state: EwmaState,
  sample: { readonly nowMs: number; readonly value: number },
): EwmaState {
  const { nowMs, value } = sample;
  if (!Number.isFinite(value) || !Number.isFinite(nowMs)) {
    return state;
  }
  if (state.mean === null || state.lastMs === null) {
    return { ...state, mean: value, lastMs: nowMs };
  }
  if (nowMs < state.lastMs) {
    return state;
  }
  const share = 1 - Math.exp(-(nowMs - state.lastMs) / state.tauMs);
  return { ...state, mean: state.mean + (value - state.mean) * share, lastMs: nowMs };
}
