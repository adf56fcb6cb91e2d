/**
 * Outliers put out of the pool, for a while.
 *
 *     out    consecutive failures >= 5
 *     out    success rate < mean - 1.9 stdev, and more than 0.02 below the mean, and
 *            4 standard errors sqrt(mean (1 - mean) / requests) below it
 *     for    min(30 s x times it was put out, 300 s)
 *     most   max(1, floor(0.1 x backends)), the worst first
 *     panic  fewer than half would be left: all get traffic, outliers too
 *     back   weight x max(0.1, time since / 60 s)
 *
 * Mean and stdev are over the backends in the pool with at least 100 requests in the window, of
 * which there must be five. It is the population's stdev (divisor n): of five backends one that
 * deviates stands 2 of these below the mean, but only 1.79 of the sample's (divisor n - 1), and
 * would never go out. But in a small pool any lowest value comes that far: of ten alike ones with
 * 2 % errors in 150 requests the rule by itself had one out half of the time. So the lowest must
 * also be further below the mean than chance would have it, and far enough to matter.
 *
 * A backend that is back is not judged for 10 s: its figures are still those it went out for. Five
 * minutes in the pool forgive one time out. The weights of all others are those wished for by
 * another law, at least 0.05: here alone a weight becomes 0, and a pool never loses them all.
 *
 * Defaults: as above; after Envoy's outlier detection, but for the gap and the standard errors.
 *
 * Regimes: none out, some out, panic; holding without fresh evidence.
 *
 * Stability: each backend has its own timer, so a delay d of the figures keeps a broken backend in
 * for d and one that recovered out for at most maxOutMs; the share out is bounded by maxOutShare.
 * Traffic moved away raises the load of the others by at most a ninth (for pools of ten and more),
 * and panic ends a chain in which each ejection breaks the next (weights.sim.test.ts).
 *
 * Source: Envoy's outlier detection and panic threshold.
 */
import type { Law, LawInput, Step } from '../../decision.ts';
import { isMeasure, own, tidy } from '../../numbers.ts';
import { nextLastMs, refuse } from '../refuse.ts';
import {
  type OutlierEjectionConfig,
  type OutlierEjectionSettings,
  outlierEjectionSettings,
} from './outlier-ejection-config.ts';
import { put, saneWeights, type Weights } from './record.ts';

export interface OutlierFigures {
  readonly id: string;
  /** In the window. */
  readonly requests: number;
  readonly errors: number;
  /** Failures since its last success; null: not known. */
  readonly consecutiveFailures: number | null;
}

export interface OutlierEjectionInput extends LawInput {
  readonly backends: readonly OutlierFigures[];
  /** Weights wished for; a backend without one gets the mean of the others. */
  readonly weights: Weights;
  /** Weights in force; the law holds by proposing these. */
  readonly applied: Weights;
}

/** `times`: how often it was put out, less what was forgiven. */
type Standing =
  | { readonly kind: 'out'; readonly sinceMs: number; readonly times: number }
  | {
      readonly kind: 'back';
      readonly sinceMs: number;
      /** From when on the next forgiving counts. */
      readonly calmMs: number;
      readonly times: number;
    };

/** Plain JSON. Backends without a standing, and those gone from the input, are not kept. */
export interface OutlierEjectionState {
  readonly config: OutlierEjectionSettings;
  readonly lastMs: number | null;
  readonly backends: { readonly [id: string]: Standing };
}

export const outlierEjection: Law<
  OutlierEjectionConfig,
  OutlierEjectionState,
  OutlierEjectionInput,
  Weights
> = {
  name: 'outlierEjection',
  init: (config) => ({ config: outlierEjectionSettings(config), lastMs: null, backends: {} }),
  step,
  retune: (state, config) => ({ ...state, config: outlierEjectionSettings(config) }),
};

function step(
  state: OutlierEjectionState,
  input: OutlierEjectionInput,
): Step<OutlierEjectionState, Weights> {
  const { config } = state;
  const { nowMs, backends } = input;
  const lastMs = nextLastMs(state.lastMs, nowMs);
  const refused = refuse(state.lastMs, input, config.evidenceMaxAgeMs);
  if (refused !== null || backends.length === 0) {
    const value = saneWeights(input.applied);
    const reason = refused ?? 'no-backends';
    return { state: { ...state, lastMs }, output: { value, reason, terms: {} } };
  }
  const standings = new Map<string, Standing>();
  let out = 0;
  for (const { id } of backends) {
    const before = own(state.backends, id);
    const now = before === undefined ? undefined : aged(config, before, nowMs);
    if (now !== undefined) {
      standings.set(id, now);
      out += now.kind === 'out' ? 1 : 0;
    }
  }
  const pool = poolOf(config, backends, standings, nowMs);
  const most = Math.max(1, Math.floor(config.maxOutShare * backends.length));
  const { suspects } = pool;
  for (let index = 0; index < suspects.length && out < most; index += 1) {
    const { id } = suspects[index] as OutlierFigures;
    const times = (standings.get(id)?.times ?? 0) + 1;
    standings.set(id, { kind: 'out', sinceMs: nowMs, times });
    out += 1;
  }
  return propose({ ...state, lastMs }, input, standings, out, pool);
}

/** A standing after the time that has passed; undefined: all is forgotten. */
function aged(
  config: OutlierEjectionSettings,
  before: Standing,
  nowMs: number,
): Standing | undefined {
  // The clock was set back: what is left of the time begins anew.
  const sinceMs = Math.min(before.sinceMs, nowMs);
  const { times } = before;
  if (before.kind === 'out') {
    const outMs = Math.min(config.maxOutMs, config.baseOutMs * times);
    return nowMs - sinceMs >= outMs
      ? { kind: 'back', sinceMs: nowMs, calmMs: nowMs, times }
      : { kind: 'out', sinceMs, times };
  }
  const calmMs = Math.min(before.calmMs, nowMs);
  const calm = nowMs - calmMs >= config.forgiveMs;
  if (calm && times <= 1) {
    return undefined;
  }
  return calm
    ? { kind: 'back', sinceMs, calmMs: nowMs, times: times - 1 }
    : { kind: 'back', sinceMs, calmMs, times };
}

interface Pool {
  /** Worst first. */
  readonly suspects: readonly OutlierFigures[];
  readonly judged: number;
  readonly mean: number;
  readonly threshold: number;
}

function poolOf(
  config: OutlierEjectionSettings,
  backends: readonly OutlierFigures[],
  standings: ReadonlyMap<string, Standing>,
  nowMs: number,
): Pool {
  const inPool: OutlierFigures[] = [];
  let judged = 0;
  let sum = 0;
  let squares = 0;
  for (const backend of backends) {
    if (isJudged(config, standings.get(backend.id), nowMs)) {
      inPool.push(backend);
      const success = comparable(config, backend);
      if (success !== null) {
        judged += 1;
        sum += success;
        squares += success * success;
      }
    }
  }
  const mean = judged > 0 ? sum / judged : 1;
  // Rounding may leave a hair below zero where all are alike.
  const stdev = judged > 0 ? Math.sqrt(Math.max(0, squares / judged - mean * mean)) : 0;
  const enough = judged >= config.minBackends;
  const threshold = enough ? Math.min(mean - config.deviations * stdev, mean - config.minGap) : 0;
  const suspects = inPool.filter((backend) => isSuspect(config, backend, mean, threshold));
  return { suspects: suspects.sort(worstFirst), judged, mean, threshold };
}

function isJudged(config: OutlierEjectionSettings, standing: Standing | undefined, nowMs: number) {
  return (
    standing === undefined ||
    (standing.kind === 'back' && nowMs - standing.sinceMs >= config.settleMs)
  );
}

/** Success rate to compare with the others'; null: too few requests, or impossible figures. */
function comparable(config: OutlierEjectionSettings, backend: OutlierFigures): number | null {
  const { requests, errors } = backend;
  const possible = isMeasure(requests) && isMeasure(errors) && errors <= requests;
  return possible && requests >= config.minRequests ? 1 - errors / requests : null;
}

function isSuspect(
  config: OutlierEjectionSettings,
  backend: OutlierFigures,
  mean: number,
  threshold: number,
): boolean {
  const { consecutiveFailures } = backend;
  const row = isMeasure(consecutiveFailures) && consecutiveFailures >= config.consecutiveFailures;
  const success = comparable(config, backend);
  if (row || success === null || success >= threshold) {
    return row;
  }
  const error = Math.sqrt((mean * (1 - mean)) / backend.requests);
  return mean - success >= config.significance * error;
}

function worstFirst(a: OutlierFigures, b: OutlierFigures): number {
  return failing(b) - failing(a) || (a.id < b.id ? -1 : 1);
}

/** Share of failures; without usable counts a row of failures is all that is known. */
function failing({ requests, errors }: OutlierFigures): number {
  return isMeasure(errors) && requests > 0 ? Math.min(1, errors / requests) : 1;
}

function propose(
  state: OutlierEjectionState,
  input: OutlierEjectionInput,
  standings: ReadonlyMap<string, Standing>,
  out: number,
  pool: Pool,
): Step<OutlierEjectionState, Weights> {
  const { config } = state;
  const { backends, nowMs } = input;
  const available = backends.length - out;
  const panic = available === 0 || available < config.panicBelow * backends.length;
  const usual = usualWeight(input);
  const kept: { [id: string]: Standing } = {};
  const value: { [id: string]: number } = {};
  const terms: { [name: string]: number } = {
    backends: backends.length,
    ejected: out,
    available,
    judged: pool.judged,
    meanSuccess: tidy(pool.mean),
    threshold: tidy(pool.threshold),
  };
  for (const { id } of backends) {
    const standing = standings.get(id);
    const wished = own(input.weights, id);
    const weight = Math.max(config.minWeight, isMeasure(wished) ? wished : usual);
    if (standing !== undefined) {
      put(kept, id, standing);
    }
    if (standing?.kind === 'out') {
      terms[`outMs:${id}`] = nowMs - standing.sinceMs;
    }
    put(value, id, panic ? weight : weight * shareOf(config, standing, nowMs));
  }
  const reason = panic ? 'too-many-outliers' : out > 0 ? 'outliers-out' : 'no-outliers';
  return { state: { ...state, backends: kept }, output: { value, reason, terms } };
}

function usualWeight(input: OutlierEjectionInput): number {
  let known = 0;
  let sum = 0;
  for (const { id } of input.backends) {
    const wished = own(input.weights, id);
    if (isMeasure(wished)) {
      known += 1;
      sum += wished;
    }
  }
  return known > 0 ? sum / known : 1;
}

/** Share of its weight that a backend gets. */
function shareOf(
  config: OutlierEjectionSettings,
  standing: Standing | undefined,
  nowMs: number,
): number {
  if (standing === undefined) {
    return 1;
  }
  if (standing.kind === 'out') {
    return 0;
  }
  const returned = (nowMs - standing.sinceMs) / config.returnMs;
  return Math.min(1, Math.max(config.returnShare, returned));
}
