import { isMeasure } from '../../numbers.ts';

export type Weights = { readonly [id: string]: number };

/** Adds to a record that is still being built; an instance may well be called `__proto__`. */
export function put<T>(record: { [key: string]: T }, key: string, value: T): void {
  if (key === '__proto__') {
    const entry = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(record, key, entry);
  } else {
    record[key] = value;
  }
}

/** Positive and finite weights only: a broken read-back is not proposed again. */
export function saneWeights(weights: Weights): Weights {
  const sane: { [id: string]: number } = {};
  for (const id of Object.keys(weights)) {
    const weight = weights[id];
    if (isMeasure(weight)) {
      put(sane, id, weight);
    }
  }
  return sane;
}
