import { isMeasure } from '../../../numbers.ts';
import { meanServed, type Served } from '../../pid/served.ts';
import type { ReplicaObservation } from '../observation.ts';
import type { AutoscaleSettings } from './config.ts';

/** Figures that are there and possible. */
export interface Seen {
  readonly nowMs: number;
  readonly untilMs: number;
  readonly windowMs: number;
  readonly rate: number;
  readonly utilization: number;
  readonly inFlight: number | null;
  readonly strain: number | null;
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
  const { ratePerSecond, utilization, inFlight, p99Ms, errorRatio, windowMs } = input;
  if (ratePerSecond === null || utilization === null) return 'no-evidence';
  const optional = [inFlight, p99Ms, errorRatio];
  const possible =
    isMeasure(ratePerSecond) &&
    isMeasure(utilization) &&
    isMeasure(windowMs) &&
    optional.every((figure) => figure === null || isMeasure(figure));
  if (!possible || !isMeasure(input.applied)) return 'invalid-measure';
  const untilMs = input.nowMs - Math.max(0, input.evidenceAgeMs as number);
  const serving = meanServed(state.served, untilMs - windowMs, untilMs, applied);
  return {
    nowMs: input.nowMs,
    untilMs,
    windowMs,
    rate: ratePerSecond,
    utilization: Math.min(1, utilization),
    inFlight,
    errors: errorRatio,
    strain: strainOf(state.settings, p99Ms, errorRatio),
    serving,
    applied,
  };
}

/** The worst of what is promised, as a share of the promise; null: nothing is known. */
function strainOf(
  { p99Ms, errorRatio }: AutoscaleSettings,
  seenP99Ms: number | null,
  seenErrors: number | null,
): number | null {
  const latency = p99Ms === null || seenP99Ms === null ? null : seenP99Ms / p99Ms;
  const errors = seenErrors === null ? null : seenErrors / errorRatio;
  if (latency === null) return errors;
  return errors === null ? latency : Math.max(latency, errors);
}
