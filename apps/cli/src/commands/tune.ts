import type { PidLawConfig } from '@flyball/control';
import { type FleetConfig, type LoadCase, scoreFleet, table } from '@flyball/control/sim';
import { type Command, CommandError, type Invocation } from '../command.ts';
import { durationOf, listOf, operandOf, textOf, wholeOf } from '../options.ts';
import { type ReplicaSteering, readSteering } from '../policy/read-policy.ts';
import { governed, limitsOf } from '../simulate/contestants.ts';
import { loadOf } from '../simulate/loads.ts';
import { plantOf } from '../simulate/plants.ts';
import { scenarioOf, telemetryOf, withObjective } from '../simulate/scene.ts';
import { type Tunable, tunableOf } from '../tune/knobs.ts';
import { type Setting, search } from '../tune/search.ts';
import { type Bench, type Margins, marginsOf, startsFor } from '../tune/starts.ts';

const USAGE = 'tune POLICY [--load FILE,...] [--plant NAME] [--tries N]';

/** `flyball tune`: gains by experiment and search, with their stability margins. */
export const tune: Command = {
  name: 'tune',
  usage: USAGE,
  summary: 'search the figures of a law in the simulator, and say how far they are from swinging',
  help: `For the law pid the search begins at the policy's own gains and at those that a relay
experiment (Tyreus-Luyben) and a step response (SIMC) on a fleet without chance give; then each
figure is changed in turn. Also: target and down window of hpa, utilisation of capacity,
predictive and stablePanic. autoscale learns its figures by itself, and schedule has none.

  --load FILE,...    loads to judge on, files or shapes [step,sine,flash-crowd]
  --plant NAME       swift, heavy-tail, sluggish, or FILE.yaml [swift]
  --seed N           [1]
  --tries N          settings judged at most, each on every load [30]
  --duration TIME    stop each load after so long
  --json             everything as JSON

A setting costs its violating seconds and, so that it does not buy them off with idle replicas, 3
seconds for each percent of replica-hours above the policy as it is (and gains 1 for each below).
Margins are of the loop on the fleet without chance, without guards and hysteresis: how many times
stronger it could act, and how much later, before it swings on. Gains with a gain margin below 1.5,
or that do not bear one turn of the loop more delay, are not proposed: when there are no others the
command ends with 1. What was found is judged once more with the next seed, which the search has not
seen.`,
  options: {
    load: { type: 'string' },
    plant: { type: 'string' },
    seed: { type: 'string' },
    tries: { type: 'string' },
    duration: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(invocation) {
    const scene = sceneOf(invocation);
    const tunable = tunableOf(scene.steering.governor.law);
    if (tunable === null) {
      const { kind } = scene.steering.governor.law;
      throw new CommandError(
        `${scene.steering.file}: the law ${kind} has nothing to tune: ` +
          'flyball simulate shows how it does',
      );
    }
    const report = tuned(scene, tunable);
    if (invocation.options.json === true) invocation.out(JSON.stringify(report));
    else for (const line of textFor(scene, tunable, report)) invocation.out(line);
    return report.heldOut === null ? 1 : 0;
  },
};

interface Scene {
  readonly steering: ReplicaSteering;
  readonly loads: readonly LoadCase[];
  readonly fleet: FleetConfig;
  readonly seed: number;
  readonly tries: number;
  readonly durationS: number | undefined;
}

function sceneOf(invocation: Invocation): Scene {
  const { options, environment } = invocation;
  const steering = readSteering(operandOf(invocation, 'policy', USAGE), environment);
  const words = listOf(options, 'load');
  const durationMs = durationOf(options, 'duration');
  return {
    steering,
    loads: (words.length === 0 ? ['step', 'sine', 'flash-crowd'] : words).map(loadOf),
    fleet: withObjective(plantOf(textOf(options, 'plant') ?? 'swift'), steering),
    seed: wholeOf(options, 'seed', { least: 0, most: 2 ** 31, fallback: 1 }),
    tries: wholeOf(options, 'tries', { least: 1, most: 1_000, fallback: 30 }),
    durationS: durationMs === undefined ? undefined : Math.max(1, Math.round(durationMs / 1_000)),
  };
}

interface Judged {
  readonly cost: number;
  /** For the law pid. */
  readonly margins: Margins | null;
  readonly violationSeconds: number;
  readonly replicaHours: number;
  readonly reversalsPerHour: number;
}

interface Row extends Omit<Judged, 'cost'> {
  readonly name: string;
  readonly setting: Setting;
}

type Figures = Omit<Judged, 'cost' | 'margins'>;

/** With a seed that the search has not seen. */
interface HeldOut {
  readonly seed: number;
  readonly asItIs: Figures;
  readonly best: Figures;
  /** What was found costs no more there than the policy as it is. */
  readonly holds: boolean;
}

interface Report {
  /** The last is the best found, where one may be proposed. */
  readonly rows: readonly Row[];
  /** Null: all that was tried is too near to swinging. */
  readonly heldOut: HeldOut | null;
  readonly tries: number;
  readonly missing: readonly string[];
}

const DEAR = 3;
const CHEAP = 1;
/** Whatever it saves, a loop nearer to swinging than this is not proposed. */
const LEAST_GAIN_MARGIN = 1.5;

function tuned(scene: Scene, tunable: Tunable): Report {
  const { law } = scene.steering.governor;
  const bench = law.kind === 'pid' ? benchOf(scene, law.config) : null;
  const starts = bench === null ? [] : startsFor(bench);
  const first = run(scene, tunable, tunable.now);
  const judge = (setting: Setting): Judged => {
    const now = run(scene, tunable, setting);
    const margins = marginsFor(tunable, setting, bench);
    const isFar = margins === null || isFarFromSwinging(margins, scene);
    return { ...now, margins, cost: isFar ? costOf(now, first) : Number.POSITIVE_INFINITY };
  };
  const settings = starts.flatMap(({ name, gains }) =>
    gains === null ? [] : [{ name, setting: { ...gains } as Setting }],
  );
  const candidates = [tunable.now, ...settings.map(({ setting }) => setting)];
  const best = search(tunable.knobs, candidates, { judge, most: scene.tries });
  const row = (name: string, setting: Setting, { cost: _, ...judged }: Judged): Row => ({
    name,
    setting,
    ...judged,
  });
  const named = [{ name: 'as it is', setting: tunable.now }, ...settings];
  const isSafe = Number.isFinite(best.judged.cost);
  return {
    rows: [
      ...named.map(({ name, setting }) => row(name, setting, judge(setting))),
      ...(isSafe ? [row('best found', best.setting, best.judged)] : []),
    ],
    heldOut: isSafe ? heldOut(scene, tunable, best.setting) : null,
    tries: best.tries,
    missing: starts.filter(({ gains }) => gains === null).map(({ name }) => name),
  };
}

/** A figure that comes one turn late, as they do, must not set it swinging either. */
function isFarFromSwinging({ gain, deadTimeMs }: Margins, { steering }: Scene): boolean {
  return gain.margin >= LEAST_GAIN_MARGIN && deadTimeMs.margin >= steering.everyMs;
}

/** Violating seconds, and replica-hours above and below those of the policy as it is. */
function costOf({ violationSeconds, replicaHours }: Figures, first: Figures): number {
  const above = 100 * (replicaHours / first.replicaHours - 1);
  return violationSeconds + (above > 0 ? DEAR : CHEAP) * above;
}

function heldOut(scene: Scene, tunable: Tunable, setting: Setting): HeldOut {
  const other = { ...scene, seed: scene.seed + 1 };
  const asItIs = run(other, tunable, tunable.now);
  const best = run(other, tunable, setting);
  const holds = costOf(best, asItIs) <= costOf(asItIs, asItIs);
  return { seed: other.seed, asItIs, best, holds };
}

function marginsFor(tunable: Tunable, setting: Setting, bench: Bench | null): Margins | null {
  const spec = tunable.apply(setting);
  return bench === null || spec.kind !== 'pid' ? null : marginsOf(spec.config, bench);
}

/** The signal of a fleet without chance is its utilisation. Other signals have no such model. */
function benchOf({ steering, fleet }: Scene, config: PidLawConfig): Bench | null {
  if ((config.signal ?? 'utilization') !== 'utilization') return null;
  const { policy, everyMs } = steering;
  return {
    fleet: { startUpMs: fleet.startup.meanMs, windowMs: policy.observe.window, lagMs: 2_000 },
    setpoint: config.setpoint,
    everyMs,
  };
}

function run(scene: Scene, tunable: Tunable, setting: Setting): Figures {
  const { steering, fleet, seed, loads, durationS } = scene;
  const { bounds } = steering.governor;
  const law = tunable.apply(setting);
  const policy = governed('candidate', steering.everyMs, { law, bounds });
  const scores = loads.map((load) =>
    scoreFleet(
      scenarioOf({
        fleet,
        load,
        seed,
        durationS,
        policy,
        telemetry: telemetryOf('streamed', steering, load),
        limits: limitsOf(steering),
      }),
    ),
  );
  const sum = (figure: (score: (typeof scores)[number]) => number) =>
    scores.reduce((total, score) => total + figure(score), 0);
  return {
    violationSeconds: sum(({ violationSeconds }) => violationSeconds),
    replicaHours: sum(({ replicaHours }) => replicaHours),
    reversalsPerHour: sum(({ reversals }) => reversals) / sum(({ hours }) => hours),
  };
}

function textFor({ steering, fleet, loads }: Scene, tunable: Tunable, report: Report): string[] {
  const { rows, tries, missing } = report;
  const knobs = tunable.knobs.map(({ name }) => name);
  const withMargins = rows.some(({ margins }) => margins !== null);
  const names = loads.map(({ name }) => name).join(', ');
  return [
    `${steering.policy.name} (${steering.governor.law.kind}) on ${fleet.name}, loads ${names}; ` +
      `${tries} settings tried`,
    '',
    ...table(
      [
        'start',
        ...knobs,
        'violating',
        'replica-h',
        'reversals/h',
        ...(withMargins ? ['gain margin', 'dead-time margin'] : []),
      ],
      rows.map((row) => [
        row.name,
        ...knobs.map((knob) => String(Number((row.setting[knob] ?? 0).toPrecision(3)))),
        `${Math.round(row.violationSeconds)} s`,
        row.replicaHours.toFixed(2),
        row.reversalsPerHour.toFixed(1),
        ...(row.margins === null ? [] : marginCells(row.margins)),
      ]),
    ),
    '',
    ...missing.map((name) => `The ${name} experiment came to nothing: the loop did not swing.`),
    ...verdictOf(report, tunable),
  ];
}

function verdictOf({ rows, heldOut: seen, tries }: Report, tunable: Tunable): string[] {
  const best = rows.at(-1);
  if (seen === null || best === undefined) {
    return [
      `None of the ${tries} settings tried is safe to recommend: each has a gain margin below ` +
        `${LEAST_GAIN_MARGIN}, or a dead-time margin of less than one turn.`,
      'Try more with --tries, or begin with smaller gains.',
    ];
  }
  const told = ({ violationSeconds, replicaHours }: Figures) =>
    `${Math.round(violationSeconds)} s violating, ${replicaHours.toFixed(2)} replica-h`;
  return [
    `With seed ${seen.seed}, not searched on: ${told(seen.best)}; as it is: ${told(seen.asItIs)}.`,
    ...(seen.holds ? [] : ['There it is no better than the policy as it is: more loads may tell.']),
    `law: { ${tunable.write(best.setting)} }`,
  ];
}

function marginCells({ gain, deadTimeMs }: Margins): string[] {
  const least = (limited: boolean) => (limited ? '' : 'over ');
  return [
    `${least(gain.limited)}${gain.margin.toFixed(1)}`,
    `${least(deadTimeMs.limited)}${Math.round(deadTimeMs.margin / 1_000)} s`,
  ];
}
