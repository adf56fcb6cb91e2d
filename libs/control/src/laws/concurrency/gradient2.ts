/**
 * Concurrency limit by the ratio of the latency wanted to the latency seen (Gradient2).
 *
 *     g      = clamp(tolerance x base / latency, 0.5, 1)
 *     wished = g limit + queue
 *     limit' = limit + (wished - limit) (1 - (1 - smoothing)^h)          h = min(1, dt / everyMs)
 *     calls dropped: limit x 0.9^h
 *
 * The original divides by a long average of latency. It follows a latency that leaks upwards, g
 * stays at 1, and the limit climbs by `queue` at every step to its maximum; and it does not look
 * at drops. Here `base` is the guarded baseline (baseline.ts), drops come first, and growth needs
 * a limit that is half used and must not follow a trial that brought no throughput (guarded.ts).
 *
 * Defaults: tolerance 1.5 (latency may be half above its base before the limit shrinks), queue 4
 * calls, smoothing 0.2, all per second; limit 1 to 1,000, probe every 5 min, drops above 1 %.
 *
 * Regimes: growing, resting where (1 - g) limit = queue, shrinking by at most a tenth a step,
 * backing off from drops, probing; holding without fresh evidence.
 *
 * Stability: at saturation latency goes with the limit, so g limit is constant and the map has
 * slope 1 - smoothing: stable for every smoothing. With a dead time of d periods it is, around the
 * fixed point, x' = (1 - s q / limit) x - s (1 - q / limit) x(-d), stable at the defaults for d up
 * to 8. limits.sim.test.ts (20 workers of 100 ms at one and a half times their capacity): at most
 * 45 with figures up to four seconds late, and no more while the service time leaks sevenfold.
 *
 * Source: Netflix's concurrency-limits.
 */
import { requireAtLeastZero, requireThat } from '../../config.ts';
import {
  type GuardedConfig,
  type GuardedSettings,
  guardedLimit,
  guardedSettings,
  type LimitVerdict,
  type QueueView,
} from './guarded.ts';

export interface Gradient2Config extends GuardedConfig {
  /** Latency over its base that is still no queue. Default 1.5. */
  readonly tolerance?: number;
  /** Calls that may always wait. Default 4. */
  readonly queue?: number;
  /** Share of the new limit per `everyMs`. Default 0.2. */
  readonly smoothing?: number;
}

export interface Gradient2Settings extends GuardedSettings {
  readonly tolerance: number;
  readonly queue: number;
  readonly smoothing: number;
}

export const gradient2 = guardedLimit<Gradient2Config, Gradient2Settings>({
  name: 'gradient2',
  settings: settingsOf,
  judge,
});

function settingsOf(config: Gradient2Config): Gradient2Settings {
  const { tolerance = 1.5, queue = 4, smoothing = 0.2 } = config;
  const patient = Number.isFinite(tolerance) && tolerance >= 1;
  requireThat(patient, 'tolerance', tolerance, 'a number, 1 or above');
  requireAtLeastZero('queue', queue);
  requireThat(smoothing > 0 && smoothing <= 1, 'smoothing', smoothing, 'above 0, at most 1');
  return { ...guardedSettings(config), tolerance, queue, smoothing };
}

function judge(settings: Gradient2Settings, view: QueueView): LimitVerdict {
  const { tolerance, queue, smoothing } = settings;
  const { current, latencyMs, baselineMs, periods } = view;
  const gradient = Math.max(0.5, Math.min(1, (tolerance * baselineMs) / latencyMs));
  const share = periods === 1 ? smoothing : 1 - (1 - smoothing) ** periods;
  const next = current + (gradient * current + queue - current) * share;
  if (next > current) {
    return { next, reason: 'room-to-grow' };
  }
  return { next, reason: next < current ? 'queue-grows' : 'queue-steady' };
}
