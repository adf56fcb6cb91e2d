/**
 * Spans as rows of 32-bit words in one typed array: no object per span. One row is `WORDS` words;
 * the constants below name the word inside a row. A `SpanTable` is what a scan fills (one body) and
 * what the window hands on (one trace, spans of several bodies).
 *
 * Ids are big-endian words (A is the most significant). Times are two words, high and low, of
 * nanoseconds since 1970: exact, and cheap to subtract. Words are signed in storage; use `>>> 0`.
 */
export const WORDS = 24;

/** Trace id, 16 bytes: words 0 to 3. */
export const TRACE_A = 0;
export const TRACE_C = 2;
export const TRACE_D = 3;
/** Span id, 8 bytes. */
export const SPAN_A = 4;
export const SPAN_B = 5;
/** Parent span id, 8 bytes; both zero for a root. */
export const PARENT_A = 6;
export const PARENT_B = 7;
export const START_HI = 8;
export const START_LO = 9;
export const END_HI = 10;
export const END_LO = 11;
/** Bits 0-2 kind (0 unspecified … 5 consumer), bits 4-5 status code, then the flags below. */
export const META = 12;
/** Ids in the interner. */
export const NAME = 13;
export const SERVICE = 14;
export const INSTANCE = 15;
export const HOST = 16;
/** Where the span, its resource and its scope lie inside `bodies[BODY]`, in bytes. */
export const OFFSET = 17;
export const LENGTH = 18;
export const RESOURCE_OFFSET = 19;
export const RESOURCE_LENGTH = 20;
export const SCOPE_OFFSET = 21;
export const SCOPE_LENGTH = 22;
export const BODY = 23;

export const META_KIND_MASK = 7;
export const META_STATUS_SHIFT = 4;
export const META_STATUS_MASK = 3;
/** The span carries a non-empty tracestate: read it before deciding. */
export const META_TRACE_STATE = 1 << 8;
/** The end lies before the start: the duration is taken as zero. */
export const META_NEGATIVE = 1 << 9;
/** Set by the window: the same span is waiting already, so it must not count twice. */
export const META_DUPLICATE = 1 << 10;
/** Set by the window: the trace of this span was decided before, and whether it was kept. */
export const META_LATE = 1 << 28;
export const META_LATE_KEPT = 1 << 30;
/** Set by the window when it takes no new traces: this span's trace is none of those it knows. */
export const META_UNHELD = 1 << 29;
/** The attribute `flyball.blocking` is present, and its value. */
export const META_BLOCKING_SET = 1 << 11;
export const META_BLOCKING = 1 << 12;
/** What the span's attributes say of the call it is part of: which conventions they follow. */
export const META_DATABASE = 1 << 13;
export const META_MESSAGING = 1 << 14;
export const META_RPC = 1 << 15;
export const META_HTTP = 1 << 16;

export const SPAN_KINDS = [
  'Unspecified',
  'Internal',
  'Server',
  'Client',
  'Producer',
  'Consumer',
] as const;
export type SpanKindName = (typeof SPAN_KINDS)[number];

export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;
export const KIND_PRODUCER = 4;
export const KIND_CONSUMER = 5;

export const STATUS_CODES = ['Unset', 'Ok', 'Error'] as const;
export type StatusCodeName = (typeof STATUS_CODES)[number];
export const STATUS_ERROR = 2;

const HIGH = 2 ** 32;
const DAY_NS = 86_400_000_000_000;

/** Rows of spans. `rows` is replaced by a longer one when it grows: read it anew after a push. */
export class SpanTable {
  rows: Int32Array;
  count = 0;
  bodies: Uint8Array[] = [];

  constructor(capacity = 64) {
    this.rows = new Int32Array(Math.max(1, capacity) * WORDS);
  }

  /** Empties the table for its next use; keeps its memory. */
  clear(): void {
    this.count = 0;
    this.bodies = [];
  }

  /** Adds a zeroed row and returns the index of its first word. */
  push(): number {
    const base = this.count * WORDS;
    this.resize(this.count + 1);
    const rows = this.rows;
    for (let word = base; word < base + WORDS; word += 1) rows[word] = 0;
    return base;
  }

  /** Makes room for `count` rows, to be written by the caller. */
  resize(count: number): void {
    if (count * WORDS > this.rows.length) {
      const grown = new Int32Array(Math.max(this.rows.length * 2, count * WORDS));
      grown.set(this.rows);
      this.rows = grown;
    }
    this.count = count;
  }

  /** Forgets the rows from `count` on. */
  truncate(count: number): void {
    this.count = count;
  }

  word(span: number, field: number): number {
    return this.rows[span * WORDS + field] as number;
  }

  /** Ids in the interner. */
  name(span: number): number {
    return this.word(span, NAME);
  }

  service(span: number): number {
    return this.word(span, SERVICE);
  }

  kind(span: number): number {
    return this.word(span, META) & META_KIND_MASK;
  }

  status(span: number): number {
    return (this.word(span, META) >>> META_STATUS_SHIFT) & META_STATUS_MASK;
  }

  isError(span: number): boolean {
    return this.status(span) === STATUS_ERROR;
  }

  /** Bytes of the span as it arrived, without its resource and scope. */
  bytes(span: number): number {
    return this.word(span, LENGTH);
  }

  /** Its trace was decided before and dropped. */
  isLateDropped(span: number): boolean {
    return (this.word(span, META) & (META_LATE | META_LATE_KEPT)) === META_LATE;
  }

  /** The window took no new traces, and this span's is one. */
  isUnheld(span: number): boolean {
    return (this.word(span, META) & META_UNHELD) !== 0;
  }

  isRoot(span: number): boolean {
    return this.word(span, PARENT_A) === 0 && this.word(span, PARENT_B) === 0;
  }

  /** Nanoseconds since 1970, exact. */
  /** Whole days since 1970. */
  startDay(span: number): number {
    const high = this.word(span, START_HI) >>> 0;
    const low = this.word(span, START_LO) >>> 0;
    return Math.floor((high * HIGH + low) / DAY_NS);
  }

  startNs(span: number): bigint {
    return wide(this.word(span, START_HI), this.word(span, START_LO));
  }

  endNs(span: number): bigint {
    return wide(this.word(span, END_HI), this.word(span, END_LO));
  }

  /** Nanoseconds; 0 when the end lies before the start; exact up to 2^53 (104 days). */
  durationNs(span: number): number {
    const base = span * WORDS;
    return Math.max(0, difference(this.rows, base + END_HI, base + START_HI));
  }

  /** Nanoseconds of this span's start after that of `base` (negative when before). */
  startAfterNs(span: number, base: number): number {
    return difference(this.rows, span * WORDS + START_HI, base * WORDS + START_HI);
  }

  /** Nanoseconds of this span's end after the start of `base`. */
  endAfterNs(span: number, base: number): number {
    return difference(this.rows, span * WORDS + END_HI, base * WORDS + START_HI);
  }

  /** The attribute `flyball.blocking`: -1 not set, 0 false, 1 true. */
  blocking(span: number): -1 | 0 | 1 {
    const meta = this.word(span, META);
    if ((meta & META_BLOCKING_SET) === 0) return -1;
    return (meta & META_BLOCKING) === 0 ? 0 : 1;
  }

  /** 32 lower-case hex digits. */
  traceId(span: number): string {
    const base = span * WORDS;
    let text = '';
    for (let word = TRACE_A; word <= TRACE_D; word += 1) text += hex(this.rows[base + word]!);
    return text;
  }

  /** 16 lower-case hex digits. */
  spanId(span: number): string {
    return hex(this.word(span, SPAN_A)) + hex(this.word(span, SPAN_B));
  }

  /** 16 lower-case hex digits, or '' for a root. */
  parentSpanId(span: number): string {
    if (this.isRoot(span)) return '';
    return hex(this.word(span, PARENT_A)) + hex(this.word(span, PARENT_B));
  }

  body(span: number): Uint8Array {
    return this.bodies[this.word(span, BODY)] as Uint8Array;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

function wide(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Difference of two times, each a high and a low word; exact up to 2^53. */
function difference(rows: Int32Array, left: number, right: number): number {
  const high = ((rows[left] as number) >>> 0) - ((rows[right] as number) >>> 0);
  const low = ((rows[left + 1] as number) >>> 0) - ((rows[right + 1] as number) >>> 0);
  return high * HIGH + low;
}
