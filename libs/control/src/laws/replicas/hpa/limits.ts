/**
 * From the count the metrics ask for to the count that is set.
 *
 *     with behaviour       stabilise, then rate policies, then min and max
 *     without behaviour    the highest within the down window, then max(2 current, 4), min and max
 *
 * Stabilise: up = the lowest recommendation of the up window, down = the highest of the down
 * window, both with the newest; the present count is brought into [up, down].
 *
 * A policy's period began with start = current - added + removed in the period. Up: Pods v allows
 * start + v, Percent p ceil(start (1 + p/100)); down: start - v, int(start (1 - p/100)).
 *
 * Source: kubernetes, pkg/controller/podautoscaler/horizontal.go (v1.36).
 */
import type { GuardReason } from '../../../reasons.ts';
import type { HpaRules, HpaSettings } from './hpa-config.ts';
import {
  changedWithin,
  type HpaEvent,
  type HpaRecommendation,
  highest,
  inclusively,
  lowest,
  strictly,
} from './memory.ts';

export interface HpaMemory {
  /** For the maximum over the down window, and for the minimum over the up window. */
  readonly highs: readonly HpaRecommendation[];
  readonly lows: readonly HpaRecommendation[];
  readonly ups: readonly HpaEvent[];
  readonly downs: readonly HpaEvent[];
}

export interface HpaWanted {
  readonly nowMs: number;
  readonly current: number;
  /** What the metrics ask for. */
  readonly desired: number;
}

export interface HpaNormal {
  readonly value: number;
  readonly stabilized: number;
  /** What cut the stabilised count; null: nothing did. */
  readonly limit: GuardReason | null;
}

export function normalize(settings: HpaSettings, memory: HpaMemory, wanted: HpaWanted): HpaNormal {
  return settings.behavior === null
    ? withoutBehavior(settings, memory, wanted)
    : withBehavior(settings.behavior, settings, memory, wanted);
}

function withBehavior(
  { up, down }: { readonly up: HpaRules; readonly down: HpaRules },
  { minReplicas, maxReplicas }: HpaSettings,
  memory: HpaMemory,
  { nowMs, current, desired }: HpaWanted,
): HpaNormal {
  const upper = lowest(memory.lows, desired, nowMs - up.stabilizationMs, strictly);
  const lower = highest(memory.highs, desired, nowMs - down.stabilizationMs, strictly);
  const stabilized = Math.min(Math.max(current, upper), lower);
  if (stabilized > current) {
    const rate = Math.max(current, upLimit(up, memory, current, nowMs));
    const most = Math.min(maxReplicas, rate);
    const limit = rate < maxReplicas ? rateReason(up, 'step-up-limit') : 'at-max';
    return stabilized > most
      ? { value: most, stabilized, limit }
      : { value: stabilized, stabilized, limit: null };
  }
  if (stabilized < current) {
    const rate = Math.min(current, downLimit(down, memory, current, nowMs));
    const least = Math.max(minReplicas, rate);
    const limit = rate > minReplicas ? rateReason(down, 'step-down-limit') : 'at-min';
    return stabilized < least
      ? { value: least, stabilized, limit }
      : { value: stabilized, stabilized, limit: null };
  }
  return { value: stabilized, stabilized, limit: null };
}

function withoutBehavior(
  { downscaleStabilizationMs, minReplicas, maxReplicas }: HpaSettings,
  { highs }: HpaMemory,
  { nowMs, current, desired }: HpaWanted,
): HpaNormal {
  const stabilized = highest(highs, desired, nowMs - downscaleStabilizationMs, inclusively);
  const rate = Math.max(2 * current, 4);
  if (stabilized < minReplicas) {
    return { value: minReplicas, stabilized, limit: 'at-min' };
  }
  if (stabilized > Math.min(maxReplicas, rate)) {
    const limit = maxReplicas > rate ? 'step-up-limit' : 'at-max';
    return { value: Math.min(maxReplicas, rate), stabilized, limit };
  }
  return { value: stabilized, stabilized, limit: null };
}

function rateReason(rules: HpaRules, reason: 'step-up-limit' | 'step-down-limit'): GuardReason {
  return rules.selectPolicy === 'Disabled' ? 'direction-off' : reason;
}

/** The most the policies allow now; without the floor of the present count. */
export function upLimit(
  rules: HpaRules,
  memory: Pick<HpaMemory, 'ups' | 'downs'>,
  current: number,
  nowMs: number,
): number {
  if (rules.selectPolicy === 'Disabled') {
    return current;
  }
  const allowed = rules.policies.map(({ type, value, periodMs }) => {
    const start = periodStart(memory, current, periodMs, nowMs);
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(...allowed) : Math.max(...allowed);
}

/** The least the policies allow now. */
export function downLimit(
  rules: HpaRules,
  memory: Pick<HpaMemory, 'ups' | 'downs'>,
  current: number,
  nowMs: number,
): number {
  if (rules.selectPolicy === 'Disabled') {
    return current;
  }
  const allowed = rules.policies.map(({ type, value, periodMs }) => {
    const start = periodStart(memory, current, periodMs, nowMs);
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.max(...allowed) : Math.min(...allowed);
}

function periodStart(
  { ups, downs }: Pick<HpaMemory, 'ups' | 'downs'>,
  current: number,
  periodMs: number,
  nowMs: number,
): number {
  const added = changedWithin(ups, periodMs, nowMs);
  return current - added + changedWithin(downs, periodMs, nowMs);
}
