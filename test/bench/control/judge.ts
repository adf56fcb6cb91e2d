/** A process that judges: takes a cell, runs everybody on it, answers with their scores. */
import {
  FLEETS,
  type LoadCase,
  oracle,
  replicasFor,
  SCRAPED,
  type Score,
  STREAMED,
  scoreFleet,
  sharpSighted,
  staticFleet,
} from '@flyball/control/sim';
import {
  asPolicy,
  HPA_SETTINGS,
  knative,
  kubernetes,
  kubernetesByDefault,
  loadCases,
  ours,
  PERIOD_MS,
  scenario,
} from './contest.ts';

export interface Cell {
  readonly fleet: string;
  readonly load: string;
  readonly seed: number;
}

export interface Verdict {
  readonly cell: Cell;
  readonly ours: Score;
  readonly oursFresh: Score;
  readonly oursSlowStart: Score;
  readonly oursNoSeason: Score;
  readonly asPolicy: Score;
  /** In the order of `HPA_SETTINGS`. */
  readonly hpa: readonly Score[];
  readonly hpaDefault: Score;
  readonly stablePanic: Score;
  readonly static: Score;
  readonly sharpSighted: Score;
  readonly oracle: Score;
}

/** What the fleet's balancer and machines bear: for those who may know. */
const BEARABLE: { readonly [fleet: string]: number } = {
  swift: 0.8,
  'heavy-tail': 0.6,
  sluggish: 0.75,
};

export function judge(cell: Cell, loads: readonly LoadCase[]): Verdict {
  const fleet = FLEETS.find(({ name }) => name === cell.fleet);
  const load = loads.find(({ name }) => name === cell.load);
  if (fleet === undefined || load === undefined) throw new Error(`no such cell: ${cell.load}`);
  const on = { fleet, load, seed: cell.seed };
  const run = (policy: Parameters<typeof scenario>[1], telemetry = SCRAPED) =>
    scoreFleet(scenario(on, policy, telemetry));
  const own = run(ours(fleet));
  const { perSecond } = load.make(cell.seed);
  const bearable = BEARABLE[fleet.name] ?? 0.7;
  const fleetOf = Math.max(1, Math.round(own.replicaHours / own.hours));
  return {
    cell,
    ours: own,
    oursFresh: run(ours(fleet, { everyMs: 5_000 }), STREAMED),
    oursSlowStart: run(ours(fleet, { everyMs: PERIOD_MS, slowStart: true })),
    oursNoSeason: run(ours(fleet, { season: false })),
    asPolicy: run(asPolicy(fleet)),
    hpa: HPA_SETTINGS.map((setting) => run(kubernetes(setting))),
    hpaDefault: run(kubernetesByDefault()),
    stablePanic: run(knative(fleet), STREAMED),
    static: scoreFleet({
      ...scenario(on, staticFleet(fleetOf), SCRAPED),
      initial: Math.max(fleetOf, replicasFor(fleet, perSecond[0] ?? 0, 1)),
    }),
    sharpSighted: run(sharpSighted(bearable)),
    oracle: run(oracle(bearable)),
  };
}

if (process.send !== undefined) {
  const loads = loadCases(JSON.parse(process.argv[2] ?? '[]') as string[]);
  process.on('message', (cell: Cell) => process.send?.(judge(cell, loads)));
}
