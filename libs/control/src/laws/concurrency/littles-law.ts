/**
 * Concurrency limit by Little's law.
 *
 *     need   = X R                             X answered per second, R = min(latency, base)
 *     wished = headroom x need
 *     wished > limit                           limit + (wished - limit) (1 - (1 - smoothing)^h)
 *     wished < limit, and latency > 1.1 base   the same, downwards
 *     wished < limit otherwise                 limit: it was needed once, and costs nothing
 *     calls dropped                            limit x 0.9^h           h = min(1, dt / everyMs)
 *
 * Worked example: 1,000/s of 0.1 s need 100.
 *
 * With the measured latency in place of `base` the law would chase its own queue: latency up, need
 * up, limit up, queue up. The baseline (baseline.ts) cannot rise with the queue, and X cannot rise
 * above what the service can do, so the limit ends at `headroom` times what is busy. Growth needs a
 * limit that is half used and must not follow a trial that brought no throughput (guarded.ts).
 *
 * Defaults: headroom 1.25 (a burst of a quarter comes through, a full service queues for a quarter
 * of its service time), smoothing 0.2, all per second; limit 1 to 1,000, probe every 5 min, drops
 * above 1 %.
 *
 * Regimes: growing to the need, shrinking to it while latency shows a queue, resting, backing off
 * from drops, probing; holding without fresh evidence.
 *
 * Stability: at saturation X and base do not depend on the limit, so the loop is open and the limit
 * goes to headroom X base for any dead time; below it the limit grows with the load by at most
 * headroom a step. littles-law.sim.test.ts: 20 workers give 20 to 32, and no climb while the
 * service time leaks sevenfold.
 *
 * Source: J. Little 1961; the mission's table, row 10; drift protection after failsafe-go.
 */
import { requireThat } from '../../config.ts';
import {
  type GuardedConfig,
  type GuardedSettings,
  guardedLimit,
  guardedSettings,
  type LimitVerdict,
  type QueueView,
} from './guarded.ts';

export interface LittlesLawConfig extends GuardedConfig {
  /** Limit over need, 1 to 4. Default 1.25. */
  readonly headroom?: number;
  /** Share of the new limit per `everyMs`. Default 0.2. */
  readonly smoothing?: number;
}

export interface LittlesLawSettings extends GuardedSettings {
  readonly headroom: number;
  readonly smoothing: number;
}

/** Latency over its base from which on there is a queue. */
const QUEUE_VISIBLE = 1.1;

export const littlesLaw = guardedLimit<LittlesLawConfig, LittlesLawSettings>({
  name: 'littlesLaw',
  settings: settingsOf,
  judge,
});

/** N = X R: calls inside when X a second stay R milliseconds each. */
export function callsInside(ratePerSecond: number, latencyMs: number): number {
  return (ratePerSecond * latencyMs) / 1_000;
}

function settingsOf(config: LittlesLawConfig): LittlesLawSettings {
  const { headroom = 1.25, smoothing = 0.2 } = config;
  requireThat(headroom >= 1 && headroom <= 4, 'headroom', headroom, 'from 1 to 4');
  requireThat(smoothing > 0 && smoothing <= 1, 'smoothing', smoothing, 'above 0, at most 1');
  return { ...guardedSettings(config), headroom, smoothing };
}

function judge(settings: LittlesLawSettings, view: QueueView): LimitVerdict | null {
  const { headroom, smoothing } = settings;
  const { current, latencyMs, baselineMs, completedPerSecond, periods } = view;
  if (completedPerSecond === null) {
    return null;
  }
  const wished = headroom * callsInside(completedPerSecond, Math.min(latencyMs, baselineMs));
  const share = periods === 1 ? smoothing : 1 - (1 - smoothing) ** periods;
  const next = current + (wished - current) * share;
  if (next > current) {
    return { next, reason: 'little-need' };
  }
  return latencyMs > QUEUE_VISIBLE * baselineMs && next < current
    ? { next, reason: 'queue-grows' }
    : { next: current, reason: 'queue-steady' };
}
