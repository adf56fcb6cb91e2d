import * as field from '../otlp/span-table.ts';

const PAGE_BITS = 12;
const PAGE_ROWS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_ROWS - 1;

/**
 * A waiting span is a row of sixteen words, a cache line: what all spans of a trace or of a body
 * share lies with the trace and with the body. The words up to `META` and `NAME` are in the order
 * of a `SpanTable`'s row.
 */
const STORED_WORDS = 16;
export const STORED_ROW_BYTES = STORED_WORDS * 4;

const FIRST = field.SPAN_A;
/** Span id, parent id, start, end, meta, name. */
const COPIED = field.NAME + 1 - FIRST;

const SPAN_A = field.SPAN_A - FIRST;
const SPAN_B = field.SPAN_B - FIRST;
const OFFSET = COPIED;
const LENGTH = COPIED + 1;
const BODY = COPIED + 2;
const CONTEXT = COPIED + 3;
const NEXT = COPIED + 4;

export const NO_ROW = -1;

/**
 * Rows of waiting spans in pages, so that growing never copies what is there. A row is named by one
 * number; free rows are chained through the same links as the spans of a trace.
 */
export class SpanStore {
  readonly #pages: Int32Array[] = [];
  #free = NO_ROW;
  #used = 0;

  get used(): number {
    return this.#used;
  }

  /** Copies a span in and returns the number of its row; `next` is the row chained after it. */
  insert(rows: Int32Array, base: number, next: number): number {
    if (this.#free === NO_ROW) this.#addPage();
    const row = this.#free;
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    const at = (row & PAGE_MASK) * STORED_WORDS;
    this.#free = page[at + NEXT] as number;
    const from = base + FIRST;
    for (let word = 0; word < COPIED; word += 1) page[at + word] = rows[from + word] as number;
    page[at + OFFSET] = rows[base + field.OFFSET] as number;
    page[at + LENGTH] = rows[base + field.LENGTH] as number;
    page[at + NEXT] = next;
    this.#used += 1;
    return row;
  }

  /** Copies a span out, without what it shares; returns the row chained after it. */
  copy(row: number, rows: Int32Array, base: number): number {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    const at = (row & PAGE_MASK) * STORED_WORDS;
    const to = base + FIRST;
    for (let word = 0; word < COPIED; word += 1) rows[to + word] = page[at + word] as number;
    rows[base + field.OFFSET] = page[at + OFFSET] as number;
    rows[base + field.LENGTH] = page[at + LENGTH] as number;
    rows[base + field.BODY] = page[at + BODY] as number;
    return page[at + NEXT] as number;
  }

  remove(row: number): void {
    this.link(row, this.#free);
    this.#free = row;
    this.#used -= 1;
  }

  hasId(row: number, high: number, low: number): boolean {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    const at = (row & PAGE_MASK) * STORED_WORDS;
    return page[at + SPAN_B] === low && page[at + SPAN_A] === high;
  }

  spanIdHigh(row: number): number {
    return this.#word(row, SPAN_A);
  }

  spanIdLow(row: number): number {
    return this.#word(row, SPAN_B);
  }

  /** Bytes of the span in its body. */
  length(row: number): number {
    return this.#word(row, LENGTH);
  }

  offset(row: number): number {
    return this.#word(row, OFFSET);
  }

  setOffset(row: number, offset: number): void {
    this.#setWord(row, OFFSET, offset);
  }

  /** The body that the span lies in. */
  body(row: number): number {
    return this.#word(row, BODY);
  }

  /** What the span shares with others, as a number that its body understands. */
  context(row: number): number {
    return this.#word(row, CONTEXT);
  }

  place(row: number, body: number, context: number): void {
    this.#setWord(row, BODY, body);
    this.#setWord(row, CONTEXT, context);
  }

  /** The row chained after this one, or `NO_ROW`. */
  next(row: number): number {
    return this.#word(row, NEXT);
  }

  link(row: number, next: number): void {
    this.#setWord(row, NEXT, next);
  }

  #word(row: number, word: number): number {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    return page[(row & PAGE_MASK) * STORED_WORDS + word] as number;
  }

  #setWord(row: number, word: number, value: number): void {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    page[(row & PAGE_MASK) * STORED_WORDS + word] = value;
  }

  #addPage(): void {
    const first = this.#pages.length << PAGE_BITS;
    this.#pages.push(new Int32Array(PAGE_ROWS * STORED_WORDS));
    for (let row = first + PAGE_ROWS - 1; row >= first; row -= 1) {
      this.link(row, this.#free);
      this.#free = row;
    }
  }
}
