/**
 * Sliding window by counters.
 *
 *     used = sum over the present part of the window and the `parts` before it
 *     admit iff used + cost <= limit;  wait = until enough of the oldest parts have left
 *
 * A few numbers in place of a log, for any limit. The oldest part counts whole until it has left
 * the window entirely: never more than `limit` in any window; at worst a call is refused one part
 * (a tenth of the window) too early. When the clock goes back, what would lie ahead counts as now.
 *
 * Defaults: 1000 in 60 s, in 10 parts of 6 s.
 * Regimes: below the limit, at the limit.
 * Stability: open loop, always stable; at most `limit` in any window, and everything that the
 * exact log over window + one part would admit.
 * Source: the mission's table, row 8.
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
import {
  checkTallyRule,
  type Tally,
  type TallyRule,
  tallyAt,
  tallyWaitMs,
  usedOf,
  withCost,
} from './tally.ts';
import type { TakeInput } from './token-bucket.ts';

export type SlidingCounterConfig = Partial<TallyRule>;

/** Plain JSON. */
export interface SlidingCounterState {
  readonly config: TallyRule;
  readonly tally: Tally | null;
}

export const slidingCounter: Machine<
  SlidingCounterConfig,
  SlidingCounterState,
  TakeInput,
  Admission
> = {
  name: 'slidingCounter',
  init: (config) => ({ config: ruleOf(config), tally: null }),
  step,
  /** With parts of another length, all that is known counts as admitted now. */
  retune: (state, config) => ({ ...state, config: ruleOf(config) }),
};

function ruleOf(config: SlidingCounterConfig): TallyRule {
  const { limit = 1_000, windowMs = 60_000, parts = 10 } = config;
  return checkTallyRule({ limit, windowMs, parts });
}

function step(
  state: SlidingCounterState,
  { nowMs, cost = 1 }: TakeInput,
): MachineStep<SlidingCounterState, Admission> {
  if (!Number.isFinite(nowMs) || !isCost(cost)) {
    return { state, output: IMPOSSIBLE };
  }
  const { config } = state;
  const { limit, windowMs } = config;
  const tally = tallyAt(state.tally, config, nowMs);
  const used = usedOf(tally);
  const waitMs = tallyWaitMs(tally, config, { cost, nowMs });
  if (waitMs !== 0) {
    const reason = waitMs === null ? 'cost-above-limit' : 'limit-reached';
    const terms = { cost, used, limit, windowMs };
    return { state: { config, tally }, output: refused(reason, waitMs, terms) };
  }
  return {
    state: { config, tally: withCost(tally, cost) },
    output: granted('within-limit', { cost, used: used + cost, limit, windowMs }),
  };
}
