/** What a load has done so far. Spans are counted once for each of these that befell them. */
export interface LoadCounters {
  elapsedMs: number;
  requests: number;
  bytes: number;
  /** Made and sent at least once. */
  spans: number;
  accepted: number;
  /** Refused one by one in an otherwise accepted request (`partial_success`). */
  rejected: number;
  /** Answered with "again later", each time it was. */
  postponed: number;
  /** Sent once more, each time. */
  retried: number;
  /** Given up: refused for good, or tried too often. */
  lost: number;
  /** Sent without an answer, each time. */
  unanswered: number;
  /** Due at the given rate, but never made: every slot was busy for too long. */
  skipped: number;
  /** From sending to the answer, of each request, ms. */
  latencyMs: { p50: number; p99: number; max: number };
  /** What the server said when it did not accept, with how often. */
  reasons: Record<string, number>;
}

const MAX_REASONS = 20;
/** Buckets of latency grow by a fiftieth: that is their greatest error. */
const GROWTH = Math.log(1.02);

/** Percentiles in bounded memory. */
class Latencies {
  private readonly buckets = new Float64Array(1000);
  private count = 0;
  private max = 0;

  add(ms: number): void {
    const bucket = Math.floor(Math.log(Math.max(ms, 0.01) / 0.01) / GROWTH);
    const at = Math.min(bucket, this.buckets.length - 1);
    this.buckets[at] = (this.buckets[at] as number) + 1;
    this.count += 1;
    this.max = Math.max(this.max, ms);
  }

  summary(): LoadCounters['latencyMs'] {
    return { p50: this.at(0.5), p99: this.at(0.99), max: this.max };
  }

  private at(share: number): number {
    let left = share * this.count;
    for (let bucket = 0; bucket < this.buckets.length; bucket += 1) {
      left -= this.buckets[bucket] as number;
      if (left <= 0) return Math.min(this.max, 0.01 * Math.exp((bucket + 1) * GROWTH));
    }
    return this.max;
  }
}

export class Tally {
  readonly startedMs = performance.now();
  requests = 0;
  bytes = 0;
  spans = 0;
  accepted = 0;
  rejected = 0;
  postponed = 0;
  retried = 0;
  lost = 0;
  unanswered = 0;
  skipped = 0;
  readonly latencies = new Latencies();
  private readonly reasons: Record<string, number> = {};

  reason(why: string): void {
    const known = why in this.reasons || Object.keys(this.reasons).length < MAX_REASONS;
    const key = known ? why : 'other';
    this.reasons[key] = (this.reasons[key] ?? 0) + 1;
  }

  counters(): LoadCounters {
    const { startedMs, latencies, reasons, ...counts } = this;
    return {
      ...counts,
      elapsedMs: performance.now() - startedMs,
      latencyMs: latencies.summary(),
      reasons: { ...reasons },
    };
  }
}
