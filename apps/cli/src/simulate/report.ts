import { chart, type FleetRun, type Score, strip, table } from '@flyball/control/sim';

/** One policy's runs over all seeds. */
export interface Result {
  readonly name: string;
  readonly scores: readonly Score[];
  /** Of the first seed. */
  readonly run: FleetRun;
}

/** Means over the runs. */
export interface Summary {
  readonly policy: string;
  readonly violationSeconds: number;
  readonly longestViolationS: number;
  readonly replicaHours: number;
  readonly badRatio: number;
  readonly actionsPerHour: number;
  readonly reversalsPerHour: number;
  readonly blindDowns: number;
}

export function summaryOf({ name, scores }: Result): Summary {
  const mean = (figure: (score: Score) => number) =>
    scores.reduce((sum, score) => sum + figure(score), 0) / scores.length;
  return {
    policy: name,
    violationSeconds: mean(({ violationSeconds }) => violationSeconds),
    longestViolationS: Math.max(...scores.map(({ longestViolationS }) => longestViolationS)),
    replicaHours: mean(({ replicaHours }) => replicaHours),
    badRatio: mean(({ badRatio }) => badRatio),
    actionsPerHour: mean(({ actions, hours }) => actions / hours),
    reversalsPerHour: mean(({ reversals, hours }) => reversals / hours),
    blindDowns: mean(({ blindDowns }) => blindDowns),
  };
}

const HEAD = [
  'policy',
  'violating',
  'longest',
  'replica-h',
  'bad requests',
  'changes/h',
  'reversals/h',
  'blind downs',
];

/** Who did how well, the first line the policy itself. */
export function scoreboard(summaries: readonly Summary[]): string[] {
  return table(
    HEAD,
    summaries.map((one) => [
      one.policy,
      `${one.violationSeconds.toFixed(one.violationSeconds < 10 ? 1 : 0)} s`,
      `${Math.round(one.longestViolationS)} s`,
      one.replicaHours.toFixed(2),
      `${(100 * one.badRatio).toFixed(2)} %`,
      one.actionsPerHour.toFixed(1),
      one.reversalsPerHour.toFixed(1),
      one.blindDowns.toFixed(0),
    ]),
  );
}

/** Load, replicas, latency and trouble of one run, one below the other. */
export function trajectory(run: FleetRun, objectiveMs: number): string[] {
  const { points } = run;
  const common = { stepS: 1 };
  return [
    ...chart({
      ...common,
      title: 'requests/s',
      series: [{ values: points.map(({ ratePerSecond }) => ratePerSecond), of: 'mean' }],
      height: 5,
    }).slice(0, -2),
    '',
    ...chart({
      ...common,
      title: 'replicas (█ ready, ░ asked for)',
      series: [
        { values: points.map(({ applied }) => applied), fill: '░' },
        { values: points.map(({ ready }) => ready), of: 'mean' },
      ],
      height: 6,
    }).slice(0, -2),
    '',
    ...chart({
      ...common,
      title: `p99, ms (─ objective ${objectiveMs} ms)`,
      series: [{ values: points.map(({ p99Ms }) => p99Ms) }],
      height: 6,
      level: objectiveMs,
      top: topOf(
        points.map(({ p99Ms }) => p99Ms ?? 0),
        objectiveMs,
      ),
    }).slice(0, -2),
    strip(
      'bad',
      points.map(({ violates }) => violates),
    ),
    ...chart({ ...common, title: '', series: [{ values: points.map(() => 0) }], height: 1 }).slice(
      -2,
    ),
  ];
}

/** Once it is far above, how far does not matter. */
function topOf(values: readonly number[], objectiveMs: number): number {
  return Math.min(3 * objectiveMs, Math.max(1.25 * objectiveMs, ...values));
}
