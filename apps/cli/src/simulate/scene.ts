import {
  type FleetConfig,
  type FleetScenario,
  type LoadCase,
  type ReplicaPolicy,
  replicasFor,
  SCRAPED,
  type Telemetry,
} from '@flyball/control/sim';
import { CommandError } from '../command.ts';
import type { ReplicaSteering } from '../policy/read-policy.ts';

/** The policy says what is promised. */
export function withObjective(fleet: FleetConfig, { policy }: ReplicaSteering): FleetConfig {
  const { latency } = policy.objectives;
  if (latency === undefined) return fleet;
  return { ...fleet, objective: { ...fleet.objective, latencyMs: latency.p99 } };
}

/** What the policy gets to see, by the word of `--telemetry`. */
export function telemetryOf(
  word: string,
  { policy }: ReplicaSteering,
  { lossRatio }: LoadCase,
): Telemetry {
  const loss = lossRatio === undefined ? {} : { lossRatio };
  if (word === 'scraped') return { ...SCRAPED, ...loss };
  if (word !== 'streamed') {
    throw new CommandError(`--telemetry ${word}: there are streamed and scraped`);
  }
  const windowMs = Math.max(5_000, Math.round(policy.observe.window / 1_000) * 1_000);
  return { windowMs, everyMs: 5_000, lagMs: 2_000, ...loss };
}

export interface Cast {
  readonly fleet: FleetConfig;
  readonly load: LoadCase;
  readonly seed: number;
  /** Undefined: as long as the load is. */
  readonly durationS: number | undefined;
  readonly policy: ReplicaPolicy;
  readonly telemetry: Telemetry;
  readonly limits: { readonly min: number; readonly max: number };
}

/** Everybody begins with the replicas that the load's first second needs. */
export function scenarioOf(cast: Cast): FleetScenario {
  const { fleet, seed, telemetry, policy, limits } = cast;
  const load = cast.load.make(seed);
  const perSecond = load.perSecond.slice(0, cast.durationS);
  const first = replicasFor(fleet, perSecond[0] ?? 0, 0.6);
  return {
    fleet,
    load: { ...load, perSecond },
    telemetry,
    policy,
    seed,
    limits,
    initial: Math.min(limits.max, Math.max(limits.min, first)),
    ...(cast.load.faults === undefined ? {} : { faults: cast.load.faults }),
  };
}
