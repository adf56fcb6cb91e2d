import type { ReplicaObservation } from '@flyball/control';
import { errorRatio, type Reading, readSignal, requestsAreSound } from '../orient/signals.ts';
import type { Arbitration } from './arbitrate.ts';
import type { LoopInput } from './loop.ts';

/**
 * What a replica law is shown. While requests are shed it is the load that was offered; latency and
 * errors are then those of what was let in, and say nothing about it.
 */
export function replicaObservation(
  { nowMs, assessment, target, hand }: LoopInput,
  { demandFactor, shedding }: Arbitration,
): ReplicaObservation {
  const { policy, view } = assessment;
  const sound = view !== undefined && requestsAreSound(view);
  const red = sound ? view.red : null;
  const busy = readSignal(policy.observe.saturation, view);
  const applied = Number(target.value);
  const telling = red === null || shedding ? null : red;
  return {
    nowMs,
    evidenceAgeMs: ageOf(nowMs, red === null ? null : red.newestMs, busy),
    windowMs: red?.windowMs ?? policy.observe.window,
    ratePerSecond: red === null ? null : (red.requests / red.windowMs) * 1_000 * demandFactor,
    utilization: busy === null ? null : busy.value * demandFactor,
    // By Little's law, from the time that all requests together took.
    inFlight: red === null ? null : red.inflight * demandFactor,
    p99Ms: telling?.p99Ms ?? null,
    // Of none that ended nobody knows how many would have failed.
    errorRatio: telling === null || telling.requests === 0 ? null : errorRatio(telling),
    applied,
    ready: target.ready ?? applied,
    starting: target.starting ?? 0,
    hand,
  };
}

/** Of the oldest figure there is; null: there is none. */
function ageOf(nowMs: number, redMs: number | null, busy: Reading | null): number | null {
  const seen = [redMs, busy?.observedAtMs ?? null].filter((atMs) => atMs !== null);
  return seen.length === 0 ? null : Math.max(0, nowMs - Math.min(...seen));
}
