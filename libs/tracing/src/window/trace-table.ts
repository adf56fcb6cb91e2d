import { TRACE_A, WORDS } from '../otlp/span-table.ts';

/** One entry is `ENTRY` words, a cache line; the constants name the word. */
const ENTRY = 16;
/** Trace id, four words. */
const ID = 0;
/** Last span of the trace's chain in the span store. */
export const HEAD = 4;
export const SPANS = 5;
export const BYTES = 6;
export const FLAGS = 7;
/** A small Bloom filter over the span ids: most new spans are known to be new at a glance. */
export const SEEN_A = 8;
export const SEEN_B = 9;
/** Links of the list of all waiting traces, in order of their first span. */
export const ALL_PREVIOUS = 10;
export const ALL_NEXT = 11;
/** Links of the list of rooted or of due traces; a trace is in at most one of them. */
export const QUEUE_PREVIOUS = 12;
export const QUEUE_NEXT = 13;

/** Words, two times and two slots, at most half of which are taken. */
export const ENTRY_BYTES = ENTRY * 4 + 16 + 2 * 8;

export const NO_ENTRY = -1;

/**
 * Traces by 128-bit id: open addressing with linear probing over typed arrays, at most half full.
 * Deleting shifts the following entries back, so there are no tombstones and no slow decay.
 */
export class TraceTable {
  readonly #seed: number;
  /** Per slot the entry plus one (0: free) and the hash of its id, to pass over others unseen. */
  #slots = new Int32Array(2 * 1024);
  #mask = 1023;
  #words = new Int32Array(512 * ENTRY);
  #firstSeenMs = new Float64Array(512);
  #rootSeenMs = new Float64Array(512);
  #free = NO_ENTRY;
  #allocated = 0;
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  word(entry: number, field: number): number {
    return this.#words[entry * ENTRY + field] as number;
  }

  setWord(entry: number, field: number, value: number): void {
    this.#words[entry * ENTRY + field] = value;
  }

  firstSeenMs(entry: number): number {
    return this.#firstSeenMs[entry] as number;
  }

  setFirstSeenMs(entry: number, timeMs: number): void {
    this.#firstSeenMs[entry] = timeMs;
  }

  rootSeenMs(entry: number): number {
    return this.#rootSeenMs[entry] as number;
  }

  setRootSeenMs(entry: number, timeMs: number): void {
    this.#rootSeenMs[entry] = timeMs;
  }

  /** The entry of the trace id at `rows[base]`, or `NO_ENTRY`. `hash` is `hashTraceId` of it. */
  find(rows: Int32Array, base: number, hash: number): number {
    const slots = this.#slots;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = (slots[2 * slot] as number) - 1;
      if (entry < 0) return NO_ENTRY;
      if (slots[2 * slot + 1] === hash && this.#hasId(entry, rows, base)) return entry;
    }
  }

  /**
   * Fills `hashes` with those of the ids in `count` rows, and touches what looking them up will
   * read: reads that do not wait for each other take little longer than one.
   *
   * @returns a number without meaning, for the caller to keep, lest the reads are left out
   */
  touch(rows: Int32Array, count: number, hashes: Int32Array): number {
    const slots = this.#slots;
    const words = this.#words;
    let sum = 0;
    for (let span = 0; span < count; span += 1) {
      const hash = this.hashOf(rows, span * WORDS);
      hashes[span] = hash;
      sum ^= slots[2 * (hash & this.#mask)] as number;
    }
    for (let span = 0; span < count; span += 1) {
      const entry = (slots[2 * ((hashes[span] as number) & this.#mask)] as number) - 1;
      if (entry >= 0) sum ^= words[entry * ENTRY] as number;
    }
    return sum;
  }

  /** Reads where `remove` will look for the id of this hash. */
  peek(hash: number): number {
    return this.#slots[2 * (hash & this.#mask)] as number;
  }

  hashOf(rows: Int32Array, base: number): number {
    return hashTraceId(rows, base, this.#seed);
  }

  /** Adds an id that is not there yet. All fields but the id are zero, the times too. */
  insert(rows: Int32Array, base: number, hash: number): number {
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#rehash();
    const entry = this.#allocate();
    const at = entry * ENTRY;
    this.#words.fill(0, at, at + ENTRY);
    for (let word = 0; word < 4; word += 1) {
      this.#words[at + ID + word] = rows[base + TRACE_A + word] as number;
    }
    this.#firstSeenMs[entry] = 0;
    this.#rootSeenMs[entry] = 0;
    this.#place(entry, hash);
    this.#size += 1;
    return entry;
  }

  /** Writes the trace id of an entry into the row at `rows[base]`. */
  copyId(entry: number, rows: Int32Array, base: number): void {
    const at = entry * ENTRY + ID;
    for (let word = 0; word < 4; word += 1) {
      rows[base + TRACE_A + word] = this.#words[at + word] as number;
    }
  }

  remove(entry: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#hashOfEntry(entry) & mask;
    while ((slots[2 * hole] as number) - 1 !== entry) hole = (hole + 1) & mask;
    let slot = hole;
    for (;;) {
      slot = (slot + 1) & mask;
      const next = slots[2 * slot] as number;
      if (next === 0) break;
      const hash = slots[2 * slot + 1] as number;
      const home = hash & mask;
      // It may move into the hole unless its home lies between the hole and its place.
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[2 * hole] = next;
        slots[2 * hole + 1] = hash;
        hole = slot;
      }
    }
    slots[2 * hole] = 0;
    this.setWord(entry, ALL_NEXT, this.#free);
    this.#free = entry;
    this.#size -= 1;
  }

  #hasId(entry: number, rows: Int32Array, base: number): boolean {
    const words = this.#words;
    const at = entry * ENTRY;
    const id = base + TRACE_A;
    return (
      words[at] === rows[id] &&
      words[at + 1] === rows[id + 1] &&
      words[at + 2] === rows[id + 2] &&
      words[at + 3] === rows[id + 3]
    );
  }

  #hashOfEntry(entry: number): number {
    return hashTraceId(this.#words, entry * ENTRY - TRACE_A, this.#seed);
  }

  #place(entry: number, hash: number): void {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[2 * slot] !== 0) slot = (slot + 1) & this.#mask;
    slots[2 * slot] = entry + 1;
    slots[2 * slot + 1] = hash;
  }

  #allocate(): number {
    if (this.#free !== NO_ENTRY) {
      const entry = this.#free;
      this.#free = this.word(entry, ALL_NEXT);
      return entry;
    }
    const entry = this.#allocated;
    this.#allocated += 1;
    if (this.#allocated > this.#firstSeenMs.length) this.#grow();
    return entry;
  }

  #grow(): void {
    const capacity = this.#firstSeenMs.length * 2;
    const words = new Int32Array(capacity * ENTRY);
    words.set(this.#words);
    this.#words = words;
    const firstSeenMs = new Float64Array(capacity);
    firstSeenMs.set(this.#firstSeenMs);
    this.#firstSeenMs = firstSeenMs;
    const rootSeenMs = new Float64Array(capacity);
    rootSeenMs.set(this.#rootSeenMs);
    this.#rootSeenMs = rootSeenMs;
  }

  #rehash(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = old.length - 1;
    for (let slot = 0; slot < old.length; slot += 2) {
      const entry = (old[slot] as number) - 1;
      if (entry >= 0) this.#place(entry, old[slot + 1] as number);
    }
  }
}

/** Mixes all bits of a trace id (at `rows[base + TRACE_A]`): ids need not be random. */
export function hashTraceId(rows: Int32Array, base: number, seed: number): number {
  const at = base + TRACE_A;
  let hash = Math.imul(seed ^ (rows[at] as number), 0x85ebca6b);
  hash = mix(hash, rows[at + 1] as number);
  hash = mix(hash, rows[at + 2] as number);
  hash = mix(hash, rows[at + 3] as number);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}

function mix(hash: number, word: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ word, 0x9e3779b1);
}
