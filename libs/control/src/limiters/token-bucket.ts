/**
 * Token bucket.
 *
 *     tokens(now) = min(capacity, tokens + rate (now - last take))
 *     admit iff cost <= tokens;  wait = (cost - tokens) / rate
 *
 * Checking and taking is one step: nobody gets in between. A refusal takes nothing, so those who
 * ask again and again do not push others out. In any time t it admits at most capacity + rate t.
 * When the clock goes back nothing is refilled, and time counts from the new instant on.
 *
 * Defaults: capacity 2000, 1000/s: the rate that the latency band steers, and 2 s of it as burst.
 * Regimes: tokens left, empty. A cost above the capacity never fits; the answer says so.
 * Stability: open loop, always stable; admitted <= capacity + rate t for every t, whatever arrives.
 * Source: J. Turner, 1986 (the leaky bucket as a meter, seen from its free room); the mission's
 * table, rows 7 and 8.
 */
import {
  type Admission,
  granted,
  IMPOSSIBLE,
  isCost,
  type Machine,
  type MachineInput,
  type MachineStep,
  refused,
} from '../admission/machine.ts';
import {
  checkMeterRule,
  levelAt,
  type Meter,
  type MeterRule,
  meterWaitMs,
  settled,
} from './meter.ts';

export type TokenBucketConfig = Partial<MeterRule>;

export interface TakeInput extends MachineInput {
  /** What the call takes, above 0. Default 1. */
  readonly cost?: number;
}

/** Plain JSON. */
export interface TokenBucketState {
  readonly config: MeterRule;
  /** Null: full, and never used. */
  readonly meter: Meter | null;
}

export const tokenBucket: Machine<TokenBucketConfig, TokenBucketState, TakeInput, Admission> = {
  name: 'tokenBucket',
  init: (config) => ({ config: ruleOf(config), meter: null }),
  step,
  /** The time since the last take counts at the new rate. */
  retune: (state, config) => {
    const rule = ruleOf(config);
    const { meter } = state;
    if (meter === null || rule.capacity === state.config.capacity) {
      return { config: rule, meter };
    }
    // Tokens are what is kept: a larger bucket does not come with more of them.
    const tokens = Math.max(0, state.config.capacity - meter.level);
    const level = Math.max(0, rule.capacity - tokens);
    return { config: rule, meter: { level, atMs: meter.atMs } };
  },
};

function ruleOf({ capacity = 2_000, ratePerSecond = 1_000 }: TokenBucketConfig): MeterRule {
  return checkMeterRule({ capacity, ratePerSecond });
}

function step(
  state: TokenBucketState,
  { nowMs, cost = 1 }: TakeInput,
): MachineStep<TokenBucketState, Admission> {
  if (!Number.isFinite(nowMs) || !isCost(cost)) {
    return { state, output: IMPOSSIBLE };
  }
  const { config } = state;
  const { capacity, ratePerSecond } = config;
  const level = levelAt(state.meter, config, nowMs);
  const waitMs = meterWaitMs(level, config, cost);
  const tokens = Math.max(0, capacity - level);
  if (waitMs !== 0) {
    const reason = waitMs === null ? 'cost-above-limit' : 'limit-reached';
    const meter = settled(state.meter, nowMs);
    return {
      state: meter === state.meter ? state : { config, meter },
      output: refused(reason, waitMs, { cost, tokens, capacity, ratePerSecond }),
    };
  }
  return {
    state: { config, meter: { level: level + cost, atMs: nowMs } },
    output: granted('within-limit', {
      cost,
      tokens: Math.max(0, tokens - cost),
      capacity,
      ratePerSecond,
    }),
  };
}
