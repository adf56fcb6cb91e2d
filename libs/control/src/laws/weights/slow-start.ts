/**
 * Weights for replicas that are still cold.
 *
 *     weight = wished x warm(age)               largest weight brought to what it was wished to be
 *     warm   = max(0.1, age / warmup)           until an age is learned, then
 *     warm   = latency of the warm ones / latency at this age, averaged per tenth of `spanMs`
 *              never less than at a lower age, from 0.1 to 1; 1 from `spanMs` on
 *
 * A cold replica that takes three times as long has a third of the capacity: with a third of the
 * weight it is as busy as the others and does not drag the tail along. What is learned is learned
 * from the ages seen, one fifth of the difference per period. When all are cold all are weighed by
 * their ages against each other; the sum does not collapse.
 *
 * Defaults: warm-up 30 s until something is learned (or as measured: `warmupMs`), looked at for
 * 2 min, least share 0.1, at least 20 requests to learn from.
 *
 * Regimes: warming up, all warm; holding without fresh evidence.
 *
 * Stability: a weight depends on age and on the learned curve. While a cold replica's latency does
 * not depend on its weight the loop is open. If it queues because its weight is too high, its
 * latency is above its service time, its weight falls, and the queue goes; too low a weight shows
 * the bare service time and ends at the ratio of capacities (weights.sim.test.ts).
 *
 * Source: slow start of Envoy and HAProxy (a ramp by age); the learned curve is our own.
 */
import { requirePositive, requireThat } from '../../config.ts';
import type { Law, LawInput, Step } from '../../decision.ts';
import { isMeasure, own, tidy } from '../../numbers.ts';
import { nextLastMs, refuse } from '../refuse.ts';
import { put, saneWeights, type Weights } from './record.ts';

export interface SlowStartConfig {
  /** Time until a replica is taken to be warm, while nothing is learned. Default 30 s. */
  readonly warmupMs?: number;
  /** Age from which on every replica is warm. Default 2 min. */
  readonly spanMs?: number;
  /** Least share of its weight that a cold replica gets. Default 0.1. */
  readonly minShare?: number;
  /** Share of a new figure in what is learned, per `everyMs`. Default 0.2. */
  readonly newShare?: number;
  /** Period the share is meant for. Default 10 s. */
  readonly everyMs?: number;
  /** Requests in the window that a latency must rest on to be learned from. Default 20. */
  readonly minRequests?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

type SlowStartSettings = Required<SlowStartConfig>;

export interface SlowStartFigures {
  readonly id: string;
  /** When it began to serve; null: long ago or not known. */
  readonly startedAtMs: number | null;
  /** In the window. */
  readonly requests: number;
  /** Median or mean over the window; null: not known. */
  readonly latencyMs: number | null;
}

export interface SlowStartInput extends LawInput {
  readonly backends: readonly SlowStartFigures[];
  /** Weights wished for; a backend without one has 1. */
  readonly weights: Weights;
  /** Weights in force; the law holds by proposing these. */
  readonly applied: Weights;
  /** Warm-up as measured elsewhere; it takes the place of the configured one. */
  readonly warmupMs?: number | null;
}

/** Plain JSON. */
export interface SlowStartState {
  readonly config: SlowStartSettings;
  readonly lastMs: number | null;
  /** Share of the capacity per tenth of `spanMs` of age; null: not learned yet. */
  readonly curve: readonly (number | null)[];
}

const TENTHS = 10;

export const slowStart: Law<SlowStartConfig, SlowStartState, SlowStartInput, Weights> = {
  name: 'slowStart',
  init: (config) => ({ config: settingsOf(config), lastMs: null, curve: unlearned() }),
  step,
  retune: (state, config) => {
    const settings = settingsOf(config);
    const same = settings.spanMs === state.config.spanMs;
    return { ...state, config: settings, curve: same ? state.curve : unlearned() };
  },
};

function settingsOf(config: SlowStartConfig): SlowStartSettings {
  const settings = {
    warmupMs: config.warmupMs ?? 30_000,
    spanMs: config.spanMs ?? 120_000,
    minShare: config.minShare ?? 0.1,
    newShare: config.newShare ?? 0.2,
    everyMs: config.everyMs ?? 10_000,
    minRequests: config.minRequests ?? 20,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  const { spanMs, minShare, newShare } = settings;
  requirePositive('warmupMs', settings.warmupMs);
  const longer = Number.isFinite(spanMs) && spanMs >= settings.warmupMs;
  requireThat(longer, 'spanMs', spanMs, `a number, at least warmupMs (${settings.warmupMs})`);
  requireThat(minShare > 0 && minShare <= 1, 'minShare', minShare, 'above 0, at most 1');
  requireThat(newShare > 0 && newShare <= 1, 'newShare', newShare, 'above 0, at most 1');
  requirePositive('everyMs', settings.everyMs);
  requirePositive('minRequests', settings.minRequests);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  return settings;
}

function unlearned(): readonly null[] {
  return new Array<null>(TENTHS).fill(null);
}

function step(state: SlowStartState, input: SlowStartInput): Step<SlowStartState, Weights> {
  const { config } = state;
  const { nowMs, backends } = input;
  const lastMs = nextLastMs(state.lastMs, nowMs);
  const refused = refuse(state.lastMs, input, config.evidenceMaxAgeMs);
  if (refused !== null || backends.length === 0) {
    const value = saneWeights(input.applied);
    const reason = refused ?? 'no-backends';
    return { state: { ...state, lastMs }, output: { value, reason, terms: {} } };
  }
  const warmMs = warmLatency(config, backends, nowMs);
  const warmupMs = isMeasure(input.warmupMs) ? input.warmupMs : config.warmupMs;
  const curve = warmMs === null ? state.curve : learned(state, input, warmMs, warmupMs);
  const value: { [id: string]: number } = {};
  const terms: { [name: string]: number } = { backends: backends.length, cold: 0, warmupMs };
  if (warmMs !== null) {
    terms.warmMs = warmMs;
  }
  let cold = 0;
  let highest = 0;
  let wishedHighest = 0;
  for (const backend of backends) {
    const wished = wishedWeight(input, backend.id);
    const share = shareAt(config, curve, ageOf(backend, nowMs), warmupMs);
    put(value, backend.id, wished * share);
    highest = Math.max(highest, wished * share);
    wishedHighest = Math.max(wishedHighest, wished);
    if (share < 1) {
      cold += 1;
      terms[`warm:${backend.id}`] = tidy(share);
    }
  }
  terms.cold = cold;
  const scale = highest > 0 ? wishedHighest / highest : 1;
  for (const { id } of backends) {
    put(value, id, tidy((own(value, id) as number) * scale));
  }
  const reason = cold > 0 ? 'warming-up' : 'all-warm';
  return { state: { ...state, lastMs, curve }, output: { value, reason, terms } };
}

function wishedWeight(input: SlowStartInput, id: string): number {
  const wished = own(input.weights, id);
  return isMeasure(wished) ? wished : 1;
}

/** Null: it is warm, as far as is known. */
function ageOf(backend: SlowStartFigures, nowMs: number): number | null {
  return isMeasure(backend.startedAtMs) ? Math.max(0, nowMs - backend.startedAtMs) : null;
}

/** Mean latency of those that are warm for certain; null: none can say. */
function warmLatency(
  config: SlowStartSettings,
  backends: readonly SlowStartFigures[],
  nowMs: number,
): number | null {
  let count = 0;
  let sum = 0;
  for (const backend of backends) {
    const ageMs = ageOf(backend, nowMs);
    if ((ageMs === null || ageMs >= config.spanMs) && isTelling(config, backend)) {
      count += 1;
      sum += backend.latencyMs as number;
    }
  }
  return count > 0 ? sum / count : null;
}

function isTelling(config: SlowStartSettings, backend: SlowStartFigures): boolean {
  const { latencyMs, requests } = backend;
  return isMeasure(latencyMs) && latencyMs > 0 && requests >= config.minRequests;
}

function learned(
  state: SlowStartState,
  input: SlowStartInput,
  warmMs: number,
  warmupMs: number,
): readonly (number | null)[] {
  const { config } = state;
  let curve: (number | null)[] | null = null;
  const gapMs = state.lastMs === null ? config.everyMs : input.nowMs - state.lastMs;
  const newShare = 1 - (1 - config.newShare) ** Math.min(1, gapMs / config.everyMs);
  for (const backend of input.backends) {
    const ageMs = ageOf(backend, input.nowMs);
    if (ageMs !== null && ageMs < config.spanMs && isTelling(config, backend)) {
      curve ??= state.curve.slice();
      const tenth = Math.floor((ageMs / config.spanMs) * TENTHS);
      const seen = Math.min(1, Math.max(config.minShare, warmMs / (backend.latencyMs as number)));
      const before = curve[tenth] ?? ramp(config, ageMs, warmupMs);
      curve[tenth] = before + (seen - before) * newShare;
    }
  }
  return curve ?? state.curve;
}

function ramp(config: SlowStartSettings, ageMs: number, warmupMs: number): number {
  return Math.min(1, Math.max(config.minShare, warmupMs > 0 ? ageMs / warmupMs : 1));
}

/** Share of its weight at this age: no less than at any lower one. */
function shareAt(
  config: SlowStartSettings,
  curve: readonly (number | null)[],
  ageMs: number | null,
  warmupMs: number,
): number {
  if (ageMs === null || ageMs >= config.spanMs) {
    return 1;
  }
  const tenth = Math.floor((ageMs / config.spanMs) * TENTHS);
  let share = 0;
  for (let lower = 0; lower <= tenth; lower += 1) {
    share = Math.max(share, curve[lower] ?? 0);
  }
  // An age not seen yet goes by the ramp, but not below what younger ones have been.
  return curve[tenth] == null ? Math.max(share, ramp(config, ageMs, warmupMs)) : share;
}
