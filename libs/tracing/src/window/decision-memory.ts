import { TRACE_A } from '../otlp/span-table.ts';
import type { Decision } from '../sampling/decision.ts';

const WAYS = 8;

/**
 * Decisions of kept traces by exact id, for late spans. Set-associative: an id has eight places it
 * can be in, and the one used longest ago gives way, so memory is fixed and nothing is ever moved.
 */
export class KeptMemory {
  readonly #ids: Int32Array;
  readonly #usedAt: Float64Array;
  readonly #decisions: (Decision | undefined)[];
  readonly #mask: number;
  #clock = 0;

  constructor(capacity: number) {
    const sets = setsFor(capacity, WAYS);
    this.#mask = sets - 1;
    this.#ids = new Int32Array(sets * WAYS * 4);
    this.#usedAt = new Float64Array(sets * WAYS);
    this.#decisions = new Array(sets * WAYS).fill(undefined);
  }

  /** The decision on the trace id at `rows[base]`, or undefined. */
  get(rows: Int32Array, base: number, hash: number): Decision | undefined {
    const place = this.#find(rows, base, hash);
    if (place < 0) return undefined;
    this.#clock += 1;
    this.#usedAt[place] = this.#clock;
    return this.#decisions[place];
  }

  set(rows: Int32Array, base: number, hash: number, decision: Decision): void {
    const known = this.#find(rows, base, hash);
    const place = known >= 0 ? known : this.#oldest(hash);
    for (let word = 0; word < 4; word += 1) {
      this.#ids[place * 4 + word] = rows[base + TRACE_A + word] as number;
    }
    this.#clock += 1;
    this.#usedAt[place] = this.#clock;
    this.#decisions[place] = decision;
  }

  #find(rows: Int32Array, base: number, hash: number): number {
    const first = (hash & this.#mask) * WAYS;
    const id = base + TRACE_A;
    for (let place = first; place < first + WAYS; place += 1) {
      const at = place * 4;
      if (
        this.#ids[at] === rows[id] &&
        this.#ids[at + 1] === rows[id + 1] &&
        this.#ids[at + 2] === rows[id + 2] &&
        this.#ids[at + 3] === rows[id + 3]
      ) {
        return place;
      }
    }
    return -1;
  }

  #oldest(hash: number): number {
    const first = (hash & this.#mask) * WAYS;
    let oldest = first;
    for (let place = first + 1; place < first + WAYS; place += 1) {
      if ((this.#usedAt[place] as number) < (this.#usedAt[oldest] as number)) oldest = place;
    }
    return oldest;
  }
}

/**
 * Ids of dropped traces as 32-bit fingerprints in sets of eight; the oldest of a set gives way.
 * A trace that was never seen is taken for a dropped one about once in 5 x 10^8.
 */
export class DroppedMemory {
  readonly #prints: Int32Array;
  /** The next place of a set to be overwritten. */
  readonly #next: Uint8Array;
  readonly #mask: number;

  constructor(capacity: number) {
    const sets = setsFor(capacity, WAYS);
    this.#mask = sets - 1;
    this.#prints = new Int32Array(sets * WAYS);
    this.#next = new Uint8Array(sets);
  }

  has(rows: Int32Array, base: number, hash: number): boolean {
    const first = (hash & this.#mask) * WAYS;
    const print = fingerprint(rows, base);
    for (let place = first; place < first + WAYS; place += 1) {
      if (this.#prints[place] === print) return true;
    }
    return false;
  }

  /** The id must not be known: whoever opened the trace has asked. */
  add(rows: Int32Array, base: number, hash: number): void {
    const set = hash & this.#mask;
    const next = this.#next[set] as number;
    this.#prints[set * WAYS + next] = fingerprint(rows, base);
    this.#next[set] = (next + 1) % WAYS;
  }
}

/** Another mix of the id than the table's hash; never 0, which marks an empty place. */
function fingerprint(rows: Int32Array, base: number): number {
  const at = base + TRACE_A;
  let print = 0x27d4eb2f;
  for (let word = 0; word < 4; word += 1) {
    print = Math.imul(print ^ (rows[at + word] as number), 0x165667b1);
    print ^= print >>> 15;
  }
  return print === 0 ? 1 : print;
}

function setsFor(capacity: number, ways: number): number {
  let sets = 1;
  while (sets * ways < capacity) sets *= 2;
  return sets;
}
