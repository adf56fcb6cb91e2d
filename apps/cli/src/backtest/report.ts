import { chart, table } from '@flyball/control/sim';
import type { Turn } from './replay.ts';

/** A stretch of turns in which the policy wanted one and the same other number. */
export interface Difference {
  readonly fromMs: number;
  readonly toMs: number;
  readonly applied: number;
  readonly wanted: number;
  readonly reason: string;
  readonly text: string;
}

export interface BacktestSummary {
  readonly turns: number;
  /** Turns in which it wanted what was there. */
  readonly agreed: number;
  /** Turns in which it could not tell. */
  readonly blind: number;
  readonly appliedReplicaHours: number;
  /** Had each wish been there from its turn to the next. */
  readonly wantedReplicaHours: number;
  readonly appliedChanges: number;
  /** Turns with p99 above the objective, of those in which it is known; null: no objective. */
  readonly slowTurns: number | null;
  readonly slowTurnsWanted: { readonly more: number; readonly less: number } | null;
}

const HOUR_MS = 3_600_000;

export function differencesOf(turns: readonly Turn[]): Difference[] {
  const found: Difference[] = [];
  let goesOn = false;
  for (const { atMs, seen, decision, text } of turns) {
    const { value: wanted, reason } = decision;
    const { applied } = seen;
    const last = found.at(-1);
    if (goesOn && last?.wanted === wanted && last.applied === applied) {
      found[found.length - 1] = { ...last, toMs: atMs };
      continue;
    }
    goesOn = wanted !== applied;
    if (goesOn) found.push({ fromMs: atMs, toMs: atMs, applied, wanted, reason, text });
  }
  return found;
}

export function summaryOf(
  turns: readonly Turn[],
  { everyMs, objectiveMs }: { readonly everyMs: number; readonly objectiveMs: number | null },
): BacktestSummary {
  const count = (test: (turn: Turn) => boolean) => turns.filter(test).length;
  const hours = (figure: (turn: Turn) => number) =>
    (turns.reduce((sum, turn) => sum + figure(turn), 0) * everyMs) / HOUR_MS;
  const isSlow = ({ seen }: Turn) =>
    objectiveMs !== null && seen.p99Ms !== null && seen.p99Ms > objectiveMs;
  return {
    turns: turns.length,
    agreed: count(({ decision, seen }) => decision.value === seen.applied),
    blind: count((turn) => turn.isBlind),
    appliedReplicaHours: hours(({ seen }) => seen.applied),
    wantedReplicaHours: hours(({ decision }) => decision.value),
    appliedChanges: turns.filter(
      ({ seen }, index) => index > 0 && seen.applied !== turns[index - 1]?.seen.applied,
    ).length,
    slowTurns: objectiveMs === null ? null : count(isSlow),
    slowTurnsWanted:
      objectiveMs === null
        ? null
        : {
            more: count((turn) => isSlow(turn) && turn.decision.value > turn.seen.applied),
            less: count((turn) => isSlow(turn) && turn.decision.value < turn.seen.applied),
          },
  };
}

/** Load and replicas, then every difference with its reason. */
export function textOf(
  turns: readonly Turn[],
  summary: BacktestSummary,
  { everyMs, most }: { readonly everyMs: number; readonly most: number },
): string[] {
  const differences = differencesOf(turns);
  const stepS = everyMs / 1_000;
  const { slowTurns, slowTurnsWanted } = summary;
  return [
    ...chart({
      title: 'requests/s',
      series: [{ values: turns.map(({ seen }) => seen.ratePerSecond), of: 'mean' }],
      stepS,
      height: 4,
    }).slice(0, -2),
    '',
    ...chart({
      title: 'replicas (█ there were, ░ the policy wanted)',
      series: [
        { values: turns.map(({ decision }) => decision.value), fill: '░' },
        { values: turns.map(({ seen }) => seen.applied), of: 'mean' },
      ],
      stepS,
      height: 6,
    }),
    '',
    ...(differences.length === 0
      ? ['It would have changed nothing.']
      : table(
          ['when', 'for', 'there were', 'wanted', 'why'],
          differences
            .slice(0, most)
            .map((one) => [
              new Date(one.fromMs).toISOString().slice(0, 19).replace('T', ' '),
              `${Math.round((one.toMs - one.fromMs + everyMs) / 1_000)} s`,
              String(one.applied),
              String(one.wanted),
              one.text,
            ]),
        )),
    ...(differences.length > most
      ? [`and ${differences.length - most} more: --json shows all`]
      : []),
    '',
    `${summary.turns} turns: agreed in ${summary.agreed}, without evidence in ${summary.blind}.`,
    `Replica-hours: ${summary.appliedReplicaHours.toFixed(2)} there were, ` +
      `${summary.wantedReplicaHours.toFixed(2)} it wanted.`,
    ...(slowTurns === null || slowTurnsWanted === null
      ? []
      : [
          `p99 was above the objective in ${slowTurns} turns: ` +
            `in ${slowTurnsWanted.more} of them it wanted more than there was, ` +
            `in ${slowTurnsWanted.less} less.`,
        ]),
  ];
}
