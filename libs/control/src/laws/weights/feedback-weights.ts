import type { Law, LawInput } from '../../decision.ts';

export interface FeedbackWeightsConfig {
  /** Error score is max(0, 1 - errorFactor * errorRatio). Default 10. */
  readonly errorFactor?: number;
  /** Latency score is max(0, 1 - latency / latencyScaleMs). Default 1,000 ms. */
  readonly latencyScaleMs?: number;
  /** Share of the error score; the rest is latency. Default 0.7. */
  readonly errorShare?: number;
  /** Share of the new score per `everyMs`. Default 0.2. */
  readonly newShare?: number;
  /** Period the share is meant for; other gaps are converted. Default 10 s. */
  readonly everyMs?: number;
  /** A weight rises at most this much per `everyMs`. Default 0.1. */
  readonly maxRise?: number;
  /** No weight goes below. Default 0.05: a sick backend is still probed. */
  readonly minWeight?: number;
  /** A newcomer gets the mean for this long. Default 10 s. */
  readonly blackoutMs?: number;
  /** A backend without figures keeps its weight for this long, then drifts to the mean. 3 min. */
  readonly expiryMs?: number;
  /** Backends scoring below are sick. Default 0.5. */
  readonly healthyScore?: number;
  /** Fewer healthy than this share: all get equal weights. Default 0.5. */
  readonly panicBelow?: number;
  /** Requests a backend needs in the window to be judged. Default 1. */
  readonly minRequests?: number;
  readonly evidenceMaxAgeMs?: number;
}

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
  readonly applied: { readonly [id: string]: number };
}

/** Plain JSON. */
export interface FeedbackWeightsState {
  readonly config: Required<FeedbackWeightsConfig>;
  readonly lastMs: number | null;
  readonly backends: {
    readonly [id: string]: { readonly weight: number; readonly seenMs: number };
  };
}

export type FeedbackWeightsLaw = Law<
  FeedbackWeightsConfig,
  FeedbackWeightsState,
  FeedbackWeightsInput,
  { readonly [id: string]: number }
>;
