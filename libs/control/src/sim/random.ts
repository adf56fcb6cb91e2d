/**
 * A seeded generator as data (mulberry32: 32 bits of state, period 2^32, good enough to simulate
 * with, not for secrets). The same seed gives the same run anywhere.
 */
export interface Random {
  readonly seed: number;
}

/** A cursor over the generator: draws advance it, `random` is where it stands. */
export class Draws {
  private seed: number;

  constructor(random: Random) {
    this.seed = random.seed >>> 0;
  }

  get random(): Random {
    return { seed: this.seed };
  }

  /** Uniform, 0 inclusive to 1 exclusive. */
  uniform(): number {
    this.seed = (this.seed + 0x6d2b79f5) >>> 0;
    let bits = this.seed;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Mean 0, deviation 1 (Box-Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** How many of `count` independent trials succeed. */
  binomial(count: number, probability: number): number {
    let successes = 0;
    for (let trial = 0; trial < count; trial += 1) {
      if (this.uniform() < probability) {
        successes += 1;
      }
    }
    return successes;
  }
}
