import { isMeasure } from '../../../numbers.ts';
import { meanServed, type Served } from '../../pid/served.ts';
import type { ReplicaObservation } from '../observation.ts';
import type { AutoscaleSettings } from './config.ts';
import { SATURATED } from './overload.ts';

/** Figures that are there and possible. */
export interface Seen {
  readonly nowMs: number;
  readonly untilMs: number;
  readonly windowMs: number;
  readonly rate: number;
  readonly utilization: number;
  readonly inFlight: number | null;
  /** p99 as a share of the objective; null: one of them is not known. */
  readonly strain: number | null;
  /** The objective is broken, by latency or by errors that replicas may mend. */
  readonly isStrained: boolean;
  readonly errors: number | null;
  /** Replicas that were ready in the window, on average. */
  readonly serving: number;
  readonly applied: number;
}

/** The same with arrivals as far as they are believed, and what may follow them. */
export interface Believed extends Seen {
  readonly guess: number;
}

/** Why an observation says nothing, or what it says. */
export function see(
  state: { readonly settings: AutoscaleSettings; readonly served: Served },
  input: ReplicaObservation,
  applied: number,
): Seen | 'no-evidence' | 'invalid-measure' {
  const { ratePerSecond, utilization, windowMs } = input;
  if (ratePerSecond === null || utilization === null) return 'no-evidence';
  const possible = isMeasure(ratePerSecond) && isMeasure(utilization) && isMeasure(windowMs);
  if (!possible || !isMeasure(input.applied)) return 'invalid-measure';
  const untilMs = input.nowMs - Math.max(0, input.evidenceAgeMs as number);
  const serving = meanServed(state.served, untilMs - windowMs, untilMs, applied);
  const { settings } = state;
  // No request takes no time at all: a zero stands for a figure that is not there.
  const p99Ms = input.p99Ms === 0 ? null : orNull(input.p99Ms);
  const errors = orNull(input.errorRatio);
  const isBroken = settings.p99Ms !== null && p99Ms !== null && p99Ms > settings.p99Ms;
  const isSaturated = utilization >= SATURATED;
  return {
    nowMs: input.nowMs,
    untilMs,
    windowMs,
    rate: ratePerSecond,
    utilization: Math.min(1, utilization),
    inFlight: orNull(input.inFlight),
    errors,
    strain: settings.p99Ms === null || p99Ms === null ? null : p99Ms / settings.p99Ms,
    // Errors below saturation are not for want of replicas.
    isStrained: isBroken || (isSaturated && errors !== null && errors > settings.errorRatio),
    serving,
    applied,
  };
}

/** What can be done without: an impossible figure is one that is not there. */
function orNull(figure: number | null): number | null {
  return isMeasure(figure) ? figure : null;
}
