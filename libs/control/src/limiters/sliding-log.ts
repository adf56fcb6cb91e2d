/**
 * Sliding window, exact: a log of what was admitted.
 *
 *     used = sum of costs admitted in (now - window, now]
 *     admit iff used + cost <= limit;  wait = until enough of the oldest have left the window
 *
 * Exact to the millisecond and paid for with memory: one entry for each instant something was
 * admitted in the window, at most as many as the limit, and so the limit is bounded; above, use
 * the counter. A cost is at least 1. Steps are O(1) but for the ones that leave: each is taken out
 * once. When the clock goes back, what would lie ahead counts as admitted now.
 *
 * Defaults: 1000 in 60 s (a user's share in the mission's table).
 * Regimes: below the limit, at the limit.
 * Stability: open loop, always stable; at most `limit` in any window, and never refused below it.
 * Source: the mission's table, row 8, and its mistake 5 (check and take are one step).
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
import { requirePositive, requireThat } from '../config.ts';
import {
  dropWhile,
  EMPTY_FIFO,
  type Fifo,
  last,
  mapFifo,
  push,
  removeLast,
} from '../persistent/fifo.ts';
import type { TakeInput } from './token-bucket.ts';

export interface SlidingLogConfig {
  /** At most 4,096. Default 1000. */
  readonly limit?: number;
  /** Default 60 s. */
  readonly windowMs?: number;
}

interface Entry {
  readonly atMs: number;
  readonly cost: number;
}

/** Plain JSON. */
export interface SlidingLogState {
  readonly config: Required<SlidingLogConfig>;
  readonly log: Fifo<Entry>;
  /** Sum of the costs in the log. */
  readonly used: number;
}

const MOST_ENTRIES = 4_096;
const NOISE = 1e-9;

export const slidingLog: Machine<SlidingLogConfig, SlidingLogState, TakeInput, Admission> = {
  name: 'slidingLog',
  init: (config) => ({ config: settingsOf(config), log: EMPTY_FIFO, used: 0 }),
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: SlidingLogConfig): Required<SlidingLogConfig> {
  const { limit = 1_000, windowMs = 60_000 } = config;
  const fits = limit >= 1 && limit <= MOST_ENTRIES;
  requireThat(fits, 'limit', limit, `a number from 1 to ${MOST_ENTRIES}; above, use the counter`);
  requirePositive('windowMs', windowMs);
  return { limit, windowMs };
}

function step(
  before: SlidingLogState,
  { nowMs, cost = 1 }: TakeInput,
): MachineStep<SlidingLogState, Admission> {
  if (!Number.isFinite(nowMs) || !isCost(cost) || cost < 1) {
    return { state: before, output: IMPOSSIBLE };
  }
  const { limit, windowMs } = before.config;
  const state = forgetting(before, nowMs);
  if (state.used + cost > limit + NOISE) {
    const waitMs = waitOf(state, cost, nowMs);
    const reason = waitMs === null ? 'cost-above-limit' : 'limit-reached';
    return { state, output: refused(reason, waitMs, { cost, used: state.used, limit, windowMs }) };
  }
  const used = state.used + cost;
  return {
    state: { ...state, log: noted(state.log, { atMs: nowMs, cost }), used },
    output: granted('within-limit', { cost, used, limit, windowMs }),
  };
}

function forgetting(state: SlidingLogState, nowMs: number): SlidingLogState {
  const newest = last(state.log);
  const known =
    newest !== undefined && newest.atMs > nowMs
      ? mapFifo(state.log, (entry) => ({ ...entry, atMs: Math.min(entry.atMs, nowMs) }))
      : state.log;
  const oldestMs = nowMs - state.config.windowMs;
  let left = 0;
  const log = dropWhile(known, (entry) => {
    const leaves = entry.atMs <= oldestMs;
    left += leaves ? entry.cost : 0;
    return leaves;
  });
  if (log === state.log) {
    return state;
  }
  // An empty log owes nothing: the noise of sums ends here.
  return { ...state, log, used: log.size === 0 ? 0 : state.used - left };
}

/** One entry for one instant. */
function noted(log: Fifo<Entry>, entry: Entry): Fifo<Entry> {
  const newest = last(log);
  return newest !== undefined && newest.atMs === entry.atMs
    ? push(removeLast(log), { atMs: entry.atMs, cost: newest.cost + entry.cost })
    : push(log, entry);
}

function waitOf(state: SlidingLogState, cost: number, nowMs: number): number | null {
  const { limit, windowMs } = state.config;
  let over = state.used + cost - limit;
  for (const chunk of cost > limit ? [] : state.log.chunks) {
    for (const entry of chunk) {
      over -= entry.cost;
      if (over <= NOISE) {
        return entry.atMs + windowMs - nowMs;
      }
    }
  }
  return null;
}
