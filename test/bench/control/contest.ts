/**
 * Who competes, on what. Everything here is fixed before judging: the plants, the loads, the
 * settings of the opponents; nothing in it looks at a result.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { formatPolicyError, parsePolicy, replicaPlan } from '@flyball/contract';
import { autoscale, governorOf, hpa, type ReplicaLaw, stablePanic } from '@flyball/control';
import {
  type FleetConfig,
  type FleetScenario,
  LOAD_CASES,
  type LoadCase,
  parseLoad,
  type ReplicaPolicy,
  recordedLoad,
  type Telemetry,
} from '@flyball/control/sim';

/** Every load, the recorded ones from the given files. */
export function loadCases(files: readonly string[]): readonly LoadCase[] {
  const recorded = files.map((file) => {
    const name = `file ${basename(file).replace(/\.\w+$/, '')}`;
    try {
      return recordedLoad(name, parseLoad(readFileSync(file, 'utf8')));
    } catch (error) {
      throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return [...LOAD_CASES, ...recorded];
}

export const PERIOD_MS = 15_000;

/** A law as it is, no guards but the fleet's limits: what is judged is the law. */
function lawPolicy<Config, State>(
  name: string,
  law: ReplicaLaw<Config, State>,
  config: Config,
  { everyMs = PERIOD_MS, slowStart = false } = {},
): ReplicaPolicy {
  return {
    name,
    everyMs,
    start: () => {
      let state = law.init(config);
      return {
        decide: (observation) => {
          const step = law.step(state, observation);
          state = step.state;
          if (slowStart) return step.output;
          const { slowStartMs: _, ...terms } = step.output.terms;
          return { ...step.output, terms };
        },
      };
    },
  };
}

/** The default law with nothing but the objective. */
export function ours(
  fleet: FleetConfig,
  how: { readonly everyMs?: number; readonly slowStart?: boolean; readonly season?: boolean } = {},
): ReplicaPolicy {
  const { latencyMs: p99Ms, badRatio: errorRatio } = fleet.objective;
  const objective = { p99Ms, errorRatio, terms: { season: how.season ?? true } };
  return lawPolicy('autoscale', autoscale, objective, how);
}

/** The same as whoever writes a policy with nothing but the objective gets it: guards and pace. */
export function asPolicy(fleet: FleetConfig): ReplicaPolicy {
  const { latencyMs } = fleet.objective;
  const text = `apiVersion: flyball/v1
kind: Policy
metadata: { name: contest }
spec:
  service: contest
  objectives: { latency: { p99: ${latencyMs}ms } }
  observe: { window: 15s, saturation: worker.utilization }
  loops:
    replicas:
      limits: { min: 1, max: 200 }
      actuator: { processes: { url: "http://127.0.0.1:1" } }
      autonomy: auto
`;
  const parsed = parsePolicy({ file: 'contest.yaml', text });
  if (!parsed.ok) throw new Error(parsed.errors.map(formatPolicyError).join('\n'));
  const { replicas } = parsed.policy.loops;
  if (replicas === undefined) throw new Error('the policy has no replicas');
  const plan = replicaPlan(parsed.policy, replicas);
  return {
    name: 'autoscale, as a policy',
    everyMs: plan.everyMs,
    start: () => {
      const governor = governorOf(plan);
      let state = governor.init();
      return {
        decide: (observation) => {
          const step = governor.step(state, observation);
          state = step.state;
          const { slowStartMs: _, ...terms } = step.output.terms;
          return { ...step.output, terms };
        },
      };
    },
  };
}

export interface HpaSetting {
  readonly target: number;
  readonly downMs: number;
}

const TARGETS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const DOWN_MS = [15_000, 60_000, 300_000];

/** Nothing stated: 80 %, five minutes back, and the limits that hold without a `behavior`. */
export function kubernetesByDefault(): ReplicaPolicy {
  return lawPolicy('hpa', hpa, { maxReplicas: 200 });
}

export const HPA_SETTINGS: readonly HpaSetting[] = DOWN_MS.flatMap((downMs) =>
  TARGETS.map((target) => ({ target, downMs })),
);

export function kubernetes({ target, downMs }: HpaSetting): ReplicaPolicy {
  const config = {
    targetPercent: Math.round(target * 100),
    maxReplicas: 200,
    behavior: { scaleDown: { stabilizationMs: downMs } },
  };
  return lawPolicy(`hpa ${target * 100} % ${downMs / 1_000} s`, hpa, config);
}

export function knative(fleet: FleetConfig): ReplicaPolicy {
  // By requests per second: by concurrency the queue itself counts as need.
  const capacity = (fleet.workersPerReplica * 1_000) / fleet.service.meanMs;
  const config = { metric: 'rps', capacity } as const;
  return lawPolicy('stable-panic', stablePanic, config, { everyMs: 5_000 });
}

export function scenario(
  on: { readonly fleet: FleetConfig; readonly load: LoadCase; readonly seed: number },
  policy: ReplicaPolicy,
  telemetry: Telemetry,
): FleetScenario {
  const { fleet, load, seed } = on;
  return {
    fleet,
    load: load.make(seed),
    telemetry: { ...telemetry, lossRatio: load.lossRatio ?? 0 },
    policy,
    seed,
    faults: load.faults ?? [],
  };
}
