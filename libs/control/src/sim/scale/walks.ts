import type { Draws } from '../random.ts';

/**
 * Whom each node probes next: a walk over all in strides of its own, a new stride after each
 * round. Each is met once a round, in an order that looks random, without a list for every node.
 */
export class Walks {
  private readonly members: number;
  private readonly draws: Draws;
  private readonly at: Uint32Array;
  private readonly stride: Uint32Array;
  private readonly met: Uint32Array;

  constructor(members: number, draws: Draws) {
    this.members = members;
    this.draws = draws;
    this.at = new Uint32Array(members);
    this.stride = new Uint32Array(members);
    this.met = new Uint32Array(members).fill(members);
  }

  /** Null: there is nobody. */
  next(node: number, isWanted: (other: number) => boolean): number | null {
    for (let step = 0; step < 2 * this.members; step += 1) {
      if ((this.met[node] as number) >= this.members) this.turn(node);
      const at = ((this.at[node] as number) + (this.stride[node] as number)) % this.members;
      this.at[node] = at;
      this.met[node] = (this.met[node] as number) + 1;
      if (isWanted(at)) return at;
    }
    return null;
  }

  private turn(node: number): void {
    this.met[node] = 0;
    this.at[node] = Math.floor(this.draws.uniform() * this.members);
    let stride = 1 + Math.floor(this.draws.uniform() * (this.members - 1));
    while (gcd(stride, this.members) !== 1) stride = 1 + (stride % (this.members - 1));
    this.stride[node] = stride;
  }
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
