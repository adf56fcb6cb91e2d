/**
 * Concurrency limit by the queue that latency shows (Vegas).
 *
 *     queue = in (1 - base / latency)          alpha = 3 l, beta = 6 l, l = max(1, log10(limit))
 *     queue <= l                               limit + beta h            h = min(1, dt / everyMs)
 *     queue <  alpha                           limit + l h
 *     queue >  beta                            limit - l h
 *     calls dropped                            limit x 0.9^h, whatever the latency
 *     otherwise                                limit
 *
 * `in` is the mean number of calls inside, so that a limit which is only partly used does not look
 * like a queue. `base` is the latency without a queue (baseline.ts): it falls at once and rises
 * only when a trial has shown that latency does not depend on the load; the usual probe, which
 * takes the next latency for the new base, would let base drift up with the queue. Growth needs a
 * limit that is half used and must not follow a trial that brought no throughput (guarded.ts).
 *
 * Defaults: limit 1 to 1,000, steps per second, probe every 5 min, drops above 1 %.
 *
 * Regimes: growing fast, growing, resting with a short queue, shrinking, backing off from drops,
 * probing; holding without fresh evidence.
 *
 * Stability: each step moves by at most 6 log10(limit), and between alpha and beta nothing moves,
 * so the loop rests in a band instead of at a point. limits.sim.test.ts (20 workers of 100 ms at
 * one and a half times their capacity): at most 45 with figures up to a second late, 55 with four,
 * and no more while the service time leaks sevenfold; the workers stay busy.
 *
 * Source: Brakmo and Peterson 1995; alpha, beta and the step after Netflix's concurrency-limits.
 */
import {
  type GuardedConfig,
  type GuardedSettings,
  guardedLimit,
  guardedSettings,
  type LimitVerdict,
  type QueueView,
} from './guarded.ts';

export type VegasConfig = GuardedConfig;

export const vegas = guardedLimit<VegasConfig, GuardedSettings>({
  name: 'vegas',
  settings: guardedSettings,
  judge,
});

function judge(_settings: GuardedSettings, view: QueueView): LimitVerdict {
  const { current, queue, periods } = view;
  const unit = Math.max(1, Math.log10(current));
  if (queue <= unit) {
    return { next: current + 6 * unit * periods, reason: 'room-to-grow' };
  }
  if (queue < 3 * unit) {
    return { next: current + unit * periods, reason: 'room-to-grow' };
  }
  return queue > 6 * unit
    ? { next: current - unit * periods, reason: 'queue-grows' }
    : { next: current, reason: 'queue-steady' };
}
