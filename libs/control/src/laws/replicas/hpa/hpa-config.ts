import { requireAtLeastZero, requirePositive, requireThat } from '../../../config.ts';
import type { HpaTolerance } from './metrics.ts';

export interface HpaPolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  /** 1 s to 30 min. */
  readonly periodMs: number;
}

export interface HpaRules {
  /** 0 to 1 h. */
  readonly stabilizationMs: number;
  /** The largest change the policies allow, the smallest, or none. */
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly HpaPolicy[];
  /** Null: that of the whole law. */
  readonly tolerance: number | null;
}

export interface HpaBehavior {
  /** Default: no window, 4 pods or 100 % per 15 s, whichever is more. */
  readonly scaleUp?: Partial<HpaRules>;
  /** Default: window 300 s (`downscaleStabilizationMs`), 100 % per 15 s. */
  readonly scaleDown?: Partial<HpaRules>;
}

/** Another metric than utilisation, read from the observation. */
export interface HpaMetric {
  readonly figure: 'ratePerSecond' | 'inFlight' | 'p99Ms';
  /** AverageValue: the figure is shared by the replicas. Value: each has all of it. */
  readonly type: 'AverageValue' | 'Value';
  readonly target: number;
}

export interface HpaConfig {
  /** Mean utilisation in whole percent of the request. Default 80; null: not used. */
  readonly targetPercent?: number | null;
  /** More metrics; the one that asks for the most decides. Default none. */
  readonly metrics?: readonly HpaMetric[];
  /** Default 1. At 0 replicas the law is off, unless this is 0 too. */
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  /** Share around the target in which nothing moves. Default 0.1. */
  readonly tolerance?: number;
  /** Down window where the behaviour names none. Default 300 s. */
  readonly downscaleStabilizationMs?: number;
  /** Left out, as in Kubernetes: the older limits (see the law). `{}`: all its defaults. */
  readonly behavior?: HpaBehavior;
  /** Default 60 s: the metrics API may answer with figures a minute old. */
  readonly evidenceMaxAgeMs?: number;
}

export interface HpaSettings {
  readonly targetPercent: number | null;
  readonly metrics: readonly HpaMetric[];
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly tolerance: HpaTolerance;
  readonly downscaleStabilizationMs: number;
  readonly behavior: { readonly up: HpaRules; readonly down: HpaRules } | null;
  readonly evidenceMaxAgeMs: number;
}

const HOUR_MS = 3_600_000;
const UP: HpaRules = {
  stabilizationMs: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodMs: 15_000 },
    { type: 'Percent', value: 100, periodMs: 15_000 },
  ],
  tolerance: null,
};
const DOWN_POLICIES: readonly HpaPolicy[] = [{ type: 'Percent', value: 100, periodMs: 15_000 }];

export function hpaSettings(config: HpaConfig): HpaSettings {
  const { targetPercent = 80, metrics = [], minReplicas = 1, maxReplicas } = config;
  const { tolerance = 0.1, downscaleStabilizationMs = 300_000, evidenceMaxAgeMs = 60_000 } = config;
  if (targetPercent !== null) {
    requireWhole('targetPercent', targetPercent, 1);
  }
  const judged = targetPercent !== null || metrics.length > 0;
  requireThat(
    judged,
    'targetPercent',
    targetPercent,
    'a percentage where there is no other metric',
  );
  for (const [index, metric] of metrics.entries()) {
    requirePositive(`metrics.${index}.target`, metric.target);
  }
  requireWhole('minReplicas', minReplicas, 0);
  requireWhole('maxReplicas', maxReplicas, 1);
  requireThat(minReplicas <= maxReplicas, 'minReplicas', minReplicas, `at most ${maxReplicas}`);
  requireAtLeastZero('tolerance', tolerance);
  requireWindow('downscaleStabilizationMs', downscaleStabilizationMs);
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  const behavior = behaviorOf(config.behavior, downscaleStabilizationMs);
  return {
    targetPercent,
    metrics,
    minReplicas,
    maxReplicas,
    tolerance: {
      up: behavior?.up.tolerance ?? tolerance,
      down: behavior?.down.tolerance ?? tolerance,
    },
    downscaleStabilizationMs,
    behavior,
    evidenceMaxAgeMs,
  };
}

function behaviorOf(behavior: HpaBehavior | undefined, downWindowMs: number) {
  if (behavior === undefined) {
    return null;
  }
  const down = { ...UP, stabilizationMs: downWindowMs, policies: DOWN_POLICIES };
  return {
    up: rulesOf('scaleUp', { ...UP, ...behavior.scaleUp }),
    down: rulesOf('scaleDown', { ...down, ...behavior.scaleDown }),
  };
}

function rulesOf(name: string, rules: HpaRules): HpaRules {
  requireWindow(`${name}.stabilizationMs`, rules.stabilizationMs);
  const { policies, tolerance } = rules;
  requireThat(policies.length > 0, `${name}.policies`, policies, 'at least one');
  for (const [index, policy] of policies.entries()) {
    requireWhole(`${name}.policies.${index}.value`, policy.value, 1);
    const usable = policy.periodMs >= 1_000 && policy.periodMs <= HOUR_MS / 2;
    const bound = 'from 1 s to 30 min';
    requireThat(usable, `${name}.policies.${index}.periodMs`, policy.periodMs, bound);
  }
  if (tolerance !== null) {
    requireAtLeastZero(`${name}.tolerance`, tolerance);
  }
  return rules;
}

function requireWindow(field: string, windowMs: number): void {
  requireThat(windowMs >= 0 && windowMs <= HOUR_MS, field, windowMs, 'from 0 to 1 h');
}

function requireWhole(field: string, value: number, least: number): void {
  const usable = Number.isSafeInteger(value) && value >= least;
  requireThat(usable, field, value, `a whole number, at least ${least}`);
}
