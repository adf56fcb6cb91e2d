import { PARENT_A, PARENT_B, SPAN_A, SPAN_B, type SpanTable, WORDS } from '../otlp/span-table.ts';

/** The span names no parent. */
export const NO_PARENT = -1;
/** The span names a parent that is not among these spans. */
export const PARENT_MISSING = -2;

/** Up to this many spans, looking at all of them is faster than hashing. */
const SMALL = 12;

/** Finds each span's parent row; keeps its memory from trace to trace. */
export class Parents {
  parent = new Int32Array(64);
  #slots = new Int32Array(128);
  /** Of the slots this trace uses as many as it needs: one giant must not slow down all others. */
  #mask = 127;

  link(spans: SpanTable): void {
    if (this.parent.length < spans.count) {
      this.parent = new Int32Array(Math.max(spans.count, this.parent.length * 2));
    }
    if (spans.count > SMALL) this.#index(spans);
    const { rows, count } = spans;
    for (let span = 0; span < count; span += 1) {
      const high = rows[span * WORDS + PARENT_A] as number;
      const low = rows[span * WORDS + PARENT_B] as number;
      if ((high | low) === 0) this.parent[span] = NO_PARENT;
      else if (count <= SMALL) this.parent[span] = search(rows, count, high, low);
      else this.parent[span] = this.#lookUp(rows, high, low);
    }
  }

  #index({ rows, count }: SpanTable): void {
    let size = 32;
    while (size < count * 2) size *= 2;
    if (size > this.#slots.length) this.#slots = new Int32Array(size);
    else this.#slots.fill(0, 0, size);
    const mask = size - 1;
    this.#mask = mask;
    for (let span = 0; span < count; span += 1) {
      const at = span * WORDS;
      let slot = hashSpanId(rows[at + SPAN_A]!, rows[at + SPAN_B]!) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = span + 1;
    }
  }

  #lookUp(rows: Int32Array, high: number, low: number): number {
    const mask = this.#mask;
    for (let slot = hashSpanId(high, low) & mask; ; slot = (slot + 1) & mask) {
      const span = (this.#slots[slot] as number) - 1;
      if (span < 0) return PARENT_MISSING;
      if (rows[span * WORDS + SPAN_A] === high && rows[span * WORDS + SPAN_B] === low) return span;
    }
  }
}

function search(rows: Int32Array, count: number, high: number, low: number): number {
  for (let span = 0; span < count; span += 1) {
    const at = span * WORDS;
    if (rows[at + SPAN_A] === high && rows[at + SPAN_B] === low) return span;
  }
  return PARENT_MISSING;
}

function hashSpanId(high: number, low: number): number {
  const hash = Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
