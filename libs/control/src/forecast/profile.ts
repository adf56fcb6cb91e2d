/**
 * What is usual at this time of the season (of the day, of the week).
 *
 *     profile(t) = the q-quantile of the last `keep` values of the phase of t
 *
 * With a season of a week this is the same-weekday profile. A quantile of few exact values is
 * robust: one odd Monday moves the median of four by at most one place. Between two slots it is
 * interpolated. It says nothing of a phase that has been seen fewer than twice; a gap leaves what
 * is known as it is.
 *
 * Defaults: the last 4 values of each phase, the median.
 */
import { requireThat } from '../config.ts';
import type { ClosedSlot } from './slots.ts';

export interface ProfileConfig {
  /** Length of the season, 2 to 2,016 slots. */
  readonly seasonSlots: number;
  /** Values kept of each phase, 2 to 16. Default 4. */
  readonly keep?: number;
}

const MOST_SEASON = 2_016;
const MOST_KEPT = 16;
const FEWEST = 2;

/** Plain JSON. */
export interface ProfileState {
  readonly config: Required<ProfileConfig>;
  readonly lastSlot: number | null;
  /** Of each phase, oldest first; at most `keep`. */
  readonly phases: readonly (readonly number[])[];
}

export function initProfile({ seasonSlots, keep = 4 }: ProfileConfig): ProfileState {
  const season = Number.isInteger(seasonSlots) && seasonSlots >= 2 && seasonSlots <= MOST_SEASON;
  requireThat(season, 'seasonSlots', seasonSlots, `a whole number from 2 to ${MOST_SEASON}`);
  const kept = Number.isInteger(keep) && keep >= FEWEST && keep <= MOST_KEPT;
  requireThat(kept, 'keep', keep, `a whole number from ${FEWEST} to ${MOST_KEPT}`);
  return {
    config: { seasonSlots, keep },
    lastSlot: null,
    phases: Array.from({ length: seasonSlots }, () => []),
  };
}

/** A slot that has been told, or one before it, is ignored: it would count twice. */
export function noteProfile(state: ProfileState, { slot, value }: ClosedSlot): ProfileState {
  if (state.lastSlot !== null && slot <= state.lastSlot) {
    return state;
  }
  const { seasonSlots, keep } = state.config;
  const phase = phaseOf(slot, seasonSlots);
  const known = state.phases[phase] as readonly number[];
  const phases = state.phases.slice();
  phases[phase] = [...known.slice(known.length >= keep ? 1 : 0), value];
  return { config: state.config, lastSlot: slot, phases };
}

/** Null: one of the phases beside `position` has been seen fewer than twice. */
export function profileAt(state: ProfileState, position: number, quantile = 0.5): number | null {
  const slot = Math.floor(position);
  const share = position - slot;
  const before = usualAt(state, slot, quantile);
  if (before === null || share === 0) {
    return before;
  }
  const after = usualAt(state, slot + 1, quantile);
  return after === null ? null : before + (after - before) * share;
}

function usualAt(state: ProfileState, slot: number, quantile: number): number | null {
  const known = state.phases[phaseOf(slot, state.config.seasonSlots)];
  if (known === undefined || known.length < FEWEST || !(quantile >= 0 && quantile <= 1)) {
    return null;
  }
  const sorted = known.toSorted((a, b) => a - b);
  const place = quantile * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (place - below);
}

function phaseOf(slot: number, seasonSlots: number): number {
  return ((slot % seasonSlots) + seasonSlots) % seasonSlots;
}
