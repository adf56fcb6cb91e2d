/**
 * Replicas by Little's law.
 *
 *     replicas = ceil(lambda S / rho)
 *
 * lambda: arrivals per second; S: service time in seconds (time a request occupies one worker, not
 * its latency with queueing); rho: the utilisation to run at. With `workersPerReplica` above 1 the
 * need is divided by it. Worked example: 1,000/s, 100 ms, 70 % give 143.
 *
 * Feed-forward: it answers a surge at once, and knows nothing of what it gets wrong; S must be
 * learned and the rest trimmed by feedback. It never asks for less than 1.
 *
 * Defaults: rho 0.7 (below it queues are short for any usual service-time distribution), one worker
 * a replica, evidence up to 30 s old.
 * Regimes: need above zero, no demand, holding without fresh evidence.
 * Stability: open loop, so stable for any dead time: nothing it sets is among what it measures.
 * Source: J. Little, 1961; the mission's table, row 5.
 */
import { requirePositive, requireThat } from '../../config.ts';
import type { Law, LawInput, Step } from '../../decision.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import { nextLastMs, refuse } from '../refuse.ts';

export interface CapacityConfig {
  /** rho, above 0, at most 1. Default 0.7. */
  readonly utilization?: number;
  /** Requests a replica works on at once. Default 1. */
  readonly workersPerReplica?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export interface CapacityInput extends LawInput {
  readonly ratePerSecond: number | null;
  readonly serviceTimeMs: number | null;
  readonly applied: number;
}

/** Plain JSON. */
export interface CapacityState {
  readonly config: Required<CapacityConfig>;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
}

export const capacity: Law<CapacityConfig, CapacityState, CapacityInput, number> = {
  name: 'capacity',
  init: (config) => ({ config: settingsOf(config), lastMs: null, lastApplied: null }),
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: CapacityConfig): Required<CapacityConfig> {
  const { utilization = 0.7, workersPerReplica = 1, evidenceMaxAgeMs = 30_000 } = config;
  const usable = utilization > 0 && utilization <= 1;
  requireThat(usable, 'utilization', utilization, 'above 0, at most 1');
  requirePositive('workersPerReplica', workersPerReplica);
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  return { utilization, workersPerReplica, evidenceMaxAgeMs };
}

function step(state: CapacityState, input: CapacityInput): Step<CapacityState, number> {
  const applied = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  const lastMs = nextLastMs(state.lastMs, input.nowMs);
  const next = { ...state, lastMs, lastApplied: applied };
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs);
  const { ratePerSecond, serviceTimeMs } = input;
  if (refused !== null) {
    return { state: next, output: { value: applied, reason: refused, terms: { applied } } };
  }
  if (ratePerSecond === null || serviceTimeMs === null) {
    return { state: next, output: { value: applied, reason: 'no-evidence', terms: { applied } } };
  }
  if (!isMeasure(ratePerSecond) || !isMeasure(serviceTimeMs) || !isMeasure(input.applied)) {
    const output = { value: applied, reason: 'invalid-measure', terms: { applied } } as const;
    return { state: next, output };
  }
  const { utilization, workersPerReplica } = state.config;
  const busy = (ratePerSecond * serviceTimeMs) / 1_000;
  const need = tidy(busy / utilization / workersPerReplica);
  return {
    state: next,
    output: {
      value: Math.max(1, Math.ceil(need)),
      reason: need > 0 ? 'capacity-need' : 'no-demand',
      terms: { ratePerSecond, serviceTimeMs, utilization, need, applied },
    },
  };
}
