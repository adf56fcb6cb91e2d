/**
 * Events counted for several burn-rate windows at once, each in its own grain.
 *
 *     grain = window / 60          a window is at most 1/60 too wide, never too narrow
 *
 * Holds the counts that `evaluateBurn` asks for, from 5 minutes to 3 days, in 61 buckets a window
 * (488 by default) instead of the 51,840 that the finest grain would need for the longest.
 */
import { type BurnAlert, DEFAULT_BURN_ALERTS, type WindowCounts } from './burn.ts';
import { type CountWindowState, countInto, countWithin, initCountWindow } from './count-window.ts';

type Counted = 'total' | 'errors';

/** Plain JSON. */
export interface BurnWindowState {
  /** Rising. */
  readonly windowsMs: readonly number[];
  readonly rings: readonly CountWindowState<Counted>[];
}

const BUCKETS = 60;

export function initBurnWindow(
  alerts: readonly BurnAlert[] = DEFAULT_BURN_ALERTS,
): BurnWindowState {
  const lengths = alerts.flatMap(({ longMs, shortMs }) => [longMs, shortMs]);
  const windowsMs = [...new Set(lengths)].toSorted((a, b) => a - b);
  const rings = windowsMs.map((spanMs) =>
    initCountWindow<Counted>({ kinds: ['total', 'errors'], bucketMs: spanMs / BUCKETS, spanMs }),
  );
  return { windowsMs, rings };
}

/** Impossible counts (negative, NaN, more errors than events) are ignored whole. */
export function countForBurn(
  state: BurnWindowState,
  sample: { readonly nowMs: number; readonly total: number; readonly errors: number },
): BurnWindowState {
  const { nowMs, total, errors } = sample;
  if (!(errors <= total)) {
    return state;
  }
  return { ...state, rings: state.rings.map((ring) => countInto(ring, nowMs, { total, errors })) };
}

/** What `evaluateBurn` takes as its windows. */
export function burnWindows(state: BurnWindowState, nowMs: number): readonly WindowCounts[] {
  return state.rings.map((ring, k) => {
    const windowMs = state.windowsMs[k] as number;
    return { windowMs, ...countWithin(ring, nowMs, windowMs) };
  });
}
