/**
 * The results a closed circuit is judged by, and the judgement.
 *
 * Two memories of the same results: the last calls one by one, and counts over `windowMs` in
 * twelfths (13 of them: at least the window, at most one twelfth more). Both forget by time.
 */
import type { Terms } from '../decision.ts';
import type { AdmissionReason } from '../reasons.ts';
import type { BreakerSettings } from './breaker-config.ts';

const PARTS = 12;

interface Call {
  readonly atMs: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

interface CallPart {
  /** Start of the part over its length. */
  readonly slot: number;
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Plain JSON. */
export interface CallWindow {
  /** At most `lastCalls`, oldest first. */
  readonly last: readonly Call[];
  /** At most 13, oldest first; empty ones are left out. */
  readonly parts: readonly CallPart[];
}

export interface CallCounts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

export const EMPTY_WINDOW: CallWindow = { last: [], parts: [] };

export function addCall(window: CallWindow, settings: BreakerSettings, call: Call): CallWindow {
  const { atMs } = call;
  const { lastCalls, windowMs } = settings;
  const slot = Math.floor((atMs * PARTS) / windowMs);
  const newest = window.parts.at(-1);
  const parts = window.parts.filter((part) => part.slot >= slot - PARTS);
  if (newest !== undefined && newest.slot === slot) {
    parts[parts.length - 1] = counted(newest, call);
  } else {
    parts.push(counted({ slot, calls: 0, failures: 0, slow: 0 }, call));
  }
  const last = window.last.slice(Math.max(0, window.last.length - lastCalls + 1));
  last.push(call);
  return { last: last.filter((each) => each.atMs > atMs - windowMs), parts };
}

function counted(part: CallPart, call: Call): CallPart {
  return {
    slot: part.slot,
    calls: part.calls + 1,
    failures: part.failures + (call.failed ? 1 : 0),
    slow: part.slow + (call.slow ? 1 : 0),
  };
}

/** After the clock went back: what would lie ahead is now. */
export function pulledBack(
  window: CallWindow,
  settings: BreakerSettings,
  nowMs: number,
): CallWindow {
  const slot = Math.floor((nowMs * PARTS) / settings.windowMs);
  return {
    last: window.last.map((call) => ({ ...call, atMs: Math.min(call.atMs, nowMs) })),
    parts: [...window.parts.filter((part) => part.slot < slot), ...mergedInto(slot, window, slot)],
  };
}

/** For a window of another length: all that is known, as if it had come at `nowMs`. */
export function recut(window: CallWindow, settings: BreakerSettings, nowMs: number): CallWindow {
  const slot = Math.floor((nowMs * PARTS) / settings.windowMs);
  return { ...window, parts: mergedInto(slot, window, Number.NEGATIVE_INFINITY) };
}

/** The parts from `fromSlot` on as one part; none when there are none. */
function mergedInto(slot: number, window: CallWindow, fromSlot: number): readonly CallPart[] {
  const merged = window.parts.filter((part) => part.slot >= fromSlot);
  return merged.length === 0 ? [] : [{ slot, ...sumOf(merged) }];
}

/** Counts over the time window. */
export function countsIn(window: CallWindow, settings: BreakerSettings, nowMs: number): CallCounts {
  const oldest = Math.floor((nowMs * PARTS) / settings.windowMs) - PARTS;
  return sumOf(window.parts.filter((part) => part.slot >= oldest));
}

function sumOf(parts: readonly CallCounts[]): CallCounts {
  let calls = 0;
  let failures = 0;
  let slow = 0;
  for (const part of parts) {
    calls += part.calls;
    failures += part.failures;
    slow += part.slow;
  }
  return { calls, failures, slow };
}

function countsOfLast(window: CallWindow, atLeastMs: number): CallCounts {
  let calls = 0;
  let failures = 0;
  let slow = 0;
  for (const call of window.last) {
    if (call.atMs > atLeastMs) {
      calls += 1;
      failures += call.failed ? 1 : 0;
      slow += call.slow ? 1 : 0;
    }
  }
  return { calls, failures, slow };
}

/**
 * Failures that open the circuit now. p99 is above `slowMs` exactly when more calls are slow than
 * lie above rank ceil(0.99 n).
 */
export function thresholdOf(settings: BreakerSettings, counts: CallCounts): number | null {
  const { failures, adaptive, lowestFailures, clusterAbove, minCalls } = settings;
  if (failures === null || !adaptive) {
    return failures;
  }
  const { calls } = counts;
  const clustered = counts.failures > clusterAbove;
  const latencyHigh = calls >= minCalls && counts.slow > calls - Math.ceil(calls * 0.99);
  const lowered = failures - (clustered ? 1 : 0) - (latencyHigh ? 1 : 0);
  return Math.min(failures, Math.max(lowestFailures, lowered));
}

export interface Judgement {
  /** Null: nothing speaks for opening. */
  readonly reason: AdmissionReason | null;
  readonly terms: Terms;
}

/** The rules in order: count, failure ratio, slow ratio. */
export function judge(window: CallWindow, settings: BreakerSettings, nowMs: number): Judgement {
  const recent = countsIn(window, settings, nowMs);
  const last = countsOfLast(window, nowMs - settings.windowMs);
  const threshold = thresholdOf(settings, recent);
  if (threshold !== null && last.failures >= threshold) {
    const terms = { failures: last.failures, calls: last.calls, threshold };
    return { reason: 'circuit-failures', terms };
  }
  const { calls, failures, slow } = settings.ratioWindow === 'time' ? recent : last;
  const { minCalls, failureRatioAbove, slowRatioAbove, slowMs } = settings;
  if (calls < minCalls) {
    return { reason: null, terms: { failures, calls } };
  }
  if (failureRatioAbove !== null && failures > failureRatioAbove * calls) {
    const terms = { failures, calls, ratio: failures / calls, above: failureRatioAbove };
    return { reason: 'circuit-failure-ratio', terms };
  }
  if (slowRatioAbove !== null && slow > slowRatioAbove * calls) {
    const terms = { slow, calls, ratio: slow / calls, above: slowRatioAbove, slowMs };
    return { reason: 'circuit-slow-ratio', terms };
  }
  return { reason: null, terms: { failures, calls } };
}
