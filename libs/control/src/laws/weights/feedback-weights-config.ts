import { requireAtLeastZero, requirePositive, requireRatio, requireThat } from '../../config.ts';

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
  /** A smaller share of healthy backends: all get equal weights. Default 0.5. */
  readonly panicBelow?: number;
  /** Requests a backend needs in the window to be judged. Default 1. */
  readonly minRequests?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export type FeedbackWeightsSettings = Required<FeedbackWeightsConfig>;

export function feedbackWeightsSettings(config: FeedbackWeightsConfig): FeedbackWeightsSettings {
  const settings: FeedbackWeightsSettings = {
    errorFactor: config.errorFactor ?? 10,
    latencyScaleMs: config.latencyScaleMs ?? 1_000,
    errorShare: config.errorShare ?? 0.7,
    newShare: config.newShare ?? 0.2,
    everyMs: config.everyMs ?? 10_000,
    maxRise: config.maxRise ?? 0.1,
    minWeight: config.minWeight ?? 0.05,
    blackoutMs: config.blackoutMs ?? 10_000,
    expiryMs: config.expiryMs ?? 180_000,
    healthyScore: config.healthyScore ?? 0.5,
    panicBelow: config.panicBelow ?? 0.5,
    minRequests: config.minRequests ?? 1,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  requirePositive('errorFactor', settings.errorFactor);
  requirePositive('latencyScaleMs', settings.latencyScaleMs);
  requireRatio('errorShare', settings.errorShare);
  const { newShare, minWeight } = settings;
  requireThat(newShare > 0 && newShare <= 1, 'newShare', newShare, 'above 0, at most 1');
  requirePositive('everyMs', settings.everyMs);
  requirePositive('maxRise', settings.maxRise);
  requireThat(minWeight > 0 && minWeight < 1, 'minWeight', minWeight, 'between 0 and 1');
  requireAtLeastZero('blackoutMs', settings.blackoutMs);
  requireAtLeastZero('expiryMs', settings.expiryMs);
  requireRatio('healthyScore', settings.healthyScore);
  requireRatio('panicBelow', settings.panicBelow);
  requirePositive('minRequests', settings.minRequests);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  return settings;
}
