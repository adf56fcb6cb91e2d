import { AttributeReader } from '../otlp/attribute-reader.ts';
import { BODY, RESOURCE_LENGTH, RESOURCE_OFFSET, type SpanTable } from '../otlp/span-table.ts';

const UNREAD = -2;
const ABSENT = -1;

/**
 * Where the attributes that rules ask for lie in the spans of one trace: each span is walked at
 * most once a trace, however many rules ask, and only when one does.
 */
export class AttributeColumns {
  readonly #keys: string[] = [];
  readonly #resource: boolean;
  #reader = new AttributeReader([]);
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);
  /** Values that came in pieces, by position; few, mostly none. */
  readonly #joined = new Map<number, Uint8Array>();
  #spans: SpanTable | undefined;
  /** Whether the columns hold nothing of the trace before. */
  #empty = false;

  constructor(place: 'span' | 'resource') {
    this.#resource = place === 'resource';
  }

  /** The position of a key; call it before the first trace. */
  positionOf(key: string): number {
    const known = this.#keys.indexOf(key);
    if (known >= 0) return known;
    this.#keys.push(key);
    this.#reader = new AttributeReader(this.#keys);
    return this.#keys.length - 1;
  }

  /** Takes the next trace; reads nothing yet. */
  begin(spans: SpanTable): void {
    this.#spans = spans;
    this.#empty = false;
  }

  #clear(spans: SpanTable): void {
    this.#empty = true;
    const size = spans.count * this.#keys.length;
    if (size > this.#ends.length) {
      this.#starts = new Int32Array(size * 2);
      this.#ends = new Int32Array(size * 2);
    }
    this.#ends.fill(UNREAD, 0, size);
    if (this.#joined.size > 0) this.#joined.clear();
  }

  /** Position of the value of a key in the columns, or -1 when the span has none. */
  find(span: number, key: number): number {
    if (!this.#empty) this.#clear(this.#spans as SpanTable);
    const place = span * this.#keys.length + key;
    if (this.#ends[place] === UNREAD) this.#read(span);
    return this.#ends[place] === ABSENT ? -1 : place;
  }

  source(place: number): Uint8Array {
    if (this.#joined.size > 0) {
      const joined = this.#joined.get(place);
      if (joined !== undefined) return joined;
    }
    const span = Math.floor(place / this.#keys.length);
    return (this.#spans as SpanTable).body(span);
  }

  start(place: number): number {
    return this.#starts[place] as number;
  }

  end(place: number): number {
    return this.#ends[place] as number;
  }

  #read(span: number): void {
    const spans = this.#spans as SpanTable;
    if (this.#resource && this.#sameResource(spans, span)) return;
    const reader = this.#reader;
    if (this.#resource) reader.readResource(spans, span);
    else reader.readSpan(spans, span);
    const body = spans.body(span);
    const first = span * this.#keys.length;
    for (let key = 0; key < this.#keys.length; key += 1) {
      this.#starts[first + key] = reader.startOf(key);
      this.#ends[first + key] = reader.endOf(key);
      const source = reader.sourceOf(key);
      if (reader.endOf(key) >= 0 && source !== body) this.#joined.set(first + key, source);
    }
  }

  /** Spans of one request mostly share their resource: what the span before has is copied. */
  #sameResource(spans: SpanTable, span: number): boolean {
    const keys = this.#keys.length;
    const first = span * keys;
    if (span === 0 || this.#ends[first - keys] === UNREAD || this.#joined.size > 0) return false;
    for (const field of [BODY, RESOURCE_OFFSET, RESOURCE_LENGTH]) {
      if (spans.word(span, field) !== spans.word(span - 1, field)) return false;
    }
    this.#starts.copyWithin(first, first - keys, first);
    this.#ends.copyWithin(first, first - keys, first);
    return true;
  }
}
