import {
  type FleetConfig,
  type LoadCase,
  type ReplicaPolicy,
  replicasFor,
  runFleet,
  scoreFleet,
  staticFleet,
  type Telemetry,
} from '@flyball/control/sim';
import { type Command, CommandError, type Invocation } from '../command.ts';
import { durationOf, listOf, operandOf, textOf, wholeOf } from '../options.ts';
import { type ReplicaSteering, readSteering } from '../policy/read-policy.ts';
import { contestantOf, limitsOf, policyContestant } from '../simulate/contestants.ts';
import { loadOf } from '../simulate/loads.ts';
import { plantOf } from '../simulate/plants.ts';
import {
  type Result,
  type Summary,
  scoreboard,
  summaryOf,
  trajectory,
} from '../simulate/report.ts';
import { scenarioOf, telemetryOf, withObjective } from '../simulate/scene.ts';

const USAGE = 'simulate POLICY --load FILE [--seed N] [--plant NAME] [--compare LAW,...]';

/** `flyball simulate`: a policy over a fleet that does not exist. */
export const simulate: Command = {
  name: 'simulate',
  usage: USAGE,
  summary: 'run a policy over a simulated service and a load: a scoreboard and the trajectory',
  help: `  --load FILE        requests per second, one number a line for each second; or a shape:
                     step, ramp, sine, flash-crowd, square, sawtooth, slow-leak, diurnal,
                     regimes, noise, blackout (telemetry is away twice), lossy (30 % of it is lost)
  --seed N           the same seed gives the same run [1]
  --runs N           seeds N, N+1, ...; the scoreboard shows the mean, the plot the first [1]
  --plant NAME       swift (starts in 5 s), heavy-tail (30 s, unequal machines), sluggish (90 s,
                     clients retry), or FILE.yaml (docs/simulate.md) [swift]
  --compare LAW,...  beside it: hpa, stablePanic, capacity, predictive, autoscale, pid with their
                     usual figures and the policy's limits, static (the policy's own mean, never
                     changed), oracle (knows the future), or another policy's FILE.yaml
  --duration TIME    stop the load after so long, such as 20m
  --telemetry NAME   streamed: figures over the policy's observe.window, every 5 s, 2 s old;
                     scraped: over 15 s, every 15 s, 5 s old, as Kubernetes has it [streamed]
  --json             everything as JSON, with a point for each second

A second violates when more than 1 % of the requests of the last five seconds failed or took
longer than objectives.latency.p99 of the policy (the plant's own objective where it has none).`,
  options: {
    load: { type: 'string' },
    seed: { type: 'string' },
    runs: { type: 'string' },
    plant: { type: 'string' },
    compare: { type: 'string' },
    duration: { type: 'string' },
    telemetry: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(invocation) {
    const scene = sceneOf(invocation);
    const results = resultsOf(scene, invocation);
    if (invocation.options.json === true) invocation.out(JSON.stringify(asJson(scene, results)));
    else for (const line of textFor(scene, results)) invocation.out(line);
    return 0;
  },
};

interface Scene {
  readonly steering: ReplicaSteering;
  readonly load: LoadCase;
  readonly fleet: FleetConfig;
  readonly telemetry: Telemetry;
  readonly seeds: readonly number[];
  readonly durationS: number | undefined;
}

function sceneOf(invocation: Invocation): Scene {
  const { options, environment } = invocation;
  const steering = readSteering(operandOf(invocation, 'policy', USAGE), environment);
  const word = textOf(options, 'load');
  if (word === undefined) {
    throw new CommandError(`which load? --load FILE, or a shape such as --load step`);
  }
  const durationMs = durationOf(options, 'duration');
  const seed = wholeOf(options, 'seed', { least: 0, most: 2 ** 31, fallback: 1 });
  const runs = wholeOf(options, 'runs', { least: 1, most: 100, fallback: 1 });
  const load = loadOf(word);
  return {
    steering,
    load,
    fleet: withObjective(plantOf(textOf(options, 'plant') ?? 'swift'), steering),
    telemetry: telemetryOf(textOf(options, 'telemetry') ?? 'streamed', steering, load),
    seeds: Array.from({ length: runs }, (_, index) => seed + index),
    durationS: durationMs === undefined ? undefined : Math.max(1, Math.round(durationMs / 1_000)),
  };
}

/** The policy first, then those it is compared with. */
function resultsOf(scene: Scene, { options, environment }: Invocation): Result[] {
  const own = resultOf(policyContestant(scene.steering), scene);
  const { replicaHours, hours } = summed(own);
  const still = Math.max(1, Math.round(replicaHours / hours));
  const ring = { steering: scene.steering, fleet: scene.fleet, still, environment };
  const others = listOf(options, 'compare').map((word) => contestantOf(word, ring));
  return [own, ...others.map((policy) => resultOf(policy, scene))];
}

function summed({ scores }: Result): { readonly replicaHours: number; readonly hours: number } {
  const sum = (figure: (score: Result['scores'][number]) => number) =>
    scores.reduce((total, score) => total + figure(score), 0);
  return {
    replicaHours: sum(({ replicaHours }) => replicaHours),
    hours: sum(({ hours }) => hours),
  };
}

function resultOf(policy: ReplicaPolicy, scene: Scene): Result {
  const { fleet, load, telemetry, durationS, steering } = scene;
  const limits = limitsOf(steering);
  const at = (seed: number) =>
    scenarioOf({ fleet, load, seed, durationS, policy, telemetry, limits });
  const [first = 1, ...rest] = scene.seeds;
  const run = runFleet(at(first));
  const others = rest.map((seed) => scoreFleet(at(seed)));
  return { name: policy.name, scores: [run.score, ...others], run };
}

function textFor(scene: Scene, results: readonly Result[]): string[] {
  const { steering, load, fleet, seeds } = scene;
  const [own] = results;
  if (own === undefined) return [];
  const seconds = own.run.points.length;
  const { latencyMs, badRatio } = fleet.objective;
  const seedsText =
    seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`;
  return [
    `${own.name} (${steering.governor.law.kind}) on ${fleet.name}, load ${load.name}, ` +
      `${Math.round(seconds / 60)} min, ${seedsText}; ` +
      `objective: ${100 * (1 - badRatio)} % within ${latencyMs} ms`,
    ...hopeless(scene),
    '',
    ...scoreboard(results.map(summaryOf)),
    '',
    ...trajectory(own.run, latencyMs),
  ];
}

/** An objective that this plant cannot hold even with more replicas than it can use. */
function hopeless({ fleet, load, seeds, telemetry, steering }: Scene): string[] {
  const limits = limitsOf(steering);
  const perSecond = load.make(seeds[0] ?? 1).perSecond.slice(0, IDLE_S);
  const replicas = Math.min(limits.max, 3 * replicasFor(fleet, Math.max(...perSecond), 0.6));
  const { violationSeconds } = scoreFleet({
    fleet,
    load: { name: load.name, perSecond },
    telemetry,
    policy: staticFleet(replicas),
    seed: seeds[0] ?? 1,
    limits,
    initial: replicas,
  });
  if (violationSeconds < perSecond.length / 2) return [];
  const { latencyMs } = fleet.objective;
  return [
    `NOTE: ${replicas} replicas, nearly idle, break this objective too: ` +
      `${fleet.name} cannot answer 99 of 100 requests within ${latencyMs} ms.`,
    'Describe your own service with --plant FILE.yaml, or state another objectives.latency.p99.',
  ];
}

const IDLE_S = 60;

function asJson(
  scene: Scene,
  results: readonly Result[],
): {
  readonly scores: readonly Summary[];
  readonly [field: string]: unknown;
} {
  const { steering, load, fleet, telemetry, seeds } = scene;
  return {
    policy: steering.policy.name,
    law: steering.governor.law.kind,
    load: load.name,
    plant: fleet.name,
    objective: fleet.objective,
    telemetry,
    seeds,
    scores: results.map(summaryOf),
    trajectories: results.map(({ name, run }) => ({ policy: name, points: run.points })),
  };
}
