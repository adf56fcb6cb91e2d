import { WORDS } from '../otlp/span-table.ts';

const PAGE_BITS = 12;
const PAGE_ROWS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_ROWS - 1;

/** A row plus its link to the next span of the trace. */
export const STORED_ROW_BYTES = (WORDS + 1) * 4;

export const NO_ROW = -1;

/**
 * Rows of waiting spans in pages, so that growing never copies what is there. A row is named by one
 * number; free rows are chained through the same links as the spans of a trace.
 */
export class SpanStore {
  readonly #pages: Int32Array[] = [];
  readonly #links: Int32Array[] = [];
  #free = NO_ROW;
  #used = 0;

  get used(): number {
    return this.#used;
  }

  /** Copies a row in and returns its number. */
  insert(rows: Int32Array, base: number): number {
    if (this.#free === NO_ROW) this.#addPage();
    const row = this.#free;
    this.#free = this.next(row);
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    const at = (row & PAGE_MASK) * WORDS;
    for (let word = 0; word < WORDS; word += 1) page[at + word] = rows[base + word] as number;
    this.#used += 1;
    return row;
  }

  /** Copies a row out. */
  copy(row: number, rows: Int32Array, base: number): void {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    const at = (row & PAGE_MASK) * WORDS;
    for (let word = 0; word < WORDS; word += 1) rows[base + word] = page[at + word] as number;
  }

  remove(row: number): void {
    this.link(row, this.#free);
    this.#free = row;
    this.#used -= 1;
  }

  word(row: number, field: number): number {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    return page[(row & PAGE_MASK) * WORDS + field] as number;
  }

  setWord(row: number, field: number, value: number): void {
    const page = this.#pages[row >>> PAGE_BITS] as Int32Array;
    page[(row & PAGE_MASK) * WORDS + field] = value;
  }

  /** The row chained after this one, or `NO_ROW`. */
  next(row: number): number {
    return (this.#links[row >>> PAGE_BITS] as Int32Array)[row & PAGE_MASK] as number;
  }

  link(row: number, next: number): void {
    (this.#links[row >>> PAGE_BITS] as Int32Array)[row & PAGE_MASK] = next;
  }

  #addPage(): void {
    const first = this.#pages.length << PAGE_BITS;
    this.#pages.push(new Int32Array(PAGE_ROWS * WORDS));
    this.#links.push(new Int32Array(PAGE_ROWS));
    for (let row = first + PAGE_ROWS - 1; row >= first; row -= 1) {
      this.link(row, this.#free);
      this.#free = row;
    }
  }
}
