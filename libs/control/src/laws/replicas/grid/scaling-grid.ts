/**
 * Replicas by a grid of several metrics: the first row that fits says by how many to change.
 *
 *     CPU        memory     rate    change
 *     from 85 %  from 80 %  high      +3
 *     from 90 %                       +2
 *     to 20 %    to 20 %    low       -2
 *     to 40 %    to 30 %    low       -1
 *     otherwise                        0
 *
 * The rate is judged for each ready replica: high from `rate.high`, low up to `rate.low`. A row
 * names what must hold; what it does not name does not matter. Going up one hot metric is enough,
 * going down every metric must be low.
 *
 * After any change of the count nothing moves for the cooldown; at its last instant nothing moves
 * yet. A change that is seen now was made at the step before. Worked example, every 3 min: 5
 * instances, +2 at 10:03 makes 7, cooldown at 10:06, -1 at 10:09 makes 6.
 *
 * Defaults: the rows above, cooldown 3 min. The rates have none: they are the service's own. It
 * never asks for less than 1 where there is one.
 *
 * Regimes: a row up, a row down, resting between the rows, in cooldown, holding without evidence,
 * following a hand.
 *
 * Stability: moves of fixed size with a wide band of rest between them, at most one each cooldown:
 * with the default rows it comes to rest at any constant load as long as the cooldown is longer
 * than start-up and signal window together (scaling-grid.test.ts: start-up 2 min, cooldown 3 min).
 * Other rows must leave a band that no row's change can cross. It is slow: 2 or 3 replicas each
 * cooldown, however large the fleet.
 *
 * Source: the mission's table, row 6.
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../../../config.ts';
import type { Law, Step, Terms } from '../../../decision.ts';
import { isMeasure, tidy } from '../../../numbers.ts';
import type { Reason } from '../../../reasons.ts';
import { nextLastMs, refuse } from '../../refuse.ts';
import type { ReplicaObservation } from '../observation.ts';

export interface GridObservation extends ReplicaObservation {
  /** Used share of the memory of the ready replicas, 0 to 1; null: not measured. */
  readonly memory: number | null;
}

/** Bounds of a share, each included. */
export interface GridRange {
  readonly from?: number;
  readonly to?: number;
}

export interface GridRow {
  readonly cpu?: GridRange;
  readonly memory?: GridRange;
  readonly rate?: 'low' | 'high';
  /** Whole replicas, not 0. */
  readonly change: number;
}

export interface GridConfig {
  /** The first that fits decides. */
  readonly rows?: readonly GridRow[];
  /** Requests per second a ready replica has: low up to the one, high from the other. */
  readonly rate: { readonly low: number; readonly high: number };
  /** Default 3 min. */
  readonly cooldownMs?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

/** Plain JSON. */
export interface GridState {
  readonly config: Required<GridConfig>;
  readonly lastMs: number | null;
  readonly lastApplied: number | null;
  /** When the count was last changed; null: never seen to change. */
  readonly changedMs: number | null;
}

export const DEFAULT_GRID: readonly GridRow[] = [
  { cpu: { from: 0.85 }, memory: { from: 0.8 }, rate: 'high', change: 3 },
  { cpu: { from: 0.9 }, change: 2 },
  { cpu: { to: 0.2 }, memory: { to: 0.2 }, rate: 'low', change: -2 },
  { cpu: { to: 0.4 }, memory: { to: 0.3 }, rate: 'low', change: -1 },
];

export const scalingGrid: Law<GridConfig, GridState, GridObservation, number> = {
  name: 'scalingGrid',
  init: (config) => ({
    config: settingsOf(config),
    lastMs: null,
    lastApplied: null,
    changedMs: null,
  }),
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

const MOST_ROWS = 64;

function settingsOf(config: GridConfig): Required<GridConfig> {
  const { rows = DEFAULT_GRID, rate, cooldownMs = 180_000, evidenceMaxAgeMs = 30_000 } = config;
  const few = rows.length > 0 && rows.length <= MOST_ROWS;
  requireThat(few, 'rows', rows.length, `from 1 to ${MOST_ROWS} rows`);
  for (const [index, row] of rows.entries()) {
    requireRow(`rows.${index}`, row);
  }
  requireAtLeastZero('rate.low', rate.low);
  requirePositive('rate.high', rate.high);
  requireThat(rate.high > rate.low, 'rate.high', rate.high, `above rate.low (${rate.low})`);
  requireAtLeastZero('cooldownMs', cooldownMs);
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  return { rows, rate, cooldownMs, evidenceMaxAgeMs };
}

function requireRow(field: string, { cpu, memory, rate, change }: GridRow): void {
  const whole = Number.isSafeInteger(change) && change !== 0;
  requireThat(whole, `${field}.change`, change, 'a whole number, not 0');
  const judged = isJudged(cpu) || isJudged(memory) || rate !== undefined;
  requireThat(judged, field, { change }, 'a row that names a metric: it would always fit');
  for (const [name, range] of [['cpu', cpu] as const, ['memory', memory] as const]) {
    const { from = 0, to = 1 } = range ?? {};
    requireThat(from >= 0 && from <= 1, `${field}.${name}.from`, from, 'a ratio from 0 to 1');
    requireThat(to >= from && to <= 1, `${field}.${name}.to`, to, `from ${from} to 1`);
  }
}

function isJudged(range: GridRange | undefined): boolean {
  return range?.from !== undefined || range?.to !== undefined;
}

function step(state: GridState, input: GridObservation): Step<GridState, number> {
  const seen = isMeasure(input.applied);
  const applied = seen ? input.applied : (state.lastApplied ?? 0);
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs) ?? lacking(input);
  const next = followed(state, input.nowMs, seen ? input.applied : null);
  const hold = (reason: Reason, terms: Terms = {}): Step<GridState, number> => ({
    state: next,
    output: { value: applied, reason, terms: { ...terms, applied } },
  });
  if (refused !== null) {
    return hold(refused);
  }
  return input.hand === true ? hold('tracking') : decided(next, input, hold);
}

function lacking({ utilization, memory, ratePerSecond, applied, ready }: GridObservation) {
  if (utilization === null || memory === null || ratePerSecond === null || ready === 0) {
    return 'no-evidence';
  }
  const figures = [utilization, memory, ratePerSecond, applied, ready];
  return figures.every(isMeasure) ? null : 'invalid-measure';
}

function followed(state: GridState, nowMs: number, applied: number | null): GridState {
  const { config, lastMs, lastApplied } = state;
  const changed = applied !== null && lastApplied !== null && applied !== lastApplied;
  const changedMs = changed ? lastMs : state.changedMs;
  const nextMs = nextLastMs(lastMs, nowMs);
  // After a step back of the clock the cooldown keeps its age.
  const byMs = lastMs !== null && nextMs !== null && nextMs < lastMs ? nextMs - lastMs : 0;
  return {
    config,
    lastMs: nextMs,
    lastApplied: applied ?? lastApplied,
    changedMs: changedMs === null ? null : changedMs + byMs,
  };
}

function decided(
  state: GridState,
  input: GridObservation,
  hold: (reason: Reason, terms?: Terms) => Step<GridState, number>,
): Step<GridState, number> {
  const { config, changedMs } = state;
  const cpu = input.utilization as number;
  const memory = input.memory as number;
  const ratePerReplica = tidy((input.ratePerSecond as number) / input.ready);
  const figures = { cpu, memory, ratePerReplica };
  const index = config.rows.findIndex((row) => fits(row, figures, config.rate));
  const row = config.rows[index];
  if (row === undefined) {
    return hold('no-row', figures);
  }
  const { applied, nowMs } = input;
  const terms = { ...figures, row: index + 1, change: row.change };
  if (changedMs !== null && nowMs - changedMs <= config.cooldownMs) {
    const { cooldownMs } = config;
    const elapsedMs = nowMs - changedMs;
    const reason = row.change > 0 ? 'cooldown-up' : 'cooldown-down';
    return hold(reason, { ...terms, elapsedMs, cooldownMs });
  }
  const value = Math.max(Math.min(1, applied), applied + row.change);
  const reason = value === applied ? 'at-min' : 'grid-row';
  const proposed = applied + row.change;
  return { state, output: { value, reason, terms: { ...terms, min: 1, proposed, applied } } };
}

interface Figures {
  readonly cpu: number;
  readonly memory: number;
  readonly ratePerReplica: number;
}

function fits(row: GridRow, figures: Figures, rate: GridConfig['rate']): boolean {
  return (
    isWithin(figures.cpu, row.cpu) &&
    isWithin(figures.memory, row.memory) &&
    (row.rate !== 'low' || figures.ratePerReplica <= rate.low) &&
    (row.rate !== 'high' || figures.ratePerReplica >= rate.high)
  );
}

function isWithin(share: number, range: GridRange | undefined): boolean {
  return share >= (range?.from ?? 0) && share <= (range?.to ?? Number.POSITIVE_INFINITY);
}
