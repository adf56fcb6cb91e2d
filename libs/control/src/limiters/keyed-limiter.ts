/**
 * A limit for each key: a token bucket, a sliding window, or both.
 *
 *     admit iff cost <= tokens(key)  and  used(key) + cost <= limit;  wait = the longer of the two
 *
 * Both rules are asked before either is charged. The table of keys has a fixed number of places;
 * forgetting a key never gives it a new allowance (`allowance.ts` says how, and who pays for it):
 * plan twice as many places as keys that are active at once. Keys are told apart by their first
 * 256 characters. A step copies about 60 references, however many keys there are; with thousands of
 * keys active, fetching them from memory costs more than all the rest (some microseconds, not one).
 *
 * Defaults: 100/s with a burst of 200 and 1000 in 60 s (in 6 parts): a user's share in the
 * mission's table; 20,000 places.
 * Regimes: below both limits, at one of them; a new key in a full set begins with what is known of
 * those that were put out of it.
 * Stability: open loop, always stable; per key at most capacity + rate t in any t, and at most
 * `limit` in any window, with any number of keys.
 * Source: the mission's table, row 8; the bound on forgotten keys is the idea of Space-Saving
 * (A. Metwally et al., 2005) for the whole set.
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
import type { AdmissionReason } from '../reasons.ts';
import {
  type AllowanceTable,
  chargeKey,
  checkKeyRules,
  initAllowances,
  judgeKey,
  type KeyRules,
  settleKey,
} from './allowance.ts';

export interface KeyedLimiterConfig extends Partial<KeyRules> {
  /** Places in the table, at most 100,000; kept as it began by `retune`. Default 20,000. */
  readonly maxKeys?: number;
  /** Of the keys' hash: anything strangers do not know. Kept by `retune`. Default 0. */
  readonly seed?: number;
}

/** Plain JSON. */
export interface KeyedLimiterState {
  readonly config: KeyRules;
  readonly table: AllowanceTable;
}

export interface KeyedTakeInput extends MachineInput {
  readonly key: string;
  /** Above 0. Default 1. */
  readonly cost?: number;
}

const BUCKET = { capacity: 200, ratePerSecond: 100 };
const WINDOW = { limit: 1_000, windowMs: 60_000, parts: 6 };

export const keyedLimiter: Machine<
  KeyedLimiterConfig,
  KeyedLimiterState,
  KeyedTakeInput,
  Admission
> = {
  name: 'keyedLimiter',
  init: (config) => ({
    config: rulesOf(config),
    table: initAllowances('maxKeys', {
      maxKeys: config.maxKeys ?? 20_000,
      seed: config.seed ?? 0,
    }),
  }),
  step,
  retune: (state, config) => ({ ...state, config: rulesOf(config) }),
};

function rulesOf({ bucket = BUCKET, window = WINDOW }: KeyedLimiterConfig): KeyRules {
  return checkKeyRules({ bucket, window });
}

function step(
  state: KeyedLimiterState,
  { nowMs, key, cost = 1 }: KeyedTakeInput,
): MachineStep<KeyedLimiterState, Admission> {
  if (!Number.isFinite(nowMs) || !isCost(cost)) {
    return { state, output: IMPOSSIBLE };
  }
  const { config, table } = state;
  const verdict = judgeKey(table, config, { key, nowMs, cost });
  const { burstWaitMs, windowWaitMs, tokens, used } = verdict;
  const terms = { cost, tokens, used };
  if (burstWaitMs === 0 && windowWaitMs === 0) {
    const next = { config, table: chargeKey(table, config, { verdict, nowMs, cost }) };
    return { state: next, output: granted('within-limit', terms) };
  }
  const settled = settleKey(table, verdict, nowMs);
  const never = burstWaitMs === null || windowWaitMs === null;
  const reason: AdmissionReason = never ? 'cost-above-limit' : 'limit-reached';
  const waitMs = never ? null : Math.max(burstWaitMs, windowWaitMs);
  return {
    state: settled === table ? state : { config, table: settled },
    output: refused(reason, waitMs, terms),
  };
}
