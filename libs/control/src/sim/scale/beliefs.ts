/**
 * What every node holds of every other, as one number: incarnation x 4 + status. A greater number
 * overrides a smaller one, which is SWIM's order of precedence: a new incarnation beats an old
 * one, and within it faulty beats suspect beats alive.
 */
export const UNKNOWN = 0;
export const ALIVE = 1;
export const SUSPECT = 2;
export const FAULTY = 3;

const MOST_INCARNATIONS = 16_000;

export function keyOf(incarnation: number, status: number): number {
  if (incarnation > MOST_INCARNATIONS) throw new Error('a node was suspected too often');
  return incarnation * 4 + status;
}

export function statusOf(key: number): number {
  return key & 3;
}

export function incarnationOf(key: number): number {
  return key >> 2;
}

/** A node's beliefs are those of the start, but for what it has heard since: kept by subject. */
export class Beliefs {
  private readonly nodes: number;
  private readonly first: Uint16Array;
  private readonly heard: (Uint16Array | undefined)[];

  /** All know all, but for subjects from `unknownFrom` on. */
  constructor(nodes: number, subjects: number, unknownFrom: number) {
    this.nodes = nodes;
    this.first = new Uint16Array(subjects).fill(ALIVE).fill(UNKNOWN, unknownFrom);
    this.heard = new Array<undefined>(subjects).fill(undefined);
  }

  get(observer: number, subject: number): number {
    const heard = this.heard[subject];
    return (heard === undefined ? this.first[subject] : heard[observer]) as number;
  }

  set(observer: number, subject: number, key: number): void {
    let heard = this.heard[subject];
    if (heard === undefined) {
      heard = new Uint16Array(this.nodes).fill(this.first[subject] as number);
      this.heard[subject] = heard;
    }
    heard[observer] = key;
  }

  /** Subjects of which anybody has heard anything. */
  heardOf(): readonly number[] {
    return [...this.heard.keys()].filter((subject) => this.heard[subject] !== undefined);
  }
}
