/** What became of a request at the door. */
export type Admission =
  | { kind: 'started' }
  | { kind: 'queued'; leave: () => void }
  | { kind: 'full' };

/** Counters that only grow; two readings make a rate or a utilisation. */
export interface PoolReading {
  atMs: number;
  /** Milliseconds of slots that were busy, summed over the slots. */
  busySlotMs: number;
  busy: number;
  queued: number;
}

/**
 * A fixed number of worker slots with a bounded queue before them, first come first served.
 * Time comes from `nowMs`, so that a test can advance it.
 */
export class WorkerPool {
  readonly #slots: number;
  readonly #queueLimit: number;
  readonly #nowMs: () => number;
  readonly #waiting = new Set<() => void>();
  #busy = 0;
  #busySlotMs = 0;
  #countedUntilMs: number;

  constructor(options: { slots: number; queueLimit: number; nowMs: () => number }) {
    this.#slots = options.slots;
    this.#queueLimit = options.queueLimit;
    this.#nowMs = options.nowMs;
    this.#countedUntilMs = options.nowMs();
  }

  /** Starts at once when a slot is free, queues when there is room, refuses otherwise. */
  admit(start: () => void): Admission {
    if (this.#busy < this.#slots) {
      this.#count();
      this.#busy += 1;
      start();
      return { kind: 'started' };
    }
    if (this.#waiting.size >= this.#queueLimit) return { kind: 'full' };
    const entry = () => start();
    this.#waiting.add(entry);
    return { kind: 'queued', leave: () => this.#waiting.delete(entry) };
  }

  /** Gives a slot back; the longest waiting request gets it. Once per started request. */
  release(): void {
    if (this.#busy === 0) throw new Error('release without a started request');
    const next = this.#waiting.values().next();
    if (!next.done) {
      this.#waiting.delete(next.value);
      next.value();
      return;
    }
    this.#count();
    this.#busy -= 1;
  }

  read(): PoolReading {
    this.#count();
    return {
      atMs: this.#countedUntilMs,
      busySlotMs: this.#busySlotMs,
      busy: this.#busy,
      queued: this.#waiting.size,
    };
  }

  /** Busy share of the slots between two readings, 0 to 1. */
  utilization(from: PoolReading, to: PoolReading): number {
    const offeredMs = (to.atMs - from.atMs) * this.#slots;
    return offeredMs > 0 ? (to.busySlotMs - from.busySlotMs) / offeredMs : 0;
  }

  #count(): void {
    const nowMs = this.#nowMs();
    this.#busySlotMs += this.#busy * Math.max(0, nowMs - this.#countedUntilMs);
    this.#countedUntilMs = nowMs;
  }
}
