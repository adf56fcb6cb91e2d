/** What a request costs: busy replica-seconds, by the utilisation law. */

/** Requests per second below which what replicas do is not for them. */
export const LEAST_RATE = 0.01;

/**
 * Replica-seconds per request as one window shows them. Null: it shows none, for too little
 * arrived, nothing was busy, or the figures are beyond all measure.
 */
export function costOf(window: {
  readonly ratePerSecond: number;
  /** Busy share of those that served, 0 to 1. */
  readonly utilization: number;
  /** Replicas that served. */
  readonly serving: number;
}): number | null {
  const { ratePerSecond, utilization, serving } = window;
  if (!(ratePerSecond >= LEAST_RATE && utilization > 0 && serving > 0)) return null;
  const cost = (utilization * serving) / ratePerSecond;
  return Number.isFinite(cost) ? cost : null;
}

/**
 * A cost per request as it may be learned from one figure: at most half as much again as what is
 * known, or two thirds of it. A window that is half filled with zeros shows one that is many times
 * too high or too low; a cost that really changed is followed all the same, a little later.
 */
export function soberCost(known: number | null, seen: number): number {
  return known === null ? seen : Math.min(MOST * known, Math.max(known / MOST, seen));
}

const MOST = 1.5;
