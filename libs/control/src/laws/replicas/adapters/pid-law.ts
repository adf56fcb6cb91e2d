/** `pidReplicas` over what every replica law is shown: the setpoint is of one of its figures. */
import { requireThat } from '../../../config.ts';
import type { Step } from '../../../decision.ts';
import { type PidReplicasState, pidReplicas } from '../../pid/pid-replicas.ts';
import type { PidReplicasConfig } from '../../pid/pid-replicas-config.ts';
import type { ReplicaLaw, ReplicaObservation } from '../observation.ts';

/** Requests inside are counted for each replica that serves. */
export type PidSignal = 'utilization' | 'p99Ms' | 'inFlightPerReplica';

export interface PidLawConfig extends PidReplicasConfig {
  /** What is to stay at the setpoint. Default: utilisation. */
  readonly signal?: PidSignal;
}

/** Plain JSON. */
export interface PidLawState {
  readonly signal: PidSignal;
  readonly pid: PidReplicasState;
}

export const pidLaw: ReplicaLaw<PidLawConfig, PidLawState> = {
  name: pidReplicas.name,
  init: (config) => ({ signal: signalOf(config), pid: pidReplicas.init(withoutSignal(config)) }),
  step,
  retune: (state, config) => ({
    signal: signalOf(config),
    // Figures of another signal say nothing about this one.
    pid:
      signalOf(config) === state.signal
        ? pidReplicas.retune(state.pid, withoutSignal(config))
        : pidReplicas.init(withoutSignal(config)),
  }),
};

const SIGNALS: readonly PidSignal[] = ['utilization', 'p99Ms', 'inFlightPerReplica'];

function signalOf({ signal = 'utilization' }: PidLawConfig): PidSignal {
  requireThat(SIGNALS.includes(signal), 'signal', signal, `one of ${SIGNALS.join(', ')}`);
  return signal;
}

function withoutSignal({ signal: _, ...config }: PidLawConfig): PidReplicasConfig {
  return config;
}

function step(state: PidLawState, observation: ReplicaObservation): Step<PidLawState, number> {
  const { nowMs, evidenceAgeMs, applied, ready, starting, hand } = observation;
  const { state: pid, output } = pidReplicas.step(state.pid, {
    nowMs,
    evidenceAgeMs,
    measured: pidMeasure(state.signal, observation),
    applied,
    ready,
    starting,
    ...(hand === undefined ? {} : { hand }),
  });
  return { state: { signal: state.signal, pid }, output };
}

export function pidMeasure(signal: PidSignal, observation: ReplicaObservation): number | null {
  if (signal === 'utilization') return observation.utilization;
  if (signal === 'p99Ms') return observation.p99Ms;
  const { inFlight, ready } = observation;
  return inFlight === null ? null : inFlight / Math.max(1, ready);
}
