import type { SpanTable } from '../otlp/span-table.ts';
import { BUCKETS_PER_OCTAVE, bucketIndex } from './histogram.ts';

/** Bucket index to count, as a ClickHouse Map(Int16, UInt64) is written in JSON. */
export type Buckets = Record<string, number>;

const NS_PER_SECOND = 1e9;
/** The sum of two durations below this is exact as a double. */
const EXACT_NS = 2 ** 52;

/** Counts the duration of a span, however long it claims to be. */
export function countSpan(counts: Counts, table: SpanTable, span: number, error: boolean): void {
  const durationNs = table.durationNs(span);
  if (durationNs < 2 * EXACT_NS) counts.add(durationNs, error);
  else counts.addExact(table.endNs(span) - table.startNs(span), error);
}

/** Count, errors, sum and histogram of durations. The sum is exact: seconds and rest apart. */
export class Counts {
  count = 0;
  errors = 0;
  #seconds = 0;
  #nanoseconds = 0;
  /** Index of the first bucket in `#buckets`, a whole octave. */
  #first = 0;
  #buckets = NO_BUCKETS;

  add(durationNs: number, error: boolean): void {
    if (durationNs >= EXACT_NS) {
      this.addExact(BigInt(durationNs), error);
      return;
    }
    this.count += 1;
    if (error) this.errors += 1;
    this.#nanoseconds += durationNs;
    if (this.#nanoseconds >= EXACT_NS) {
      const seconds = Math.floor(this.#nanoseconds / NS_PER_SECOND);
      this.#seconds += seconds;
      this.#nanoseconds -= seconds * NS_PER_SECOND;
    }
    this.#countBucket(bucketIndex(durationNs));
  }

  /** For a duration too long for a double: over 52 days. */
  addExact(durationNs: bigint, error: boolean): void {
    this.count += 1;
    if (error) this.errors += 1;
    this.#seconds += Number(durationNs / BigInt(NS_PER_SECOND));
    this.#nanoseconds += Number(durationNs % BigInt(NS_PER_SECOND));
    this.#countBucket(bucketIndex(Number(durationNs)));
  }

  /** The values as the columns count, errors, duration_sum_ns and buckets. */
  columns(): CountColumns {
    const sum = BigInt(this.#seconds) * BigInt(NS_PER_SECOND) + BigInt(this.#nanoseconds);
    const buckets: Buckets = {};
    this.#buckets.forEach((count, at) => {
      if (count > 0) buckets[this.#first + at] = count;
    });
    return { count: this.count, errors: this.errors, duration_sum_ns: sum.toString(), buckets };
  }

  #countBucket(index: number): void {
    const at = index - this.#first;
    if (at >= 0 && at < this.#buckets.length) this.#buckets[at]! += 1;
    else this.#widen(index);
  }

  /** Makes room for a bucket outside, by whole octaves: most series stay within a few. */
  #widen(index: number): void {
    const octave = index - (index % BUCKETS_PER_OCTAVE);
    const end = octave + BUCKETS_PER_OCTAVE;
    const { length } = this.#buckets;
    const first = length === 0 ? octave : Math.min(this.#first, octave);
    const last = length === 0 ? end : Math.max(this.#first + length, end);
    const wider = new Uint32Array(last - first);
    wider.set(this.#buckets, length === 0 ? 0 : this.#first - first);
    this.#first = first;
    this.#buckets = wider;
    wider[index - first]! += 1;
  }
}

const NO_BUCKETS = new Uint32Array(0);

export interface CountColumns {
  count: number;
  errors: number;
  /** Nanoseconds as decimal text: a UInt64 does not fit a double. */
  duration_sum_ns: string;
  buckets: Buckets;
}
