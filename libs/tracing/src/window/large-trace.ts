import { NO_ROW, type SpanStore } from './span-store.ts';

/** Bytes an index takes beside its slots: the object and its entry in a map. */
const OWN_BYTES = 200;

/**
 * Rows of a large trace by span id, where walking its chain to find a duplicate would take too
 * long. Open addressing, at most half full.
 */
export class LargeTrace {
  readonly #spans: SpanStore;
  readonly #seed: number;
  /** A row plus one; 0: free. */
  #slots = new Int32Array(512);
  #count = 0;

  /**
   * @param head last span of the chain of spans that are there already
   * @param seed any number; a random one keeps senders from crafting ids that collide
   */
  constructor(spans: SpanStore, head: number, seed: number) {
    this.#spans = spans;
    this.#seed = seed;
    for (let row = head; row !== NO_ROW; row = spans.next(row)) this.add(row);
  }

  get bytes(): number {
    return OWN_BYTES + this.#slots.length * 4;
  }

  has(high: number, low: number): boolean {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(high, low, this.#seed) & mask; ; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] as number) - 1;
      if (row < 0) return false;
      if (this.#spans.hasId(row, high, low)) return true;
    }
  }

  /** The span must not be there yet. */
  add(row: number): void {
    this.#count += 1;
    if (this.#count * 2 > this.#slots.length) {
      const old = this.#slots;
      this.#slots = new Int32Array(old.length * 2);
      for (const taken of old) if (taken !== 0) this.#place(taken - 1);
    }
    this.#place(row);
  }

  #place(row: number): void {
    const mask = this.#slots.length - 1;
    const hash = hashOf(this.#spans.spanIdHigh(row), this.#spans.spanIdLow(row), this.#seed);
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }
}

function hashOf(high: number, low: number, seed: number): number {
  let hash = Math.imul(seed ^ low, 0x85ebca6b);
  hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ high, 0x9e3779b1);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
