import type { SpanStore } from './span-store.ts';
import { NO_ROW } from './span-store.ts';
import { HEAD, NO_ENTRY, QUEUE_NEXT, type TraceTable } from './trace-table.ts';

/** Traces whose spans are being fetched. */
const DEPTH = 4;
/** Traces after which the way ahead is found anew: some have left the queue otherwise. */
const RENEW = 64;

/**
 * Reads a little of the traces that will be due next. Waiting spans lie all over a memory far
 * larger than any cache, and each one's place is known only from the one before: read when needed,
 * every one is waited for. Read some traces ahead, and used by nobody yet, the fetches of several
 * traces go on beside the work on this one. What it reads may be stale: nothing depends on it.
 */
export class LookAhead {
  readonly #table: TraceTable;
  readonly #spans: SpanStore;
  readonly #rows = new Int32Array(DEPTH).fill(NO_ROW);
  #entry = NO_ENTRY;
  #turn = 0;

  constructor(table: TraceTable, spans: SpanStore) {
    this.#table = table;
    this.#spans = spans;
  }

  /** Goes one trace further; `current` is the one to be decided now. */
  step(current: number): void {
    const rows = this.#rows;
    for (let at = 0; at < DEPTH; at += 1) {
      const row = rows[at] as number;
      if (row !== NO_ROW) rows[at] = this.#spans.next(row);
    }
    this.#turn += 1;
    if (this.#entry === NO_ENTRY || this.#turn % RENEW === 0) this.#entry = current;
    this.#entry = this.#table.word(this.#entry, QUEUE_NEXT);
    if (this.#entry !== NO_ENTRY) rows[this.#turn % DEPTH] = this.#table.word(this.#entry, HEAD);
  }
}
