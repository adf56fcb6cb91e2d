import { requirePositive, requireThat } from '../../../config.ts';
import { tidy } from '../../../numbers.ts';
import { MOST_BUCKETS, type WindowSpan } from './window.ts';

export interface StablePanicConfig {
  /** What is shared among the replicas: requests inside, or requests per second. */
  readonly metric?: 'concurrency' | 'rps';
  /** What one replica can take of it, fully used. */
  readonly capacity: number;
  /** Share of the capacity to run at. Default 0.7. */
  readonly utilization?: number;
  /** Default 60 s. */
  readonly stableWindowMs?: number;
  /** Default 6 s; at most the stable window. */
  readonly panicWindowMs?: number;
  /** Rounded-up need of the panic window over ready replicas at which panic begins. Default 2. */
  readonly panicThreshold?: number;
  /** One step reaches at most ceil(this x ready). Default 1000. */
  readonly maxScaleUpRate?: number;
  /** One step leaves at least floor(ready / this). Default 2. */
  readonly maxScaleDownRate?: number;
  /** Default 1. */
  readonly minReplicas?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export interface StablePanicSettings extends Required<StablePanicConfig>, WindowSpan {
  /** Buckets of the panic window. */
  readonly panicBuckets: number;
  /** What one replica is to have of the metric. */
  readonly target: number;
}

export function stablePanicSettings(config: StablePanicConfig): StablePanicSettings {
  const settings = {
    metric: config.metric ?? 'concurrency',
    capacity: config.capacity,
    utilization: config.utilization ?? 0.7,
    stableWindowMs: config.stableWindowMs ?? 60_000,
    panicWindowMs: config.panicWindowMs ?? 6_000,
    panicThreshold: config.panicThreshold ?? 2,
    maxScaleUpRate: config.maxScaleUpRate ?? 1_000,
    maxScaleDownRate: config.maxScaleDownRate ?? 2,
    minReplicas: config.minReplicas ?? 1,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  const { stableWindowMs, panicWindowMs, minReplicas } = settings;
  requirePositive('capacity', settings.capacity);
  const { utilization } = settings;
  const usable = utilization > 0 && utilization <= 1;
  requireThat(usable, 'utilization', utilization, 'above 0, at most 1');
  requireThat(within(stableWindowMs, 6_000, 3_600_000), 'stableWindowMs', stableWindowMs, HOUR);
  const panics = within(panicWindowMs, 1_000, stableWindowMs);
  requireThat(panics, 'panicWindowMs', panicWindowMs, 'from 1 s to stableWindowMs');
  requireAboveOne('panicThreshold', settings.panicThreshold);
  requireAboveOne('maxScaleUpRate', settings.maxScaleUpRate);
  requireAboveOne('maxScaleDownRate', settings.maxScaleDownRate);
  const least = Number.isSafeInteger(minReplicas) && minReplicas >= 0;
  requireThat(least, 'minReplicas', minReplicas, 'a whole number, at least 0');
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  const bucketMs = Math.max(1_000, stableWindowMs / MOST_BUCKETS);
  return {
    ...settings,
    bucketMs,
    buckets: Math.min(MOST_BUCKETS, Math.ceil(stableWindowMs / bucketMs)),
    panicBuckets: Math.min(MOST_BUCKETS, Math.ceil(panicWindowMs / bucketMs)),
    target: tidy(settings.capacity * utilization),
  };
}

const HOUR = 'from 6 s to 1 h';

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function requireAboveOne(field: string, value: number): void {
  requireThat(Number.isFinite(value) && value > 1, field, value, 'a number above 1');
}
