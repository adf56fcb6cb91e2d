import type { ReplicaObservation } from '@flyball/control';
import { errorRatio, type Reading, readSignal, requestsAreSound } from '../orient/signals.ts';
import type { Arbitration } from './arbitrate.ts';
import type { LoopInput } from './loop.ts';

/** Since when requests have been counted without a long break, and when any were last. */
export interface Counted {
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** After a break this long the counts begin anew: the first window is only half full of them. */
const LONG_BREAK_MS = 300_000;

/** What to remember of the counting; undefined: nothing was ever counted. */
export function countedAfter(
  before: Counted | undefined,
  { nowMs, assessment }: Pick<LoopInput, 'nowMs' | 'assessment'>,
): Counted | undefined {
  if ((assessment.view?.red ?? null) === null) return before;
  const goesOn =
    before !== undefined &&
    nowMs >= before.sinceMs &&
    Math.abs(nowMs - before.lastMs) <= LONG_BREAK_MS;
  return { sinceMs: goesOn ? before.sinceMs : nowMs, lastMs: nowMs };
}

/**
 * What a replica law is shown. While requests are shed it is the load that was offered; latency and
 * errors are then those of what was let in, and say nothing about it.
 */
export function replicaObservation(
  { nowMs, assessment, target, hand, memory }: LoopInput,
  { demandFactor, shedding }: Arbitration,
): ReplicaObservation {
  const { policy, view } = assessment;
  const sound = view !== undefined && requestsAreSound(view);
  const red = sound ? view.red : null;
  const busy = readSignal(policy.observe.saturation, view);
  const applied = Number(target.value);
  const telling = red === null || shedding ? null : red;
  // Counts of a window that was not counted from its beginning make too small a rate.
  const counted = countedAfter(memory.counted, { nowMs, assessment });
  const whole = counted !== undefined && nowMs - counted.sinceMs >= (red?.windowMs ?? 0);
  const rates = whole ? red : null;
  return {
    nowMs,
    evidenceAgeMs: ageOf(nowMs, red === null ? null : red.newestMs, busy),
    windowMs: red?.windowMs ?? policy.observe.window,
    ratePerSecond: rates === null ? null : (rates.requests / rates.windowMs) * 1_000 * demandFactor,
    utilization: busy === null ? null : busy.value * demandFactor,
    // By Little's law, from the time that all requests together took.
    inFlight: rates === null ? null : rates.inflight * demandFactor,
    p99Ms: telling?.p99Ms ?? null,
    // Of none that ended nobody knows how many would have failed.
    errorRatio: telling === null || telling.requests === 0 ? null : errorRatio(telling),
    applied,
    ready: target.ready ?? applied,
    starting: target.starting ?? 0,
    hand,
  };
}

/**
 * Of the oldest figure there is; null: there is none. A figure from the future is as far from now
 * as one of the past: after a step back of the clock what is stale must not look fresh.
 */
function ageOf(nowMs: number, redMs: number | null, busy: Reading | null): number | null {
  const seen = [redMs, busy?.observedAtMs ?? null].filter((atMs) => atMs !== null);
  return seen.length === 0 ? null : Math.max(...seen.map((atMs) => Math.abs(nowMs - atMs)));
}
