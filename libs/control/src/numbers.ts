/** Ends of the decades from 1e-8 on: a number below one has the scale at the same place. */
const DECADES = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
/** Scaled by it a number of its decade has twelve digits before the point. */
const SCALES = [
  1e19, 1e18, 1e17, 1e16, 1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3,
];

/** Removes the noise of binary fractions, to twelve digits: 900 x 1.1 is 990. */
export function tidy(value: number): number {
  const size = Math.abs(value);
  if (size === 0) {
    return 0;
  }
  if (!(size >= 1e-8 && size < 1e9)) {
    return Number(value.toPrecision(12));
  }
  // Scaled, twelve digits are a whole number; divided by a power of ten it is rounded only once.
  // Printing the number and reading it again says the same and takes twenty times as long.
  let decade = size < 1 ? 0 : 8;
  while (size >= (DECADES[decade] as number)) {
    decade += 1;
  }
  const scale = SCALES[decade] as number;
  return Math.round(value * scale) / scale;
}

export function isMeasure(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a non-empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** A record's own entry: an instance may well be called `constructor`. */
export function own<T>(record: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
