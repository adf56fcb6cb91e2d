import { nearest, type Policy } from '@flyball/contract';
import {
  type GovernorConfig,
  governorOf,
  type ReplicaBounds,
  type ReplicaLawSpec,
} from '@flyball/control';
import { type FleetConfig, oracle, type ReplicaPolicy, staticFleet } from '@flyball/control/sim';
import { CommandError, type Invocation } from '../command.ts';
import { type ReplicaSteering, readSteering } from '../policy/read-policy.ts';

/** A policy file as something that steers a simulated fleet: its law within its guards. */
export function policyContestant({ policy, everyMs, governor }: ReplicaSteering): ReplicaPolicy {
  return governed(policy.name, everyMs, governor);
}

export function governed(name: string, everyMs: number, config: GovernorConfig): ReplicaPolicy {
  return {
    name,
    // The simulation's time goes in whole seconds.
    everyMs: Math.max(1_000, Math.round(everyMs / 1_000) * 1_000),
    start: () => {
      const governor = governorOf(config);
      let state = governor.init();
      return {
        decide: (observation) => {
          const step = governor.step(state, observation);
          state = step.state;
          return step.output;
        },
      };
    },
  };
}

/** Who may stand beside a policy, by the word after `--compare`. */
const KINDS = ['autoscale', 'hpa', 'stablePanic', 'capacity', 'predictive', 'pid'] as const;
const YARDSTICKS = ['static', 'oracle'] as const;
type Kind = (typeof KINDS)[number];

export interface Ring {
  readonly steering: ReplicaSteering;
  readonly fleet: FleetConfig;
  /** What a fleet that never changes has. */
  readonly still: number;
  readonly environment: Invocation['environment'];
}

/** A law with its usual figures, a yardstick, or another policy's file. */
export function contestantOf(word: string, ring: Ring): ReplicaPolicy {
  if (word === 'static') return staticFleet(ring.still);
  if (word === 'oracle') return oracle(0.7);
  const kind = KINDS.find((one) => one.toLowerCase() === word.replaceAll('-', '').toLowerCase());
  if (kind !== undefined) return usual(kind, ring);
  if (/\.ya?ml(\.example)?$/.test(word)) {
    return policyContestant(readSteering(word, ring.environment));
  }
  const words = [...KINDS, ...YARDSTICKS];
  const meant = nearest(word, words);
  const cure =
    meant === null
      ? `there are ${words.join(', ')}, or a policy's FILE.yaml`
      : `did you mean ${meant}?`;
  throw new CommandError(`--compare ${word}: there is no such law: ${cure}`);
}

const EVERY_MS: Readonly<Record<Kind, number>> = {
  autoscale: 5_000,
  hpa: 15_000,
  stablePanic: 2_000,
  capacity: 15_000,
  predictive: 15_000,
  pid: 15_000,
};

/** Within the limits of the policy it stands beside, and no other guard of it. */
function usual(kind: Kind, { steering, fleet }: Ring): ReplicaPolicy {
  const { min, max, evidenceMaxAgeMs } = steering.governor.bounds;
  const open: ReplicaBounds = {
    min,
    max,
    evidenceMaxAgeMs,
    stepUp: 10,
    stepDown: 1,
    cooldownUpMs: 0,
    cooldownDownMs: 0,
    dwellMs: 0,
    actionsPerHour: 3_600,
    reversalsPerHour: 3_600,
    freeze: [],
  };
  const law = usualLaw(kind, steering.policy, fleet, open);
  // A policy may be called as its law is.
  const name = kind === steering.policy.name ? `${kind} (usual)` : kind;
  return governed(name, EVERY_MS[kind], { law, bounds: open });
}

/** The middle of the usual: 70 % busy, and the figures the laws have by themselves. */
const USUAL_UTILIZATION = 0.7;

function usualLaw(
  kind: Kind,
  policy: Policy,
  { workersPerReplica, startup }: FleetConfig,
  { min, max, evidenceMaxAgeMs }: ReplicaBounds,
): ReplicaLawSpec {
  switch (kind) {
    case 'autoscale': {
      const { latency } = policy.objectives;
      return { kind, config: { p99Ms: latency?.p99 ?? null, evidenceMaxAgeMs } };
    }
    case 'hpa': {
      const config = { minReplicas: Math.max(1, min), maxReplicas: max, evidenceMaxAgeMs };
      return { kind, config: { ...config, targetPercent: 100 * USUAL_UTILIZATION, behavior: {} } };
    }
    case 'stablePanic':
      return { kind, config: { capacity: workersPerReplica, minReplicas: min } };
    case 'capacity':
      return { kind, config: { workersPerReplica, evidenceMaxAgeMs } };
    case 'predictive':
      return { kind, config: { etaMs: foreseeable(startup.meanMs), evidenceMaxAgeMs } };
    case 'pid': {
      const config = { setpoint: USUAL_UTILIZATION, everyMs: EVERY_MS.pid, evidenceMaxAgeMs };
      const hysteresis = { up: USUAL_UTILIZATION + 0.1, down: USUAL_UTILIZATION - 0.1 };
      return { kind, config: { ...config, hysteresis } };
    }
  }
}

/** What a policy may state as its start-up time, too. */
function foreseeable(startUpMs: number): number {
  return Math.min(LONGEST_START_UP_MS, Math.max(1_000, startUpMs));
}

const LONGEST_START_UP_MS = 600_000;

/** A simulated fleet has at least one replica. */
export function limitsOf({ governor }: ReplicaSteering): {
  readonly min: number;
  readonly max: number;
} {
  const { min, max } = governor.bounds;
  return { min: Math.max(1, min), max };
}
