/**
 * Latency without a queue, learned so that it cannot drift up with the queue.
 *
 *     in, lat   EWMA of in-flight and latency, 0.2 per period
 *     base      min(base, lat); and only a trial raises it
 *     trial     in-flight has moved to <= 0.8 or >= 1.25 of where the trial began, and at least
 *               five periods and five latencies have passed:
 *               elasticity = ln(lat / lat began) / ln(in / in began)
 *               at most 0.3: base = min(lat began, lat)
 *
 * With a queue in front of busy workers latency goes with in-flight (elasticity 1, throughput
 * flat); without one latency does not care how many are inside (elasticity 0, throughput goes
 * with in-flight). So a higher latency is believed to be the service's own only when changing the
 * load did not change it. A long average, as others use it, follows any slow leak instead.
 *
 * A trial shorter than five latencies would compare the in-flight of now with the latency of calls
 * that began before. One older than 120 periods (or 20 latencies) begins anew: it would compare
 * different weathers.
 *
 * Source: Little's law for the elasticities; the idea of correlating in-flight with latency and
 * throughput from failsafe-go's adaptive limiter.
 */

/** Plain JSON. */
export interface Baseline {
  /** Latency without a queue. */
  readonly ms: number;
  readonly inFlight: number;
  readonly latencyMs: number;
  /** Where the trial began. */
  readonly fromInFlight: number;
  readonly fromLatencyMs: number;
  readonly fromMs: number;
  /** Of the last trial that ended; null: none did since one was given up for its age. */
  readonly elasticity: number | null;
}

export interface BaselineSample {
  readonly nowMs: number;
  readonly inFlight: number;
  readonly latencyMs: number;
  /** Periods since the last sample, at most 1. */
  readonly periods: number;
  readonly everyMs: number;
}

const NEW_SHARE = 0.2;
const FALL = 0.8;
const RISE = 1.25;
const INDEPENDENT = 0.3;
/** From here on more in flight brings next to no throughput. */
const FLAT = 0.7;
const SHORTEST = 5;
const LONGEST_PERIODS = 120;
const LONGEST_LATENCIES = 20;

/** Samples without a call inside or without a latency teach nothing. */
export function stepBaseline(before: Baseline | null, sample: BaselineSample): Baseline | null {
  if (sample.inFlight <= 0 || sample.latencyMs <= 0) {
    return before;
  }
  if (before === null) {
    return beginAt(sample.latencyMs, sample.inFlight, sample.latencyMs, sample.nowMs);
  }
  const { periods, nowMs, everyMs } = sample;
  const share = periods === 1 ? NEW_SHARE : 1 - (1 - NEW_SHARE) ** periods;
  const inFlight = before.inFlight + (sample.inFlight - before.inFlight) * share;
  const latencyMs = before.latencyMs + (sample.latencyMs - before.latencyMs) * share;
  const ms = Math.min(before.ms, latencyMs);
  const ageMs = nowMs - before.fromMs;
  // A clock that was set back says nothing about the trial's age.
  if (ageMs < 0 || ageMs > Math.max(LONGEST_PERIODS * everyMs, LONGEST_LATENCIES * latencyMs)) {
    return beginAt(ms, inFlight, latencyMs, nowMs);
  }
  const moved = inFlight / before.fromInFlight;
  const ripe = ageMs >= SHORTEST * Math.max(everyMs, latencyMs);
  if (!ripe || (moved > FALL && moved < RISE)) {
    return { ...before, ms, inFlight, latencyMs };
  }
  const elasticity = Math.log(latencyMs / before.fromLatencyMs) / Math.log(moved);
  const own = elasticity <= INDEPENDENT ? Math.min(before.fromLatencyMs, latencyMs) : ms;
  return { ...beginAt(own, inFlight, latencyMs, nowMs), elasticity };
}

/** The last trial has shown that more in flight is only a longer queue. */
export function isThroughputFlat(baseline: Baseline): boolean {
  return baseline.elasticity !== null && baseline.elasticity >= FLAT;
}

/** How many of those inside only wait. */
export function queueOf(baseline: Baseline, inFlight: number, latencyMs: number): number {
  return latencyMs > baseline.ms ? inFlight * (1 - baseline.ms / latencyMs) : 0;
}

function beginAt(ms: number, inFlight: number, latencyMs: number, nowMs: number): Baseline {
  return {
    ms,
    inFlight,
    latencyMs,
    fromInFlight: inFlight,
    fromLatencyMs: latencyMs,
    fromMs: nowMs,
    elasticity: null,
  };
}
