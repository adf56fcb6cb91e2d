/**
 * Is a value unlike its past?
 *
 *     z = 0.6745 (value - median) / MAD          anomalous above 3.5 in size
 *
 * MAD is the median of the distances from the median, so that outliers in the past do not hide
 * new ones. When more than half of the past is one and the same value MAD is 0; then the mean
 * distance serves (z = (value - median) / (1.2533 mean distance)), and when the past does not vary
 * at all, a change of more than 5 % of it counts as anomalous, and z is null.
 *
 * Source: B. Iglewicz, D. Hoaglin, How to Detect and Handle Outliers, 1993.
 */
import { mean, median } from '../numbers.ts';

export interface Anomaly {
  /** Null when the past does not vary: no distance can be told in its terms. */
  readonly z: number | null;
  readonly anomalous: boolean;
  readonly direction: 'high' | 'low' | 'none';
  readonly median: number;
  readonly method: 'mad' | 'mean-distance' | 'constant';
}

/** Fewer values say nothing about what is usual. */
const LEAST_HISTORY = 8;
const LIMIT = 3.5;
const CONSTANT_TOLERANCE = 0.05;

/** Null: the past is too short, or the value is no number. What is no number in it is skipped. */
export function robustZ(
  history: readonly number[],
  value: number,
  options: { readonly limit?: number } = {},
): Anomaly | null {
  const past = history.filter(Number.isFinite);
  if (past.length < LEAST_HISTORY || !Number.isFinite(value)) {
    return null;
  }
  const limit = options.limit ?? LIMIT;
  const middle = median(past);
  const distances = past.map((each) => Math.abs(each - middle));
  const mad = median(distances);
  const direction = value === middle ? 'none' : value > middle ? 'high' : 'low';
  const verdict = { direction, median: middle } as const;
  if (mad > 0) {
    const z = (0.6745 * (value - middle)) / mad;
    return { ...verdict, z, anomalous: Math.abs(z) > limit, method: 'mad' };
  }
  const meanDistance = mean(distances);
  if (meanDistance > 0) {
    const z = (value - middle) / (1.2533 * meanDistance);
    return { ...verdict, z, anomalous: Math.abs(z) > limit, method: 'mean-distance' };
  }
  const changed = Math.abs(value - middle) > CONSTANT_TOLERANCE * Math.abs(middle);
  return { ...verdict, z: null, anomalous: changed, method: 'constant' };
}
