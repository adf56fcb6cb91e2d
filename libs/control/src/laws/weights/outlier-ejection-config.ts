import { requireAtLeastZero, requirePositive, requireRatio, requireThat } from '../../config.ts';

export interface OutlierEjectionConfig {
  /** Failures on end that put a backend out. Default 5. */
  readonly consecutiveFailures?: number;
  /** Standard deviations below the mean success rate. Default 1.9. */
  readonly deviations?: number;
  /** A success rate less than this below the mean is no reason. Default 0.02. */
  readonly minGap?: number;
  /** Standard errors of its own success rate below the mean: less may be chance. Default 4. */
  readonly significance?: number;
  /** Backends with `minRequests` needed to compare success rates at all. Default 5. */
  readonly minBackends?: number;
  /** Default 100. */
  readonly minRequests?: number;
  /** Time out of the pool, for the first time. Default 30 s. */
  readonly baseOutMs?: number;
  /** Longest time out. Default 5 min. */
  readonly maxOutMs?: number;
  /** Share of the pool that may be out, but always one. Default 0.1. */
  readonly maxOutShare?: number;
  /** A smaller share left in: all get traffic. Default 0.5. */
  readonly panicBelow?: number;
  /** A backend that is back is not judged for this long. Default 10 s. */
  readonly settleMs?: number;
  /** Time in which a backend that is back gets all of its weight again. Default 60 s. */
  readonly returnMs?: number;
  /** Share of its weight that it begins with. Default 0.1. */
  readonly returnShare?: number;
  /** Time in the pool after which one ejection is forgotten. Default 5 min. */
  readonly forgiveMs?: number;
  /** Least weight of a backend that is in the pool for good. Default 0.05. */
  readonly minWeight?: number;
  /** Default 30 s. */
  readonly evidenceMaxAgeMs?: number;
}

export type OutlierEjectionSettings = Required<OutlierEjectionConfig>;

export function outlierEjectionSettings(config: OutlierEjectionConfig): OutlierEjectionSettings {
  const settings: OutlierEjectionSettings = {
    consecutiveFailures: config.consecutiveFailures ?? 5,
    deviations: config.deviations ?? 1.9,
    minGap: config.minGap ?? 0.02,
    significance: config.significance ?? 4,
    minBackends: config.minBackends ?? 5,
    minRequests: config.minRequests ?? 100,
    baseOutMs: config.baseOutMs ?? 30_000,
    maxOutMs: config.maxOutMs ?? 300_000,
    maxOutShare: config.maxOutShare ?? 0.1,
    panicBelow: config.panicBelow ?? 0.5,
    settleMs: config.settleMs ?? 10_000,
    returnMs: config.returnMs ?? 60_000,
    returnShare: config.returnShare ?? 0.1,
    forgiveMs: config.forgiveMs ?? 300_000,
    minWeight: config.minWeight ?? 0.05,
    evidenceMaxAgeMs: config.evidenceMaxAgeMs ?? 30_000,
  };
  const { consecutiveFailures, minBackends, baseOutMs, maxOutMs } = settings;
  requireThat(isCount(consecutiveFailures), 'consecutiveFailures', consecutiveFailures, COUNT);
  requirePositive('deviations', settings.deviations);
  requireRatio('minGap', settings.minGap);
  requireAtLeastZero('significance', settings.significance);
  requireThat(isCount(minBackends), 'minBackends', minBackends, COUNT);
  requirePositive('minRequests', settings.minRequests);
  requirePositive('baseOutMs', baseOutMs);
  const longer = Number.isFinite(maxOutMs) && maxOutMs >= baseOutMs;
  requireThat(longer, 'maxOutMs', maxOutMs, `a number, at least baseOutMs (${baseOutMs})`);
  requireRatio('maxOutShare', settings.maxOutShare);
  requireRatio('panicBelow', settings.panicBelow);
  requireAtLeastZero('settleMs', settings.settleMs);
  requirePositive('returnMs', settings.returnMs);
  requireShare('returnShare', settings.returnShare);
  requirePositive('forgiveMs', settings.forgiveMs);
  requireShare('minWeight', settings.minWeight);
  requirePositive('evidenceMaxAgeMs', settings.evidenceMaxAgeMs);
  return settings;
}

const COUNT = 'whole, 1 or more';

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** A share of 0 would be an ejection that nobody decided on. */
function requireShare(field: string, value: number): void {
  requireThat(value > 0 && value <= 1, field, value, 'above 0, at most 1');
}
