/** What became of one generated request. */
export type LoadOutcome = 'ok' | 'limited' | 'failed';

interface Entry {
  outcome: LoadOutcome;
  latencyMs: number;
  atMs: number;
}

/** The last few seconds of answers as the customers saw them; bounded by time and number. */
export class RecentAnswers {
  readonly #windowMs: number;
  readonly #limit: number;
  #entries: Entry[] = [];

  constructor(options: { windowMs: number; limit: number }) {
    this.#windowMs = options.windowMs;
    this.#limit = options.limit;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > this.#limit) this.#entries.shift();
  }

  /** Rates per second over the window, and the latency of what was served, by nearest rank. */
  summary(nowMs: number) {
    this.#entries = this.#entries.filter((entry) => entry.atMs > nowMs - this.#windowMs);
    const perSecond = (outcome: LoadOutcome) => {
      const count = this.#entries.filter((entry) => entry.outcome === outcome).length;
      return (count * 1_000) / this.#windowMs;
    };
    const served = this.#entries
      .filter((entry) => entry.outcome === 'ok')
      .map((entry) => entry.latencyMs)
      .sort((a, b) => a - b);
    return {
      okPerSecond: perSecond('ok'),
      limitedPerSecond: perSecond('limited'),
      failedPerSecond: perSecond('failed'),
      p50Ms: nearestRank(served, 0.5),
      p99Ms: nearestRank(served, 0.99),
    };
  }
}

function nearestRank(sorted: readonly number[], quantile: number): number | null {
  return sorted[Math.ceil(sorted.length * quantile) - 1] ?? null;
}
