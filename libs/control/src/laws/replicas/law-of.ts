/** Every law that sets replicas, by its kind: what controller, simulator and benches share. */
import { assertNever } from '../../config.ts';
import type { Step } from '../../decision.ts';
import {
  type CapacityLawConfig,
  type CapacityLawState,
  capacityLaw,
} from './adapters/capacity-law.ts';
import { type PidLawConfig, type PidLawState, pidLaw, pidMeasure } from './adapters/pid-law.ts';
import { type AutoscaleState, autoscale } from './autoscale/autoscale.ts';
import type { AutoscaleConfig } from './autoscale/config.ts';
import { type HpaState, hpa } from './hpa/hpa.ts';
import type { HpaConfig } from './hpa/hpa-config.ts';
import type { ReplicaLaw, ReplicaObservation } from './observation.ts';
import { type PredictiveState, predictiveReplicas } from './predictive/predictive.ts';
import type { PredictiveConfig } from './predictive/predictive-config.ts';
import { type ScheduleState, schedule } from './schedule/schedule.ts';
import type { ScheduleConfig } from './schedule/schedule-config.ts';
import { type StablePanicState, stablePanic } from './stable-panic/stable-panic.ts';
import type { StablePanicConfig } from './stable-panic/stable-panic-config.ts';

/** A law and its figures, as plain data. */
export type ReplicaLawSpec =
  | { readonly kind: 'autoscale'; readonly config: AutoscaleConfig }
  | { readonly kind: 'pid'; readonly config: PidLawConfig }
  | { readonly kind: 'hpa'; readonly config: HpaConfig }
  | { readonly kind: 'stablePanic'; readonly config: StablePanicConfig }
  | { readonly kind: 'capacity'; readonly config: CapacityLawConfig }
  | { readonly kind: 'predictive'; readonly config: PredictiveConfig }
  | { readonly kind: 'schedule'; readonly config: ScheduleConfig };

export type ReplicaLawKind = ReplicaLawSpec['kind'];

/** Plain JSON. Says whose it is: another law begins anew. */
export type ReplicaLawState =
  | { readonly kind: 'autoscale'; readonly state: AutoscaleState }
  | { readonly kind: 'pid'; readonly state: PidLawState }
  | { readonly kind: 'hpa'; readonly state: HpaState }
  | { readonly kind: 'stablePanic'; readonly state: StablePanicState }
  | { readonly kind: 'capacity'; readonly state: CapacityLawState }
  | { readonly kind: 'predictive'; readonly state: PredictiveState }
  | { readonly kind: 'schedule'; readonly state: ScheduleState };

/** A law with its figures at hand. */
export interface BoundReplicaLaw {
  readonly name: string;
  init(): ReplicaLawState;
  step(state: ReplicaLawState, observation: ReplicaObservation): Step<ReplicaLawState, number>;
  /** The figures are new, the memory stays; a state of another law is left behind. */
  retune(state: ReplicaLawState): ReplicaLawState;
  /** The figure without which nothing may be taken away; null: it is missing. */
  evidence(observation: ReplicaObservation): number | null;
}

/** Throws a `ConfigError` when the law cannot work with its figures. */
export function replicaLawOf(spec: ReplicaLawSpec): BoundReplicaLaw {
  switch (spec.kind) {
    case 'autoscale':
      return withFigures(spec.kind, autoscale, spec.config, rateOf);
    case 'pid': {
      const { signal = 'utilization' } = spec.config;
      return withFigures(spec.kind, pidLaw, spec.config, (seen) => pidMeasure(signal, seen));
    }
    case 'hpa':
      return withFigures(spec.kind, hpa, spec.config, (seen) => seen.utilization);
    case 'stablePanic': {
      const evidence = spec.config.metric === 'rps' ? rateOf : insideOf;
      return withFigures(spec.kind, stablePanic, spec.config, evidence);
    }
    case 'capacity':
      return withFigures(spec.kind, capacityLaw, spec.config, rateOf);
    case 'predictive':
      return withFigures(spec.kind, predictiveReplicas, spec.config, rateOf);
    case 'schedule':
      return withFigures(spec.kind, schedule, spec.config, somethingOf);
    default:
      return assertNever(spec);
  }
}

function rateOf({ ratePerSecond }: ReplicaObservation): number | null {
  return ratePerSecond;
}

function insideOf({ inFlight }: ReplicaObservation): number | null {
  return inFlight;
}

/** The clock is all it goes by, but a service that cannot be seen keeps what it has. */
function somethingOf({ ratePerSecond, utilization }: ReplicaObservation): number | null {
  return ratePerSecond ?? utilization;
}

function withFigures<Config, State>(
  kind: ReplicaLawKind,
  law: ReplicaLaw<Config, State>,
  config: Config,
  evidence: BoundReplicaLaw['evidence'],
): BoundReplicaLaw {
  // A law's own state goes in and comes out under its kind.
  const wrap = (state: State) => ({ kind, state }) as unknown as ReplicaLawState;
  const own = (state: ReplicaLawState) => state.state as unknown as State;
  const first = law.init(config);
  return {
    name: law.name,
    init: () => wrap(first),
    step: (state, observation) => {
      const step = law.step(state.kind === kind ? own(state) : first, observation);
      return { state: wrap(step.state), output: step.output };
    },
    retune: (state) => wrap(state.kind === kind ? law.retune(own(state), config) : first),
    evidence,
  };
}
