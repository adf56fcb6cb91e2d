/**
 * Load-balancer weights from feedback.
 *
 *     errorScore   = max(0, 1 - 10 errorRatio)
 *     latencyScore = max(0, 1 - latency / 1000 ms)
 *     score        = 0.7 errorScore + 0.3 latencyScore
 *     weight       = 0.8^h weight + (1 - 0.8^h) score            h = dt / 10 s
 *
 * Worked example: errors 5 %, latency 150 ms, old weight 0.8 give score 0.605, weight 0.761.
 *
 * A weight falls as fast as its average allows and rises at most `maxRise` per period, so a
 * backend that was sick gets its traffic back gradually. It never goes below `minWeight`: only
 * with some traffic can it show that it is well again. Ejection is another's decision.
 * A newcomer gets the mean of the others while its figures are from a cold start (blackout). A
 * backend without figures keeps its weight until `expiryMs`, then drifts towards the mean.
 *
 * Panic: when fewer than half of the judged backends are healthy the fault is not in some of
 * them; all get equal weights, for moving the traffic would only break the rest. The averages are
 * kept and come back into force when the panic ends.
 *
 * Defaults: the mission's table, row 9; blackout 10 s and expiry 3 min after gRPC's weighted round
 * robin, panic 50 % after Envoy; weight at least 0.05, rise at most 0.1 a period.
 *
 * Regimes: reweighting, panic, holding (stale or no evidence).
 *
 * Stability: as long as a score does not depend on the weight (faults, slow machines) the loop is
 * open and stable for any dead time. Where more traffic lowers the score by g per unit of weight,
 * seen d periods late, it is w' = 0.8 w + 0.2 (c - g w(-d)), stable for g up to 5 at d = 1, 3.4 at
 * 2 and 2.2 at 4; beyond, it swings between its bounds (weights.sim.test.ts, on both sides of
 * these). `maxRise` damps it further.
 *
 * Source: the mission's table, row 9.
 */
import type { Law, LawInput, Step } from '../../decision.ts';
import { isMeasure, own, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';
import {
  type FeedbackWeightsConfig,
  type FeedbackWeightsSettings,
  feedbackWeightsSettings,
} from './feedback-weights-config.ts';
import { put, saneWeights, type Weights } from './record.ts';

export type { Weights } from './record.ts';

export interface BackendFigures {
  readonly id: string;
  readonly requests: number;
  /** Exact windowed count ratio, 0 to 1; null: not known. */
  readonly errorRatio: number | null;
  /** A percentile or a time-aware EWMA, never a plain average over the window; null: not known. */
  readonly latencyMs: number | null;
  /** When it began to serve; null: long ago or not known. */
  readonly startedAtMs: number | null;
}

export interface FeedbackWeightsInput extends LawInput {
  readonly backends: readonly BackendFigures[];
  /** Weights in force; the law holds by proposing these. */
  readonly applied: Weights;
}

/** Plain JSON. Backends that are no longer in the input are forgotten. */
export interface FeedbackWeightsState {
  readonly config: FeedbackWeightsSettings;
  readonly lastMs: number | null;
  readonly backends: {
    /** `seenMs`: when it was last judged; null: never. */
    readonly [id: string]: { readonly weight: number; readonly seenMs: number | null };
  };
}

type Remembered = FeedbackWeightsState['backends'][string];

export const feedbackWeights: Law<
  FeedbackWeightsConfig,
  FeedbackWeightsState,
  FeedbackWeightsInput,
  Weights
> = {
  name: 'feedbackWeights',
  init: (config) => ({ config: feedbackWeightsSettings(config), lastMs: null, backends: {} }),
  step,
  retune: (state, config) => ({ ...state, config: feedbackWeightsSettings(config) }),
};

/** Score of a backend, 0 to 1; null when its figures say nothing. */
export function backendScore(
  config: FeedbackWeightsSettings,
  figures: BackendFigures,
): number | null {
  const { errorRatio, latencyMs } = figures;
  if (!isMeasure(errorRatio) || errorRatio > 1 || !(figures.requests >= config.minRequests)) {
    return null;
  }
  const errorScore = Math.max(0, 1 - config.errorFactor * errorRatio);
  // Without one success there is no latency to know: all failing is as bad as it gets.
  if (latencyMs === null && errorRatio === 1) {
    return 0;
  }
  if (!isMeasure(latencyMs)) {
    return null;
  }
  const latencyScore = Math.max(0, 1 - latencyMs / config.latencyScaleMs);
  return config.errorShare * errorScore + (1 - config.errorShare) * latencyScore;
}

function step(
  state: FeedbackWeightsState,
  input: FeedbackWeightsInput,
): Step<FeedbackWeightsState, Weights> {
  const { config } = state;
  const refused = refuse(state.lastMs, input, config.evidenceMaxAgeMs);
  if (refused !== null) {
    return held({ ...state, lastMs: nextLastMs(state.lastMs, input.nowMs) }, input, refused);
  }
  if (input.backends.length === 0) {
    return held({ ...state, lastMs: input.nowMs }, input, 'no-backends');
  }
  const pace = paceOf(state, input);
  const backends: { [id: string]: Remembered } = {};
  const weights: { [id: string]: number } = {};
  const terms: { [name: string]: number } = { backends: 0, judged: 0, healthy: 0 };
  let judged = 0;
  let healthy = 0;
  for (const backend of input.backends) {
    const score = backendScore(config, backend);
    const remembered = remember(state, backend, score, pace);
    put(backends, backend.id, remembered);
    put(weights, backend.id, remembered.weight);
    if (score !== null) {
      judged += 1;
      healthy += score >= config.healthyScore ? 1 : 0;
      terms[`score:${backend.id}`] = tidy(score);
    }
  }
  const next = { ...state, lastMs: input.nowMs, backends };
  if (judged === 0) {
    return held(next, input, 'no-evidence');
  }
  terms.backends = input.backends.length;
  terms.judged = judged;
  terms.healthy = healthy;
  if (healthy < config.panicBelow * judged) {
    return { state: next, output: { value: equal(weights), reason: 'too-few-healthy', terms } };
  }
  return { state: next, output: { value: weights, reason: 'reweighted', terms } };
}

function held(
  state: FeedbackWeightsState,
  input: FeedbackWeightsInput,
  reason: LawReason,
): Step<FeedbackWeightsState, Weights> {
  return { state, output: { value: saneWeights(input.applied), reason, terms: {} } };
}

/** What is the same for all backends of one step. */
interface Pace {
  readonly nowMs: number;
  /** Of the backends that are known and no newcomers. */
  readonly meanWeight: number;
  /** Share of a weight that is kept. */
  readonly kept: number;
  /** Most that a weight may rise by. */
  readonly rise: number;
}

function paceOf(state: FeedbackWeightsState, input: FeedbackWeightsInput): Pace {
  const { config } = state;
  const { nowMs } = input;
  let known = 0;
  let sum = 0;
  for (const backend of input.backends) {
    const before = own(state.backends, backend.id);
    if (before !== undefined && !isNewcomer(config, backend, nowMs)) {
      known += 1;
      sum += before.weight;
    }
  }
  const gapMs = state.lastMs === null ? config.everyMs : nowMs - state.lastMs;
  const h = Math.min(3, gapMs / config.everyMs);
  return {
    nowMs,
    meanWeight: known > 0 ? sum / known : 1,
    kept: (1 - config.newShare) ** h,
    rise: config.maxRise * h,
  };
}

function remember(
  state: FeedbackWeightsState,
  backend: BackendFigures,
  score: number | null,
  pace: Pace,
): Remembered {
  const { config } = state;
  if (isNewcomer(config, backend, pace.nowMs)) {
    return { weight: clampWeight(config, pace.meanWeight), seenMs: null };
  }
  const before = own(state.backends, backend.id) ?? { weight: pace.meanWeight, seenMs: null };
  const expired = before.seenMs !== null && Math.abs(pace.nowMs - before.seenMs) > config.expiryMs;
  if (score === null && !expired) {
    return before;
  }
  const goal = score ?? pace.meanWeight;
  const averaged = goal + (before.weight - goal) * pace.kept;
  const risen = Math.min(averaged, before.weight + pace.rise);
  return {
    weight: clampWeight(config, tidy(risen)),
    seenMs: score === null ? before.seenMs : pace.nowMs,
  };
}

function isNewcomer(
  config: FeedbackWeightsSettings,
  backend: BackendFigures,
  nowMs: number,
): boolean {
  return isMeasure(backend.startedAtMs) && nowMs - backend.startedAtMs < config.blackoutMs;
}

function clampWeight(config: FeedbackWeightsSettings, weight: number): number {
  return Math.min(1, Math.max(config.minWeight, weight));
}

function equal(weights: Weights): Weights {
  const all: { [id: string]: number } = {};
  for (const id of Object.keys(weights)) {
    put(all, id, 1);
  }
  return all;
}
