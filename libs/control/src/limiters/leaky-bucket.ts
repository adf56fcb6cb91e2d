/**
 * Leaky bucket, as a meter and as a queue.
 *
 *     level(now) = max(0, level - rate (now - last call))
 *     admit iff level + cost <= capacity
 *     as a queue: start the call after level / rate
 *
 * The meter lets a burst of up to `capacity` through at once (it is the token bucket seen from the
 * other side). The queue passes the same calls one after the other: admitted ones start `cost /
 * rate` apart, and whoever finds it full is refused at once instead of waiting for nothing. With
 * capacity 1 the queue is strict pacing. What waits is the caller's; here it is one number.
 *
 * Defaults: capacity 1000 (the bounded queue of the mission), 1000/s: at most 1 s of waiting.
 * Regimes: empty (starts at once), filling (starts after a delay), full (refuses with a wait).
 * Stability: open loop, always stable; no admitted call is delayed by more than capacity / rate.
 * Source: J. Turner, 1986; the mission's table, rows 8 and 11.
 */
import {
  type Admission,
  granted,
  IMPOSSIBLE,
  isCost,
  type Machine,
  type MachineStep,
  refused,
} from '../admission/machine.ts';
import { requireThat } from '../config.ts';
import {
  checkMeterRule,
  levelAt,
  type Meter,
  type MeterRule,
  meterWaitMs,
  settled,
} from './meter.ts';
import type { TakeInput } from './token-bucket.ts';

export interface LeakyBucketConfig extends Partial<MeterRule> {
  /** Default queue. */
  readonly kind?: 'meter' | 'queue';
}

/** Plain JSON. */
export interface LeakyBucketState {
  readonly config: Required<LeakyBucketConfig>;
  readonly meter: Meter | null;
}

export interface LeakyAdmission extends Admission {
  /** An admitted call starts this much later: 0 in a meter. Null: it was not admitted. */
  readonly delayMs: number | null;
}

export const leakyBucket: Machine<LeakyBucketConfig, LeakyBucketState, TakeInput, LeakyAdmission> =
  {
    name: 'leakyBucket',
    init: (config) => ({ config: settingsOf(config), meter: null }),
    step,
    /** What is in the bucket stays; the time since the last call counts at the new rate. */
    retune: (state, config) => ({ ...state, config: settingsOf(config) }),
  };

function settingsOf(config: LeakyBucketConfig): Required<LeakyBucketConfig> {
  const { kind = 'queue', capacity = 1_000, ratePerSecond = 1_000 } = config;
  requireThat(kind === 'meter' || kind === 'queue', 'kind', kind, 'meter or queue');
  return { kind, ...checkMeterRule({ capacity, ratePerSecond }) };
}

function step(
  state: LeakyBucketState,
  { nowMs, cost = 1 }: TakeInput,
): MachineStep<LeakyBucketState, LeakyAdmission> {
  if (!Number.isFinite(nowMs) || !isCost(cost)) {
    return { state, output: { ...IMPOSSIBLE, delayMs: null } };
  }
  const { config } = state;
  const { kind, capacity, ratePerSecond } = config;
  const level = levelAt(state.meter, config, nowMs);
  const waitMs = meterWaitMs(level, config, cost);
  const terms = { cost, level, capacity, ratePerSecond };
  if (waitMs !== 0) {
    const reason = waitMs === null ? 'cost-above-limit' : 'limit-reached';
    const meter = settled(state.meter, nowMs);
    const output = { ...refused(reason, waitMs, terms), delayMs: null };
    return { state: meter === state.meter ? state : { config, meter }, output };
  }
  const next = { config, meter: { level: level + cost, atMs: nowMs } };
  const delayMs = kind === 'queue' ? (level * 1_000) / ratePerSecond : 0;
  const output =
    delayMs > 0 ? granted('paced', { ...terms, delayMs }) : granted('within-limit', terms);
  return { state: next, output: { ...output, delayMs } };
}
