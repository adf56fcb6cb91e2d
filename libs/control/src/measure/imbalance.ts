import { isMeasure, mean } from '../numbers.ts';

/**
 * The busiest instance over the mean (max / avg): 1 is even. Null when there is nothing to
 * compare: no instances, no load, or a load that is no number.
 */
export function loadImbalance(loads: readonly number[]): number | null {
  if (loads.length === 0 || !loads.every(isMeasure)) {
    return null;
  }
  const average = mean(loads);
  return average > 0 ? Math.max(...loads) / average : null;
}
