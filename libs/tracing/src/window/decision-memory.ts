import { TRACE_A } from '../otlp/span-table.ts';
import type { Decision } from '../sampling/decision.ts';

/** Returned instead of a place: the trace is not known. */
export const UNKNOWN = -1;

/** A bucket is 64 bytes: places for decisions, and one word for the bucket itself. */
const BUCKET = 16;
const PLACES = BUCKET - 1;
/** Share of the places that is taken when most decisions are remembered. */
const LOAD = 0.75;

/** Decisions are remembered for this many epochs; the next one takes the number of the oldest. */
const EPOCHS = 7;
const EPOCH_MASK = 7;
const KEPT = 8;
const PRINT_MASK = ~15;

/** A memory for one fate holds at least this part of what the other one holds. */
const LEAST_PART = 1 / 64;

/**
 * Which traces were kept and which were dropped, for spans that come late.
 *
 * What is forgotten must not depend on a trace's randomness: where kept traces were forgotten
 * sooner than dropped ones, late spans would follow the drops and be decided anew only where the
 * trace was kept, and no weight makes up for that. So both fates are forgotten together, an epoch
 * at a time. An epoch ends when either fate has filled its part, and nothing younger than the
 * oldest epoch ever gives way.
 *
 * A decision is one word: 28 bits of another hash of the id, whether it was kept, and its epoch (0:
 * a free place). It lies in the bucket that its id points to or, when that is full, in one of those
 * after it; the bucket's last word is the epoch in which that happened last. So a look-up ends in
 * the first bucket nearly always. Places of a bucket are taken in turn, and so given back in turn.
 * A trace never seen is taken for another once in 2 x 10^7.
 */
export class DecisionMemory {
  readonly #words: Int32Array;
  /** Of each bucket the place taken next, and how many before it are taken. */
  readonly #next: Uint8Array;
  readonly #used: Uint8Array;
  readonly #buckets: number;
  /** By epoch, by place. */
  readonly #decisions: Map<number, Decision>[] = [];
  readonly #maxKept: number;
  readonly #maxDropped: number;
  #epoch = 1;
  #kept = 0;
  #dropped = 0;

  /**
   * @param kept traces remembered at least, and `dropped` likewise, whichever come first; where
   *   their mix changes, shares of both that add up to one
   */
  constructor(kept: number, dropped: number) {
    // The epoch under way may just have begun: the others must be enough.
    this.#maxKept = Math.ceil(Math.max(1, kept, dropped * LEAST_PART) / (EPOCHS - 1));
    this.#maxDropped = Math.ceil(Math.max(1, dropped, kept * LEAST_PART) / (EPOCHS - 1));
    const most = EPOCHS * (this.#maxKept + this.#maxDropped);
    this.#buckets = Math.ceil(most / LOAD / PLACES);
    this.#words = new Int32Array(this.#buckets * BUCKET);
    this.#next = new Uint8Array(this.#buckets);
    this.#used = new Uint8Array(this.#buckets);
    for (let epoch = 0; epoch <= EPOCHS; epoch += 1) this.#decisions.push(new Map());
  }

  /** The place of the trace id at `rows[base]`, or `UNKNOWN`. */
  find(rows: Int32Array, base: number, hash: number): number {
    const words = this.#words;
    const print = fingerprint(rows, base);
    let bucket = this.#bucketOf(hash);
    for (let probe = 0; probe < this.#buckets; probe += 1) {
      const first = bucket * BUCKET;
      const end = first + PLACES;
      for (let place = first; place < end; place += 1) {
        if ((((words[place] as number) ^ print) & PRINT_MASK) === 0) return place;
      }
      if (words[end] === 0) return UNKNOWN;
      bucket = bucket + 1 === this.#buckets ? 0 : bucket + 1;
    }
    return UNKNOWN;
  }

  /** Reads where `find` and `add` will begin. */
  peek(hash: number): number {
    const bucket = this.#bucketOf(hash);
    return (this.#words[bucket * BUCKET] as number) ^ (this.#used[bucket] as number);
  }

  /** The decision at a place, if the trace was kept; undefined if it was dropped. */
  keptAt(place: number): Decision | undefined {
    const word = this.#words[place] as number;
    return (word & KEPT) === 0 ? undefined : this.#decisions[word & EPOCH_MASK]?.get(place);
  }

  /** The id must not be known: whoever opened the trace has asked. */
  add(rows: Int32Array, base: number, hash: number, decision: Decision): void {
    const place = this.#place(hash);
    const print = fingerprint(rows, base) & PRINT_MASK;
    this.#words[place] = print | (decision.keep ? KEPT : 0) | this.#epoch;
    if (decision.keep) {
      this.#decisions[this.#epoch]?.set(place, decision);
      this.#kept += 1;
    } else this.#dropped += 1;
    if (this.#kept >= this.#maxKept || this.#dropped >= this.#maxDropped) this.#turn();
  }

  /** The next place of the id's bucket, or of one after it: there are more than decisions. */
  #place(hash: number): number {
    let bucket = this.#bucketOf(hash);
    while (this.#used[bucket] === PLACES) {
      this.#words[bucket * BUCKET + PLACES] = this.#epoch;
      bucket = bucket + 1 === this.#buckets ? 0 : bucket + 1;
    }
    const next = this.#next[bucket] as number;
    this.#next[bucket] = next + 1 === PLACES ? 0 : next + 1;
    this.#used[bucket] = (this.#used[bucket] as number) + 1;
    return bucket * BUCKET + next;
  }

  /** Forgets the oldest epoch, and begins one in its stead. */
  #turn(): void {
    const words = this.#words;
    const epoch = this.#epoch === EPOCHS ? 1 : this.#epoch + 1;
    for (let bucket = 0; bucket < this.#buckets; bucket += 1) {
      const first = bucket * BUCKET;
      let used = this.#used[bucket] as number;
      let oldest = (this.#next[bucket] as number) - used;
      if (oldest < 0) oldest += PLACES;
      for (; used > 0; used -= 1) {
        if (((words[first + oldest] as number) & EPOCH_MASK) !== epoch) break;
        words[first + oldest] = 0;
        oldest = oldest + 1 === PLACES ? 0 : oldest + 1;
      }
      this.#used[bucket] = used;
      if (words[first + PLACES] === epoch) words[first + PLACES] = 0;
    }
    this.#decisions[epoch]?.clear();
    this.#epoch = epoch;
    this.#kept = 0;
    this.#dropped = 0;
  }

  #bucketOf(hash: number): number {
    return Math.floor(((hash >>> 0) / 2 ** 32) * this.#buckets);
  }
}

/** Another mix of the id than the table's hash; its print is never that of a free place. */
function fingerprint(rows: Int32Array, base: number): number {
  const at = base + TRACE_A;
  let print = 0x27d4eb2f;
  for (let word = 0; word < 4; word += 1) {
    print = Math.imul(print ^ (rows[at + word] as number), 0x165667b1);
    print ^= print >>> 15;
  }
  return (print & PRINT_MASK) === 0 ? ~PRINT_MASK + 1 : print;
}
