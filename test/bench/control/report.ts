/** Verdicts as text: for the terminal, and as Markdown for docs/control-quality.md. */
import { REPEATING, type Score } from '@flyball/control/sim';
import type { Verdict } from './judge.ts';
import {
  type AtEqualCost,
  atEqualCost,
  type CellStanding,
  cellStandings,
  type Ratio,
  ratioToOneSetting,
  sumOf,
} from './standing.ts';

type Named = readonly [name: string, of: (verdict: Verdict) => Score];

const OTHERS: readonly Named[] = [
  ['Flyball', (verdict) => verdict.ours],
  ['Flyball as a policy file has it, guards and all', (verdict) => verdict.asPolicy],
  ['Flyball without seasons', (verdict) => verdict.oursNoSeason],
  ['Flyball, slow-start weights obeyed', (verdict) => verdict.oursSlowStart],
  ['Flyball, 5 s windows seen after 2 s', (verdict) => verdict.oursFresh],
  ['HPA by default', (verdict) => verdict.hpaDefault],
  ['stable/panic, 5 s windows seen after 2 s', (verdict) => verdict.stablePanic],
  ['a static fleet of as many replicas', (verdict) => verdict.static],
  ['perfect sight, no foresight', (verdict) => verdict.sharpSighted],
  ['oracle', (verdict) => verdict.oracle],
];

const one = (value: number) => value.toFixed(1);
const two = (value: number) => value.toFixed(2);
const range = ({ value, low, high }: Ratio) => `${two(value)} (${two(low)} to ${two(high)})`;
const settingOf = ({ target, downMs }: AtEqualCost) =>
  `${Math.round(target * 100)} %, ${downMs / 1_000} s`;

interface Part {
  readonly name: string;
  readonly verdicts: readonly Verdict[];
}

function partsOf(verdicts: readonly Verdict[]): readonly Part[] {
  const byFleet = Map.groupBy(verdicts, ({ cell }) => cell.fleet);
  const parts = [...byFleet].map(([name, of]) => ({ name, verdicts: of }));
  return parts.length > 1 ? [...parts, { name: 'all', verdicts }] : parts;
}

export function summary(verdicts: readonly Verdict[]): string {
  const cells = cellStandings(verdicts);
  const lines = partsOf(verdicts).map(({ name, verdicts: of }) => {
    const own = sumOf(of.map((verdict) => verdict.ours));
    const other = atEqualCost(of, own.replicaHours);
    const ratio = range(ratioToOneSetting(of));
    return (
      `${name.padEnd(12)} ${Math.round(own.violationSeconds)} violating seconds, HPA with one ` +
      `setting (${settingOf(other)}) ${Math.round(other.violationSeconds)} for the same ` +
      `${one(own.replicaHours)} replica-hours: ${ratio}; reversals ${own.reversals} to ` +
      `${Math.round(other.reversals)}\n`
    );
  });
  const halved = cells.filter((cell) => cell.halved).length;
  const worse = cells.filter((cell) => cell.worse);
  return (
    `\n${lines.join('')}against HPA tuned per load: halved in ${halved} of ${cells.length} ` +
    `cells; worse by more than 3 s an hour in ${worse.length}` +
    `${worse.map(({ fleet, load }) => ` ${fleet}/${load}`).join(',')}\n`
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function document(verdicts: readonly Verdict[], of: string): string {
  const seeds = [...new Set(verdicts.map(({ cell }) => cell.seed))].toSorted((a, b) => a - b);
  const day = new Date().toISOString().slice(0, 10);
  return [
    `Measured on ${day} at ${of}, seeds ${seeds[0]} to ${seeds.at(-1)}.`,
    '### Against HPA with one setting for all loads, at equal replica-hours',
    totals(verdicts),
    '### The same in other ways',
    variants(verdicts),
    '### Everybody, per hour',
    everybody(verdicts),
    '### Against HPA tuned per load in hindsight, at equal replica-hours',
    cellTable(cellStandings(verdicts)),
  ].join('\n\n');
}

function totals(verdicts: readonly Verdict[]): string {
  const rows = partsOf(verdicts).map(({ name, verdicts: of }) => {
    const own = sumOf(of.map((verdict) => verdict.ours));
    const other = atEqualCost(of, own.replicaHours);
    const ratio = ratioToOneSetting(of);
    return [
      name,
      String(Math.round(own.violationSeconds)),
      String(Math.round(other.violationSeconds)),
      range(ratio),
      ratio.value <= 0.5 ? 'met' : 'MISSED',
      one(own.replicaHours),
      settingOf(other),
      `${one(own.reversals / own.hours)} / ${one(other.reversals / own.hours)}`,
    ];
  });
  const head = [
    'plant',
    'violating s',
    'HPA',
    'ratio (95 %)',
    'goal 0.50',
    'replica-hours',
    'HPA setting',
    'reversals/h, ours / HPA',
  ];
  return table(head, rows);
}

/** The ratio as it would be had something been otherwise. */
function variants(verdicts: readonly Verdict[]): string {
  const once = verdicts.filter(({ cell }) => !REPEATING.includes(cell.load));
  const ways: readonly (readonly [string, readonly Verdict[], Named[1]])[] = [
    ['as a policy file has it, guards and all', verdicts, (verdict) => verdict.asPolicy],
    ['seasons switched off', verdicts, (verdict) => verdict.oursNoSeason],
    ['only loads that do not repeat', once, (verdict) => verdict.ours],
    ['slow-start weights obeyed by the balancer', verdicts, (verdict) => verdict.oursSlowStart],
    ['5 s windows, decided every 5 s (HPA as above)', verdicts, (verdict) => verdict.oursFresh],
  ];
  const rows = ways.map(([name, of, score]) => [
    name,
    ...partsOf(of).map((part) => two(ratioToOneSetting(part.verdicts, score).value)),
  ]);
  return table(
    ['ratio to HPA with one setting', ...partsOf(verdicts).map(({ name }) => name)],
    rows,
  );
}

function everybody(verdicts: readonly Verdict[]): string {
  const parts = partsOf(verdicts);
  const rows = OTHERS.map(([name, of]) => [
    name,
    ...parts.map((part) => {
      const sum = sumOf(part.verdicts.map(of));
      const perHour = (figure: number) => one(figure / sum.hours);
      const { violationSeconds, replicaHours, reversals } = sum;
      const [s, rh, rev] = [violationSeconds, replicaHours, reversals].map(perHour);
      return `${s} s, ${rh} rh, ${rev} rev`;
    }),
  ]);
  return table(['policy', ...parts.map(({ name }) => name)], rows);
}

function cellTable(cells: readonly CellStanding[]): string {
  const rows = cells.map((cell) => [
    cell.fleet,
    cell.load,
    one(cell.ours),
    one(cell.hpa),
    cell.setting,
    `${one(cell.replicaHours)} / ${one(cell.hpaReplicaHours)}`,
    `${one(cell.reversalsPerHour)} / ${one(cell.hpaReversalsPerHour)}`,
    cell.worse ? 'worse' : cell.halved ? 'halved' : '',
  ]);
  const halved = cells.filter((cell) => cell.halved).length;
  const worse = cells.filter((cell) => cell.worse).length;
  const verdict =
    `Halved in ${halved} of ${cells.length} cells (goal: half of them); worse by more than three ` +
    `seconds an hour in ${worse} (goal: none).`;
  const head = ['plant', 'load', 'violating s/h', 'HPA', 'its setting', 'rh/h', 'reversals/h', ''];
  return `${verdict}\n\n${table(head, rows)}`;
}
