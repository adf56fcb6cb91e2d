import { NO_ENTRY, type TraceTable } from './trace-table.ts';

/**
 * A queue of trace entries through two of their words: append, remove from anywhere, look at the
 * first. Delays are the same for all traces, so order of arrival is order of deadline and a queue
 * is an exact timer.
 */
export class EntryList {
  readonly #table: TraceTable;
  readonly #previous: number;
  readonly #next: number;
  #first = NO_ENTRY;
  #last = NO_ENTRY;

  constructor(table: TraceTable, previous: number, next: number) {
    this.#table = table;
    this.#previous = previous;
    this.#next = next;
  }

  get first(): number {
    return this.#first;
  }

  after(entry: number): number {
    return this.#table.word(entry, this.#next);
  }

  append(entry: number): void {
    this.#table.setWord(entry, this.#previous, this.#last);
    this.#table.setWord(entry, this.#next, NO_ENTRY);
    if (this.#last === NO_ENTRY) this.#first = entry;
    else this.#table.setWord(this.#last, this.#next, entry);
    this.#last = entry;
  }

  remove(entry: number): void {
    const previous = this.#table.word(entry, this.#previous);
    const next = this.#table.word(entry, this.#next);
    if (previous === NO_ENTRY) this.#first = next;
    else this.#table.setWord(previous, this.#next, next);
    if (next === NO_ENTRY) this.#last = previous;
    else this.#table.setWord(next, this.#previous, previous);
  }
}
