/**
 * What happened, second by second. Work and presence are entered when they become known, which
 * may be ahead of the clock; a second that has passed is complete.
 */
export class Ledger {
  readonly seconds: number;
  readonly arrivals: Float64Array;
  readonly ended: Float64Array;
  readonly failed: Float64Array;
  readonly bad: Float64Array;
  /** Worker-milliseconds of work, and request-milliseconds of presence. */
  readonly busyMs: Float64Array;
  readonly insideMs: Float64Array;
  /** Replica-milliseconds of ready replicas, and of all that cost something. */
  readonly readyMs: Float64Array;
  readonly paidMs: Float64Array;
  private readonly latencies: Uint32Array;

  constructor(seconds: number) {
    this.seconds = seconds;
    const column = () => new Float64Array(seconds);
    this.arrivals = column();
    this.ended = column();
    this.failed = column();
    this.bad = column();
    this.busyMs = column();
    this.insideMs = column();
    this.readyMs = column();
    this.paidMs = column();
    this.latencies = new Uint32Array(seconds * BUCKETS);
  }

  /** Spreads a stretch of time over the seconds it touches; what lies after the end is left out. */
  spread(column: Float64Array, fromMs: number, toMs: number): void {
    const first = Math.floor(fromMs / SECOND_MS);
    if (toMs <= (first + 1) * SECOND_MS && first < this.seconds) {
      column[first] = (column[first] as number) + toMs - fromMs;
      return;
    }
    const end = Math.min(this.seconds, Math.ceil(toMs / SECOND_MS));
    for (let second = first; second < end; second += 1) {
      const overlap =
        Math.min(toMs, (second + 1) * SECOND_MS) - Math.max(fromMs, second * SECOND_MS);
      column[second] = (column[second] as number) + overlap;
    }
  }

  /** A request that has ended, by an answer or in vain. */
  end(atMs: number, latencyMs: number, outcome: { failed: boolean; bad: boolean }): void {
    const second = Math.floor(atMs / SECOND_MS);
    if (second >= this.seconds) return;
    this.ended[second] = (this.ended[second] as number) + 1;
    if (outcome.failed) this.failed[second] = (this.failed[second] as number) + 1;
    if (outcome.bad) this.bad[second] = (this.bad[second] as number) + 1;
    const at = second * BUCKETS + bucketOf(latencyMs);
    this.latencies[at] = (this.latencies[at] as number) + 1;
  }

  sum(column: Float64Array, from: number, to: number): number {
    let total = 0;
    for (let second = Math.max(0, from); second < Math.min(to, this.seconds); second += 1) {
      total += column[second] as number;
    }
    return total;
  }

  /** Upper edge of the bucket the quantile is in: at most 9 % too large. Null: nothing ended. */
  latencyMs(share: number, from: number, to: number): number | null {
    const counts = new Float64Array(BUCKETS);
    let total = 0;
    for (let second = Math.max(0, from); second < Math.min(to, this.seconds); second += 1) {
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const count = this.latencies[second * BUCKETS + bucket] as number;
        counts[bucket] = (counts[bucket] as number) + count;
        total += count;
      }
    }
    if (total === 0) return null;
    let rest = Math.ceil(total * share);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      rest -= counts[bucket] as number;
      if (rest <= 0) return 2 ** ((bucket + 1) / PER_OCTAVE);
    }
    return 2 ** (BUCKETS / PER_OCTAVE);
  }
}

export const SECOND_MS = 1_000;
const PER_OCTAVE = 8;
/** Up to 65 s. */
const BUCKETS = 16 * PER_OCTAVE;

function bucketOf(latencyMs: number): number {
  const bucket = Math.floor(Math.log2(Math.max(1, latencyMs)) * PER_OCTAVE);
  return Math.min(BUCKETS - 1, bucket);
}
