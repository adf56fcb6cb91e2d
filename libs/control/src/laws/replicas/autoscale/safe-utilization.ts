/**
 * How busy replicas may be before latency breaks: learned per service, for it lies anywhere from
 * 0.65 to 0.95, by the balancer, the machines and the tail of the service times.
 *
 * Utilisation is cut into bins of 0.05. Each remembers mean and mean deviation of log(p99 /
 * objective) as seen in it while all replicas were warm:
 *
 *     holds    mean + 2.5 deviations < 0      seen at least three times
 *     breaks   mean + 1.5 deviations > 0      seen at least twice
 *
 * Safe is one bin above the highest that holds, for the next has to be tried to be known, and never
 * more than the lower edge of the lowest that breaks. What was learned fades, so that a bin is
 * tried again. Latency that is as bad in low bins as in high ones teaches nothing: see `isFlat`.
 */

const BINS = 14;
const LEAST = 0.3;
const WIDTH = 0.05;
const HOLDS_DEVIATIONS = 2.5;
const HOLDS_SEEN = 3;
const BREAKS_DEVIATIONS = 1.5;
const BREAKS_SEEN = 2;
/** A service of which nothing is known is taken to be as restless as this. */
const FIRST_DEVIATION = 0.3;
const MEMORY = 8;
const MOST_WEIGHT = 12;
/** Per figure, of bins that are not seen. */
const FADE = 0.998;
const MOST_LOG = 2;
const FLAT_BINS = 2;
const FLAT_LOG = 0.25;

/** Plain JSON. */
export interface SafeUtilization {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

export const NOTHING_LEARNED: SafeUtilization = {
  weights: new Array<number>(BINS).fill(0),
  means: new Array<number>(BINS).fill(0),
  deviations: new Array<number>(BINS).fill(FIRST_DEVIATION),
};

/** `strain`: the worst of p99 and error ratio over their objectives, 0 or above. */
export function learnSafe(
  learned: SafeUtilization,
  figure: { readonly utilization: number; readonly strain: number },
): SafeUtilization {
  const bin = binOf(figure.utilization);
  if (bin < 0) return learned;
  const log = Math.log(Math.max(1e-9, figure.strain));
  const value = Math.max(-MOST_LOG, Math.min(MOST_LOG, log));
  const weight = Math.min(MOST_WEIGHT, (learned.weights[bin] as number) + 1);
  const mean = learned.means[bin] as number;
  const deviation = learned.deviations[bin] as number;
  return {
    weights: learned.weights.map((each, index) => (index === bin ? weight : each * FADE)),
    means: learned.means.with(bin, mean + (value - mean) / Math.min(weight, MEMORY)),
    deviations: learned.deviations.with(
      bin,
      deviation + (Math.abs(value - mean) - deviation) / MEMORY,
    ),
  };
}

/**
 * Latency is above the objective in three bins or more, and no better in the lowest of them than in
 * the highest: it does not come of being busy (a slow dependency does this), and more replicas do
 * not mend it.
 */
export function isFlat({ weights, means }: SafeUtilization): boolean {
  let lowest = -1;
  let highest = -1;
  for (let bin = 0; bin < BINS; bin += 1) {
    if ((weights[bin] as number) < BREAKS_SEEN || (means[bin] as number) <= 0) continue;
    if (lowest < 0) lowest = bin;
    highest = bin;
  }
  if (lowest < 0 || highest - lowest < FLAT_BINS) return false;
  return (means[lowest] as number) > (means[highest] as number) - FLAT_LOG;
}

/** The utilisation to run at, within the bounds. */
export function safeUtilization(
  learned: SafeUtilization,
  bounds: { readonly first: number; readonly least: number; readonly most: number },
): number {
  let safe = bounds.first;
  if (isFlat(learned)) return Math.min(bounds.most, Math.max(bounds.least, safe));
  for (let bin = 0; bin < BINS; bin += 1) {
    const weight = learned.weights[bin] as number;
    const mean = learned.means[bin] as number;
    const deviation = learned.deviations[bin] as number;
    if (weight >= BREAKS_SEEN && mean + BREAKS_DEVIATIONS * deviation > 0) {
      safe = Math.min(safe, edgeOf(bin));
      break;
    }
    if (weight >= HOLDS_SEEN && mean + HOLDS_DEVIATIONS * deviation < 0) {
      safe = Math.max(safe, edgeOf(bin + 2));
    }
  }
  return Math.min(bounds.most, Math.max(bounds.least, safe));
}

/** Mean of log(p99 / objective) at this utilisation; null: hardly seen. */
export function meanStrainAt(learned: SafeUtilization, utilization: number): number | null {
  const bin = binOf(utilization);
  return bin >= 0 && (learned.weights[bin] as number) >= 1 ? (learned.means[bin] as number) : null;
}

function binOf(utilization: number): number {
  return Math.min(BINS - 1, Math.floor((utilization - LEAST) / WIDTH));
}

function edgeOf(bin: number): number {
  return LEAST + bin * WIDTH;
}
