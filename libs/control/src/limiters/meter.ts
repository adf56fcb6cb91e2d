/**
 * A level that rises by what is taken and falls at a constant rate: the one figure behind token
 * buckets (tokens = capacity - level) and leaky buckets alike.
 *
 *     level(now) = max(0, level - rate (now - at))
 *
 * Kept as a level and its instant, not as the instant it will be empty: at 1.8e12 ms the binary
 * fraction ends at 0.0002 ms, which at 10,000/s is already 0.2 % of a call.
 */
import { requirePositive } from '../config.ts';

export interface MeterRule {
  /** What the bucket holds: the largest burst. */
  readonly capacity: number;
  readonly ratePerSecond: number;
}

/** Plain JSON. */
export interface Meter {
  readonly level: number;
  readonly atMs: number;
}

/** A wait this short is the noise of binary fractions. */
const NOISE_MS = 1e-6;

export function checkMeterRule(rule: MeterRule, field = ''): MeterRule {
  requirePositive(`${field}capacity`, rule.capacity);
  requirePositive(`${field}ratePerSecond`, rule.ratePerSecond);
  return { capacity: rule.capacity, ratePerSecond: rule.ratePerSecond };
}

/** After the clock went back nothing has leaked; see `settled`. */
export function levelAt(meter: Meter | null, rule: MeterRule, nowMs: number): number {
  if (meter === null) {
    return 0;
  }
  const leaked = (Math.max(0, nowMs - meter.atMs) * rule.ratePerSecond) / 1_000;
  return Math.max(0, meter.level - leaked);
}

/** Until `cost` fits; 0: it does; null: it never will. */
export function meterWaitMs(level: number, rule: MeterRule, cost: number): number | null {
  if (cost > rule.capacity) {
    return null;
  }
  const waitMs = ((level + cost - rule.capacity) * 1_000) / rule.ratePerSecond;
  return waitMs <= NOISE_MS ? 0 : Math.ceil(waitMs - NOISE_MS / 2);
}

/**
 * The same meter, unless its instant lies ahead because the clock went back: then it counts from
 * now on. It would wait for the old time to come again otherwise.
 */
export function settled(meter: Meter | null, nowMs: number): Meter | null {
  return meter !== null && meter.atMs > nowMs ? { level: meter.level, atMs: nowMs } : meter;
}
