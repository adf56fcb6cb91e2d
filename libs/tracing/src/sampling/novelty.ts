const WAYS = 8;
/** Interned ids are below this, so that a pair of them is one exact number. */
const IDS = 2 ** 24;
/** No id is 0 in both halves of a pair that is remembered: '' calls or does nothing. */
const EMPTY = 0;

/**
 * When pairs of names (caller and callee, service and operation) were seen first and last. Of fixed
 * size: a pair has eight places it can be in, and the one not seen longest gives way. A pair that
 * gave way counts as new again.
 */
export class Novelty {
  readonly #keys: Float64Array;
  readonly #firstMs: Float64Array;
  readonly #lastMs: Float64Array;
  readonly #mask: number;
  /** Pairs that gave way to others. */
  evicted = 0;

  /** @param capacity pairs; rounded up to a power of two */
  constructor(capacity: number) {
    let sets = 1;
    while (sets * WAYS < capacity) sets *= 2;
    this.#mask = sets - 1;
    this.#keys = new Float64Array(sets * WAYS);
    this.#firstMs = new Float64Array(sets * WAYS);
    this.#lastMs = new Float64Array(sets * WAYS);
  }

  /** Whether the pair was never seen, or not for `unseenForMs`, or became so under `forMs` ago. */
  isNew(left: number, right: number, nowMs: number, unseenForMs: number, forMs: number): boolean {
    const key = left * IDS + right;
    if (key === EMPTY) return false;
    const place = this.#find(key);
    if (this.#keys[place] !== key) return true;
    if (nowMs - (this.#lastMs[place] as number) >= unseenForMs) return true;
    return nowMs - (this.#firstMs[place] as number) < forMs;
  }

  /** @param unseenForMs the shortest absence after which some rule takes a pair for new again */
  see(left: number, right: number, nowMs: number, unseenForMs: number): void {
    const key = left * IDS + right;
    if (key === EMPTY) return;
    const place = this.#find(key);
    if (this.#keys[place] !== key) {
      if (this.#keys[place] !== EMPTY) this.evicted += 1;
      this.#keys[place] = key;
      this.#firstMs[place] = nowMs;
    } else if (nowMs - (this.#lastMs[place] as number) >= unseenForMs) {
      this.#firstMs[place] = nowMs;
    }
    this.#lastMs[place] = nowMs;
  }

  /** Marks the ids of all pairs that are remembered; of their left halves when `both` is false. */
  markNames(used: Uint8Array, both = true): void {
    for (const key of this.#keys) {
      if (key === EMPTY) continue;
      used[Math.floor(key / IDS)] = 1;
      if (both) used[key % IDS] = 1;
    }
  }

  /** The place of a key, or the one it would take. */
  #find(key: number): number {
    const first = (hashOf(key) & this.#mask) * WAYS;
    let oldest = first;
    for (let place = first; place < first + WAYS; place += 1) {
      if (this.#keys[place] === key) return place;
      if (this.#keys[oldest] === EMPTY) continue;
      const earlier = (this.#lastMs[place] as number) < (this.#lastMs[oldest] as number);
      if (earlier || this.#keys[place] === EMPTY) oldest = place;
    }
    return oldest;
  }
}

function hashOf(key: number): number {
  let hash = Math.imul(
    (key % 2 ** 32) ^ Math.imul(Math.floor(key / 2 ** 32), 0x9e3779b1),
    0x85ebca6b,
  );
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
