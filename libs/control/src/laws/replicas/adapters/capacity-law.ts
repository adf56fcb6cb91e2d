/**
 * Replicas by Little's law, the service time learned.
 *
 *     S <- EWMA of utilisation x ready x workers / rate      the utilisation law, over 2 minutes
 *     replicas = ceil(rate S / rho / workers)
 *
 * Defaults: rho 0.7 and 1 worker, as `capacity` has them. S is smoothed over 2 minutes: it is a
 * property of the code, and the rate is what changes fast. A service time that is given is not
 * learned; below a request in 100 s nothing is.
 * Regimes: need, no demand, holding without fresh evidence or before S is known. While the
 * workers are busy at 95 % or more S may be learned to be longer, never shorter: work waits then
 * that no figure shows.
 * Stability: open loop in the rate, always stable; S moves with a time constant of 2 minutes and
 * does not depend on the number of replicas.
 * Source: J. Little, 1961; the utilisation law of J. Buzen and P. Denning, 1978.
 */
import { requirePositive } from '../../../config.ts';
import type { Step } from '../../../decision.ts';
import { type EwmaState, initEwma, stepEwma } from '../../../measure/ewma.ts';
import { isMeasure } from '../../../numbers.ts';
import { type CapacityConfig, type CapacityState, capacity } from '../../capacity/capacity.ts';
import { refuse } from '../../refuse.ts';
import { costOf, soberCost } from '../cost.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';

export interface CapacityLawConfig extends CapacityConfig {
  /** Time a request occupies a worker. Left out: learned. */
  readonly serviceTimeMs?: number;
}

/** Plain JSON. */
export interface CapacityLawState {
  /** Null: learned. */
  readonly givenMs: number | null;
  readonly learned: EwmaState;
  readonly capacity: CapacityState;
}

const LEARNING_MS = 120_000;
const SATURATED = 0.95;

export const capacityLaw: ReplicaLaw<CapacityLawConfig, CapacityLawState> = {
  name: capacity.name,
  init: (config) => ({
    givenMs: givenMs(config),
    learned: initEwma({ tauMs: LEARNING_MS }),
    capacity: capacity.init(withoutTime(config)),
  }),
  step,
  retune: (state, config) => ({
    ...state,
    givenMs: givenMs(config),
    capacity: capacity.retune(state.capacity, withoutTime(config)),
  }),
};

function givenMs({ serviceTimeMs }: CapacityLawConfig): number | null {
  if (serviceTimeMs === undefined) return null;
  requirePositive('serviceTimeMs', serviceTimeMs);
  return serviceTimeMs;
}

function withoutTime({ serviceTimeMs: _, ...config }: CapacityLawConfig): CapacityConfig {
  return config;
}

function step(
  state: CapacityLawState,
  observation: ReplicaObservation,
): Step<CapacityLawState, number> {
  const learned = learn(state, observation);
  const { nowMs, evidenceAgeMs, ratePerSecond, applied } = observation;
  const serviceTimeMs = state.givenMs ?? learned.mean;
  const { state: next, output } = capacity.step(state.capacity, {
    nowMs,
    evidenceAgeMs,
    ratePerSecond,
    serviceTimeMs,
    applied,
  });
  const stepped = { givenMs: state.givenMs, learned, capacity: next };
  const acts = output.reason === 'capacity-need' || output.reason === 'no-demand';
  return observation.hand === true && acts
    ? { state: stepped, output: { ...output, value: applied, reason: 'tracking' } }
    : { state: stepped, output };
}

function learn(state: CapacityLawState, observation: ReplicaObservation): EwmaState {
  const { learned, capacity: of, givenMs: given } = state;
  const { nowMs, ratePerSecond, utilization, ready } = observation;
  const refused = refuse(of.lastMs, observation, of.config.evidenceMaxAgeMs);
  const known = isMeasure(ratePerSecond) && isMeasure(utilization) && isMeasure(ready);
  if (given !== null || refused !== null || !known) return learned;
  const cost = costOf({ ratePerSecond, utilization, serving: ready });
  if (cost === null) return learned;
  const value = 1_000 * cost * of.config.workersPerReplica;
  // What waits is not seen then: the time is at least this.
  if (utilization >= SATURATED && learned.mean !== null && value <= learned.mean) return learned;
  // A clock that was set back must not end the learning until it has caught up.
  const lastMs = learned.lastMs === null ? null : Math.min(learned.lastMs, nowMs);
  return stepEwma({ ...learned, lastMs }, { nowMs, value: soberCost(learned.mean, value) });
}
