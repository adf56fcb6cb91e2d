import { Draws } from '../sim/random.ts';

/** For tests: noise of mean 0 and standard deviation 1, the same for the same seed. */
export function noise(seed: number): () => number {
  const draws = new Draws({ seed });
  return () => {
    const radius = Math.sqrt(-2 * Math.log(1 - draws.uniform()));
    return radius * Math.cos(2 * Math.PI * draws.uniform());
  };
}

export const sine =
  (period: number, height = 40, level = 100) =>
  (k: number): number =>
    level + height * Math.sin((2 * Math.PI * k) / period);

export const square =
  (period: number, height = 40, level = 100) =>
  (k: number): number =>
    level + (((k % period) + period) % period < period / 2 ? height : -height);
