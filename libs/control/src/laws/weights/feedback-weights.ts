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
 * Defaults as in the mission's table, row 9; blackout 10 s and expiry 3 min after gRPC's
 * weighted round robin, panic 50 % after Envoy. Stable for any dead time: the scores do not
 * depend on the weight as long as a backend is not itself overloaded by it; then newShare 0.2
 * keeps the loop stable up to a dead time of two periods.
 *
 * Regimes: reweighting, panic, holding (stale or no evidence).
 */
import type { Law, LawInput, Step, Terms } from '../../decision.ts';
import { isMeasure, mean, own, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';
import {
  type FeedbackWeightsConfig,
  type FeedbackWeightsSettings,
  feedbackWeightsSettings,
} from './feedback-weights-config.ts';

export type Weights = { readonly [id: string]: number };

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
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs);
  if (refused !== null) {
    return held({ ...state, lastMs: nextLastMs(state.lastMs, input.nowMs) }, input, refused);
  }
  if (input.backends.length === 0) {
    return held({ ...state, lastMs: input.nowMs }, input, 'no-backends');
  }
  const scores = new Map(
    input.backends.map((backend) => [backend.id, backendScore(state.config, backend)]),
  );
  const judged = [...scores.values()].filter((score) => score !== null);
  const next = remember(state, input, scores);
  if (judged.length === 0) {
    return held(next, input, 'no-evidence');
  }
  const healthy = judged.filter((score) => score >= state.config.healthyScore).length;
  const panic = healthy < state.config.panicBelow * judged.length;
  const value = panic ? equalWeights(next) : currentWeights(next);
  const reason: LawReason = panic ? 'too-few-healthy' : 'reweighted';
  return { state: next, output: { value, reason, terms: termsOf(scores, judged, healthy) } };
}

/** Weights in force, positive and finite ones only: a broken read-back is not proposed again. */
function held(
  state: FeedbackWeightsState,
  input: FeedbackWeightsInput,
  reason: LawReason,
): Step<FeedbackWeightsState, Weights> {
  const sane = Object.entries(input.applied).filter(([, weight]) => isMeasure(weight));
  return { state, output: { value: Object.fromEntries(sane), reason, terms: {} } };
}

function remember(
  state: FeedbackWeightsState,
  input: FeedbackWeightsInput,
  scores: ReadonlyMap<string, number | null>,
): FeedbackWeightsState {
  const { config } = state;
  const known = input.backends
    .filter((backend) => !isNewcomer(config, backend, input.nowMs))
    .map((backend) => own(state.backends, backend.id)?.weight)
    .filter((weight) => weight !== undefined);
  const meanWeight = known.length > 0 ? mean(known) : 1;
  const gapMs = state.lastMs === null ? config.everyMs : input.nowMs - state.lastMs;
  const h = Math.min(3, gapMs / config.everyMs);
  const backends = Object.fromEntries(
    input.backends.map((backend) => {
      const before = own(state.backends, backend.id) ?? { weight: meanWeight, seenMs: null };
      if (isNewcomer(config, backend, input.nowMs)) {
        return [backend.id, { weight: clampWeight(config, meanWeight), seenMs: null }];
      }
      const score = scores.get(backend.id) ?? null;
      return [backend.id, moved(config, { before, score, meanWeight, h, nowMs: input.nowMs })];
    }),
  );
  return { ...state, lastMs: input.nowMs, backends };
}

function moved(
  config: FeedbackWeightsSettings,
  now: {
    readonly before: Remembered;
    readonly score: number | null;
    readonly meanWeight: number;
    readonly h: number;
    readonly nowMs: number;
  },
): Remembered {
  const { before, score, h } = now;
  const expired = before.seenMs !== null && Math.abs(now.nowMs - before.seenMs) > config.expiryMs;
  if (score === null && !expired) {
    return before;
  }
  const goal = score ?? now.meanWeight;
  const averaged = goal + (before.weight - goal) * (1 - config.newShare) ** h;
  const risen = Math.min(averaged, before.weight + config.maxRise * h);
  return {
    weight: clampWeight(config, tidy(risen)),
    seenMs: score === null ? before.seenMs : now.nowMs,
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

function currentWeights(state: FeedbackWeightsState): Weights {
  return Object.fromEntries(
    Object.entries(state.backends).map(([id, backend]) => [id, backend.weight]),
  );
}

function equalWeights(state: FeedbackWeightsState): Weights {
  return Object.fromEntries(Object.keys(state.backends).map((id) => [id, 1]));
}

function termsOf(
  scores: ReadonlyMap<string, number | null>,
  judged: readonly number[],
  healthy: number,
): Terms {
  const each = [...scores].flatMap(([id, score]) =>
    score === null ? [] : [[`score:${id}`, tidy(score)] as const],
  );
  return { backends: scores.size, judged: judged.length, healthy, ...Object.fromEntries(each) };
}
