import { exponential } from '../random.ts';

/** Open-loop Poisson arrivals of a rate that changes over time. */
export interface Arrivals {
  /** The next arrival, or where the next draw begins if none fell before it. */
  nextAtMs: number;
  isArrival: boolean;
}

/** No draw reaches further than this, so that a change of the rate is felt soon. */
const HORIZON_MS = 100;
/** After a long pause of the process, arrivals are not made up for beyond this. */
const MAX_LAG_MS = 1_000;

/** Where the process begins. */
export function beginArrivals(nowMs: number): Arrivals {
  return { nextAtMs: nowMs, isArrival: false };
}

/**
 * Draws on until after `nowMs` and says how many requests are due. An exponential gap has no
 * memory, so a gap longer than the horizon may be cut and drawn anew at the rate of then; the
 * process stays exactly Poisson for a rate that is constant within the horizon.
 */
export function dueArrivals(
  arrivals: Arrivals,
  context: { nowMs: number; rateAtMs: (atMs: number) => number; random: () => number },
): { due: number; arrivals: Arrivals } {
  const { nowMs, rateAtMs, random } = context;
  let atMs = Math.max(arrivals.nextAtMs, nowMs - MAX_LAG_MS);
  let { isArrival } = arrivals;
  let due = 0;
  while (atMs <= nowMs) {
    if (isArrival) due += 1;
    const ratePerSecond = rateAtMs(atMs);
    const gapMs = ratePerSecond > 0 ? exponential(random, 1_000 / ratePerSecond) : HORIZON_MS;
    isArrival = ratePerSecond > 0 && gapMs <= HORIZON_MS;
    atMs += isArrival ? gapMs : HORIZON_MS;
  }
  return { due, arrivals: { nextAtMs: atMs, isArrival } };
}
