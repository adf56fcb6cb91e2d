/**
 * How busy replicas may be before latency breaks: learned per service, for it lies anywhere from
 * 0.65 to 0.95, by the balancer, the machines and the tail of the service times.
 *
 * Utilisation is cut into bins of 0.05. Each remembers the mean of log(p99 / objective) seen in it
 * while the fleet stood still and was warm. Safe is the upper edge of the highest bin that was
 * seen to hold with room, one bin more as long as the next is unknown, and never above the lower
 * edge of a bin that was seen to break. What was learned fades, so that a bin is tried again.
 */

const BINS = 14;
const LEAST = 0.3;
const WIDTH = 0.05;
/** Held with room: the mean stays this far below the objective. */
const HOLDS = Math.log(0.7);
const BREAKS = Math.log(0.95);
const MOST_WEIGHT = 12;
/** Per figure, of bins that are not seen. */
const FADE = 0.998;

/** Plain JSON. */
export interface SafeUtilization {
  readonly weights: readonly number[];
  readonly means: readonly number[];
}

export const NOTHING_LEARNED: SafeUtilization = {
  weights: new Array<number>(BINS).fill(0),
  means: new Array<number>(BINS).fill(0),
};

/** `strain`: the worst of p99 and error ratio over their objectives, above 0. */
export function learnSafe(
  learned: SafeUtilization,
  figure: { readonly utilization: number; readonly strain: number },
): SafeUtilization {
  const bin = binOf(figure.utilization);
  if (bin < 0) return learned;
  const value = Math.max(-2, Math.min(2, Math.log(Math.max(1e-9, figure.strain))));
  const weight = Math.min(MOST_WEIGHT, (learned.weights[bin] as number) + 1);
  const mean = learned.means[bin] as number;
  return {
    weights: learned.weights.map((each, index) => (index === bin ? weight : each * FADE)),
    means: learned.means.with(bin, mean + (value - mean) / Math.min(weight, 8)),
  };
}

/** The utilisation to run at, within the bounds. */
export function safeUtilization(
  learned: SafeUtilization,
  bounds: { readonly first: number; readonly least: number; readonly most: number },
): number {
  let safe = bounds.first;
  for (let bin = 0; bin < BINS; bin += 1) {
    const weight = learned.weights[bin] as number;
    const mean = learned.means[bin] as number;
    if (weight >= 2 && mean > BREAKS) {
      safe = Math.min(safe, edgeOf(bin));
      break;
    }
    if (weight >= 3 && mean < HOLDS) safe = Math.max(safe, edgeOf(bin + 1) + WIDTH / 2);
  }
  return Math.min(bounds.most, Math.max(bounds.least, safe));
}

function binOf(utilization: number): number {
  return Math.min(BINS - 1, Math.floor((utilization - LEAST) / WIDTH));
}

function edgeOf(bin: number): number {
  return LEAST + bin * WIDTH;
}
