import type { SpanTable } from '../otlp/span-table.ts';
import { bucketIndex } from './histogram.ts';

/** Bucket index to count, as a ClickHouse Map(Int16, UInt64) is written in JSON. */
export type Buckets = Record<string, number>;

const NS_PER_SECOND = 1e9;
/** Below this a duration is exact as a double. */
const EXACT_NS = 2 ** 53;

/** Counts the duration of a span, however long it claims to be. */
export function countSpan(counts: Counts, table: SpanTable, span: number, error: boolean): void {
  const durationNs = table.durationNs(span);
  if (durationNs < EXACT_NS) counts.add(durationNs, error);
  else counts.addExact(table.endNs(span) - table.startNs(span), error);
}

/** Count, errors, sum and histogram of durations. The sum is exact: seconds and rest apart. */
export class Counts {
  count = 0;
  errors = 0;
  #seconds = 0;
  #nanoseconds = 0;
  readonly #buckets = new Map<number, number>();

  add(durationNs: number, error: boolean): void {
    this.count += 1;
    if (error) this.errors += 1;
    const seconds = Math.floor(durationNs / NS_PER_SECOND);
    this.#seconds += seconds;
    this.#nanoseconds += durationNs - seconds * NS_PER_SECOND;
    const index = bucketIndex(durationNs);
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + 1);
  }

  /** For a duration too long for a double: over 104 days. */
  addExact(durationNs: bigint, error: boolean): void {
    this.count += 1;
    if (error) this.errors += 1;
    this.#seconds += Number(durationNs / BigInt(NS_PER_SECOND));
    this.#nanoseconds += Number(durationNs % BigInt(NS_PER_SECOND));
    const index = bucketIndex(Number(durationNs));
    this.#buckets.set(index, (this.#buckets.get(index) ?? 0) + 1);
  }

  /** The values as the columns count, errors, duration_sum_ns and buckets. */
  columns(): CountColumns {
    const sum = BigInt(this.#seconds) * BigInt(NS_PER_SECOND) + BigInt(this.#nanoseconds);
    const buckets: Buckets = {};
    for (const [index, count] of this.#buckets) buckets[index] = count;
    return { count: this.count, errors: this.errors, duration_sum_ns: sum.toString(), buckets };
  }
}

export interface CountColumns {
  count: number;
  errors: number;
  /** Nanoseconds as decimal text: a UInt64 does not fit a double. */
  duration_sum_ns: string;
  buckets: Buckets;
}
