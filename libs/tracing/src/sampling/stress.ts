import { thresholdOf } from '../context/trace-state.ts';
import { META, META_TRACE_STATE, type SpanTable, TRACE_C } from '../otlp/span-table.ts';
import type { Decision } from './decision.ts';
import { explicitRandomness } from './randomness.ts';

/**
 * Overload: when to stop holding traces back, how few spans to keep then, and when to go on.
 *
 * ```
 * level    = max(shares of every bound that are in use)
 *            and while stressed also the demand: what arrives, treated in full, as a share of the
 *            thread's time. Room comes back at once when nothing is held any more; only the demand
 *            says whether holding could be afforded again.
 * calm     -> stressed   level >= 0.90
 * stressed -> calm       level <  0.75 for 10 s without a break
 * 1 in N   = the next power of two above 10 x demand, 16 … 1024
 * ```
 *
 * The two bounds and the ten seconds keep it from flapping. Ten times the demand: the rows written
 * are then a tenth of the spans that could be treated in full, whatever arrives. N rises at once
 * and falls one step in `leaveAfterMs`. As a power of two, keeping less keeps a part of the same
 * traces: one that N changes under is thinned out, never torn into two different halves.
 */
export interface StressConfig {
  /** Level from which spans are decided one by one. */
  enterAt: number;
  /** Level below which the quiet time runs. */
  leaveBelow: number;
  leaveAfterMs: number;
  /** Powers of two, at most 2^24. */
  minOneIn: number;
  maxOneIn: number;
}

export const STRESS_DEFAULTS: StressConfig = {
  enterAt: 0.9,
  leaveBelow: 0.75,
  leaveAfterMs: 10_000,
  minOneIn: 16,
  maxOneIn: 1024,
};

const ONE_IN_PER_DEMAND = 10;

/** What can run out. */
export type StressSource = 'window' | 'spool' | 'lag';

export interface StressInput {
  /** Monotonic or wall clock, ms. */
  nowMs: number;
  /** Share of each bound in use: 0 empty, 1 full. */
  shares: Readonly<Record<StressSource, number>>;
  /** Share of the thread's time that treating all arriving spans in full would take; may be > 1. */
  demand: number;
}

export type StressMode =
  | { readonly kind: 'calm' }
  | {
      readonly kind: 'stressed';
      readonly sinceMs: number;
      /** 1 in this many traces is kept. */
      readonly oneIn: number;
      readonly oneInSinceMs: number;
      /** Since when the level has been low, undefined while it is not. */
      readonly quietSinceMs: number | undefined;
    };

export interface StressState {
  readonly mode: StressMode;
  /** 0 … 1. */
  readonly level: number;
  /** What made the level. */
  readonly cause: StressSource | 'demand';
}

export const CALM: StressState = { mode: { kind: 'calm' }, level: 0, cause: 'window' };

const SOURCES: readonly StressSource[] = ['window', 'spool', 'lag'];

/** One look at the load; call it several times a second. */
export function stepStress(
  state: StressState,
  input: StressInput,
  config: StressConfig = STRESS_DEFAULTS,
): StressState {
  const { mode } = state;
  const { level, cause } = levelOf(input, mode.kind === 'stressed');
  const { nowMs } = input;
  const wanted = oneInOf(input.demand, config);
  if (mode.kind === 'calm') {
    if (level < config.enterAt) return { mode, level, cause };
    const entered = { sinceMs: nowMs, oneIn: wanted, oneInSinceMs: nowMs };
    return { mode: { kind: 'stressed', ...entered, quietSinceMs: undefined }, level, cause };
  }
  const quietSinceMs = level < config.leaveBelow ? (mode.quietSinceMs ?? nowMs) : undefined;
  if (quietSinceMs !== undefined && nowMs - quietSinceMs >= config.leaveAfterMs) {
    return { mode: { kind: 'calm' }, level, cause };
  }
  if (wanted > mode.oneIn) {
    const thinner = { ...mode, oneIn: wanted, oneInSinceMs: nowMs, quietSinceMs };
    return { mode: thinner, level, cause };
  }
  const fall = wanted < mode.oneIn && nowMs - mode.oneInSinceMs >= config.leaveAfterMs;
  const next = fall ? { oneIn: mode.oneIn / 2, oneInSinceMs: nowMs } : {};
  return { mode: { ...mode, ...next, quietSinceMs }, level, cause };
}

function levelOf(
  { shares, demand }: StressInput,
  stressed: boolean,
): Pick<StressState, 'level' | 'cause'> {
  let level = 0;
  let cause: StressState['cause'] = 'window';
  for (const source of SOURCES) {
    const share = Math.min(1, shares[source]);
    if (share > level) {
      level = share;
      cause = source;
    }
  }
  if (stressed && Math.min(1, demand) > level)
    return { level: Math.min(1, demand), cause: 'demand' };
  return { level, cause };
}

function oneInOf(demand: number, { minOneIn, maxOneIn }: StressConfig): number {
  let oneIn = minOneIn;
  while (oneIn < maxOneIn && oneIn < ONE_IN_PER_DEMAND * demand) oneIn *= 2;
  return oneIn;
}

/** The answer for a span kept at 1 in `oneIn` because of overload. */
export function overloadDecision(oneIn: number): Decision {
  const probability = 1 / oneIn;
  const threshold = thresholdOf(probability);
  return Object.freeze({ keep: true, probability, threshold, reason: 'overload', rule: '' });
}

/**
 * Whether the trace of a span is among 1 in `oneIn`: the same comparison of randomness with the
 * threshold of `overloadDecision` as anywhere else, on the few bits that a power of two looks at.
 */
export function keptInOverload(table: SpanTable, span: number, oneIn: number): boolean {
  const bits = 31 - Math.clz32(oneIn);
  if ((table.word(span, META) & META_TRACE_STATE) !== 0) {
    const explicit = explicitRandomness(table, span);
    if (explicit !== undefined) return explicit >= thresholdOf(1 / oneIn);
  }
  return (table.word(span, TRACE_C) & 0xffffff) >>> (24 - bits) === oneIn - 1;
}
