import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 100;
/** Longer than the gateway gives any of its services. */
const TIMEOUT_MS = 5_000;
/** What a shop that protects itself answers: come again later. */
const SHED = new Set([429, 503]);

export interface Visit {
  readonly atMs: number;
  readonly what: string;
  /** 0: no answer at all. */
  readonly status: number;
  readonly error: string;
}

export interface VisitCounts {
  readonly visits: number;
  readonly served: number;
  readonly shed: number;
  /** Answered too late: by a shop that has not enough of the processor. */
  readonly late: readonly Visit[];
  /** Anything else: what a customer would complain about. */
  readonly failed: readonly Visit[];
}

/** Buys and browses at the shop's door without a pause, and remembers how it was treated. */
export class Customer {
  readonly #door: string;
  readonly #visits: Visit[] = [];
  readonly #stopped = new AbortController();
  readonly #rounds: Promise<void>[];

  constructor(door: string) {
    this.#door = door;
    this.#rounds = [this.#visit('POST', '/checkout'), this.#visit('GET', '/browse')];
  }

  /** How it went from `fromMs` on, a reading of `performance.now()`. */
  counts(fromMs = 0): VisitCounts {
    const visits = this.#visits.filter(({ atMs }) => atMs >= fromMs);
    const served = visits.filter(({ status }) => status === 200).length;
    const shed = visits.filter(({ status }) => SHED.has(status)).length;
    const unserved = visits.filter(({ status }) => status !== 200 && !SHED.has(status));
    const late = unserved.filter(isLate);
    const failed = unserved.filter((visit) => !isLate(visit));
    return { visits: visits.length, served, shed, late, failed };
  }

  async leave(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#rounds);
  }

  async #visit(method: string, path: string): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const atMs = performance.now();
      const what = `${method} ${path}`;
      try {
        const response = await fetch(this.#door + path, {
          method,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const text = await response.text();
        const error = response.ok ? '' : text.slice(0, 200);
        this.#visits.push({ atMs, what, status: response.status, error });
      } catch (error) {
        this.#visits.push({ atMs, what, status: 0, error: String(error) });
      }
      await pause(EVERY_MS, undefined, { signal: this.#stopped.signal }).catch(() => {});
    }
  }
}

function isLate({ status, error }: Visit): boolean {
  return status === 504 || (status === 502 && error.includes('timed out'));
}
