/**
 * Concurrency limit by Little's law.
 *
 *     need   = X R                             X answered per second, R = min(latency, base)
 *     wished = need + beta sqrt(need) + 1
 *     wished > limit                           limit + (wished - limit) (1 - (1 - smoothing)^h)
 *     wished < limit, and in > wished          the same, downwards
 *     wished < limit otherwise                 limit: it was needed once, and costs nothing
 *     calls dropped                            limit x 0.9^h           h = min(1, dt / everyMs)
 *
 * Worked example: 1,000/s of 0.1 s need 100; with beta 2 the limit is 121.
 *
 * With the measured latency in place of `base` the law would chase its own queue: latency up, need
 * up, limit up, queue up. The baseline (baseline.ts) cannot rise with the queue, and X cannot rise
 * above what the service can do, so the limit ends at what is busy and the square root on top.
 * Growth needs a limit that is half used and must not follow a trial that brought no throughput
 * (guarded.ts).
 *
 * The square root is what chance arrivals need: their number inside varies by it. A fixed share
 * in its place would be too little for a small limit, which then turns calls away, sees less
 * throughput for it, and never finds up again.
 *
 * Defaults: beta 2 (two standard deviations), smoothing 0.2 per second; limit 1 to 1,000, probe
 * every 5 min, drops above 1 %.
 *
 * Regimes: growing to the need, shrinking to it while calls queue, resting, backing off from
 * drops, probing; holding without fresh evidence.
 *
 * Stability: at saturation X and base do not depend on the limit, so the loop is open and the limit
 * goes to c + beta sqrt(c) + 1 of c workers for any dead time; below it the limit rises no further
 * than the load's own need. limits.sim.test.ts (20 workers of 100 ms at one and a half times their
 * capacity): at most 35 with figures up to four seconds late, and no more while the service time
 * leaks sevenfold.
 *
 * Source: J. Little 1961; square-root staffing, Halfin and Whitt 1981; the mission's table, row
 * 10; drift protection after failsafe-go.
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

export interface LittlesLawConfig extends GuardedConfig {
  /** Square roots of the need that are put on top of it. Default 2. */
  readonly beta?: number;
  /** Share of the new limit per `everyMs`. Default 0.2. */
  readonly smoothing?: number;
}

export interface LittlesLawSettings extends GuardedSettings {
  readonly beta: number;
  readonly smoothing: number;
}

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
  const { beta = 2, smoothing = 0.2 } = config;
  requireAtLeastZero('beta', beta);
  requireThat(smoothing > 0 && smoothing <= 1, 'smoothing', smoothing, 'above 0, at most 1');
  return { ...guardedSettings(config), beta, smoothing };
}

function judge(settings: LittlesLawSettings, view: QueueView): LimitVerdict | null {
  const { beta, smoothing } = settings;
  const { current, inFlight, latencyMs, baselineMs, completedPerSecond, periods } = view;
  if (completedPerSecond === null) {
    return null;
  }
  const need = callsInside(completedPerSecond, Math.min(latencyMs, baselineMs));
  const wished = need + beta * Math.sqrt(need) + 1;
  const share = periods === 1 ? smoothing : 1 - (1 - smoothing) ** periods;
  const next = current + (wished - current) * share;
  if (next > current) {
    return { next, reason: 'little-need' };
  }
  return inFlight > wished
    ? { next, reason: 'queue-grows' }
    : { next: current, reason: 'queue-steady' };
}
