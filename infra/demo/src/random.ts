/**
 * A seeded source of uniform numbers in [0, 1): mulberry32. The same seed gives the same shop,
 * so that two runs of the demo see the same kind of traffic.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A seed of its own for every instance: FNV-1a over its name, mixed with the shop's seed. */
export function seedFor(name: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Exponentially distributed with the given mean: the gap between two Poisson arrivals. */
export function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/**
 * Lognormal with the given mean; `sigma` is the standard deviation of its logarithm. Times of
 * real handlers look like this: never negative, with a tail to the right.
 */
export function lognormal(random: () => number, shape: { mean: number; sigma: number }): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  const normal = radius * Math.cos(2 * Math.PI * random());
  return shape.mean * Math.exp(shape.sigma * normal - (shape.sigma * shape.sigma) / 2);
}
