import type {
  Policy,
  RateLoopPolicy,
  ReplicasLoopPolicy,
  WeightsLoopPolicy,
} from '@flyball/contract';
import type {
  FeedbackWeightsConfig,
  LatencyBandConfig,
  ModeConfigInput,
  PidReplicasConfig,
  TriggerId,
} from '@flyball/control';

/** A policy's words as the configuration of the control library's machines. */
export function pidConfig(policy: Policy, loop: ReplicasLoopPolicy): PidReplicasConfig {
  if (loop.law.kind !== 'pid') throw new Error(`the law is ${loop.law.kind}, not pid`);
  const { setpoint, kp, ki, kd } = loop.law.pid;
  return {
    setpoint,
    kp,
    ki,
    kd,
    ...(loop.hysteresis === undefined ? {} : { hysteresis: loop.hysteresis }),
    everyMs: loop.every,
    signalWindowMs: policy.observe.window,
    evidenceMaxAgeMs: policy.guards.evidenceMaxAge,
  };
}

/** What the replicas' loop is shown by, and judged by afterwards: a signal that can be read. */
export function replicaSignal({ observe }: Policy, { law }: ReplicasLoopPolicy): string {
  if (law.kind === 'pid') return law.pid.signal;
  return observe.saturation === 'none' ? 'inflight' : observe.saturation;
}

/** Where the signal should be; null: the law seeks that level itself. */
export function replicaSetpoint({ law }: ReplicasLoopPolicy): number | null {
  switch (law.kind) {
    case 'pid':
      return law.pid.setpoint;
    case 'hpa':
      return law.hpa.target ?? null;
    case 'capacity':
      return law.capacity.utilization ?? null;
    default:
      return null;
  }
}

export function latencyBandConfig(policy: Policy, loop: RateLoopPolicy): LatencyBandConfig {
  const { p99, band, up, down } = loop.law.latencyBand;
  return { targetMs: p99, band, up, down, evidenceMaxAgeMs: policy.guards.evidenceMaxAge };
}

export function weightsConfig(policy: Policy, loop: WeightsLoopPolicy): FeedbackWeightsConfig {
  const words = loop.law.feedbackWeights;
  return {
    ...(words === null
      ? {}
      : {
          errorFactor: words.errorFactor,
          latencyScaleMs: words.latencyScale,
          errorShare: words.errorShare,
          newShare: words.newShare,
          minWeight: words.minWeight,
          maxRise: words.maxRise,
        }),
    everyMs: loop.every,
    // A window with fewer requests tells little about an instance.
    minRequests: 5,
    evidenceMaxAgeMs: policy.guards.evidenceMaxAge,
  };
}

/** Triggers that fire after a dwell, and how long theirs is next to the policy's `enterAfter`. */
const DWELL_FACTOR: { readonly [id in TriggerId]?: number } = {
  'discovery-evidence-old': 1,
  'routing-outdated': 1,
  'health-checks-failing': 1,
  'instance-lost': 1,
  'config-unreachable': 1,
  'backpressure-slow-down': 1,
  'concurrency-high': 1,
  'failure-ratio-high': 1,
  'backpressure-reject': 1,
  'instance-out-of-rotation': 1,
  'one-instance-left': 1,
  // Noisy by nature, or a normal thing for a while.
  'load-imbalance': 3,
  'load-imbalance-severe': 6,
  'version-skew': 6,
};

export function modeConfig({ modes, guards }: Policy): ModeConfigInput {
  const { ramp, stableFor, validateFor } = modes.recovery;
  const dwellMs = modes.enterAfter;
  return {
    ramp,
    stableForMs: stableFor,
    // Part of stableFor: a tenth of it unless the policy says otherwise.
    validateForMs: validateFor ?? Math.round(stableFor / 10),
    evidenceMaxAgeMs: guards.evidenceMaxAge,
    ...(modes.exitAfter === undefined ? {} : { exitDwellMs: modes.exitAfter }),
    ...(dwellMs === undefined
      ? {}
      : {
          thresholds: Object.fromEntries(
            Object.entries(DWELL_FACTOR).map(([trigger, factor]) => [
              trigger,
              { dwellMs: dwellMs * factor },
            ]),
          ),
        }),
  };
}
