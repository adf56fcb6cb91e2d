import { EMPTY_ID, type Interner, NOT_UTF8, OPERATIONS_SHARE } from './interner.ts';
import { Pieces } from './pieces.ts';
import { LENGTH, OFFSET, RESOURCE_LENGTH, RESOURCE_OFFSET, type SpanTable } from './span-table.ts';
import { encodeUtf8 } from './utf8.ts';
import { readBytes, valueText } from './value.ts';
import { WireReader } from './wire.ts';

const SPAN_ATTRIBUTE = 0x4a;
const RESOURCE_ATTRIBUTE = 0x0a;
const KEY = 0x0a;
const VALUE = 0x12;
const STRING_VALUE = 0x0a;

const NOTHING = new Uint8Array(0);

/**
 * Reads chosen attributes of scanned spans, and nothing else, straight from their bytes: an
 * accessor compiled for a fixed list of keys. It notes where the values lie; text is made only of
 * those that are asked for. The scan has checked the bytes, so the walk need not do it again.
 */
export class AttributeReader {
  readonly #keys: readonly Uint8Array[];
  /** Positions of the keys by their length: most attributes are ruled out at a glance. */
  readonly #byLength: (number[] | undefined)[] = [];
  /** By position of the key: where its AnyValue lies in `#sources`; `#ends` is -1 without one. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #sources: Uint8Array[];

  constructor(keys: readonly string[]) {
    this.#keys = keys.map(encodeUtf8);
    for (const key of this.#keys) {
      while (this.#byLength.length <= key.length) this.#byLength.push(undefined);
    }
    this.#keys.forEach((key, index) => {
      const alike = this.#byLength[key.length];
      if (alike === undefined) this.#byLength[key.length] = [index];
      else alike.push(index);
    });
    this.#starts = new Int32Array(keys.length);
    this.#ends = new Int32Array(keys.length).fill(-1);
    this.#sources = keys.map(() => NOTHING);
  }

  /** Finds the attributes of one span. */
  readSpan(table: SpanTable, span: number): void {
    this.#read(table, span, OFFSET, LENGTH, SPAN_ATTRIBUTE);
  }

  /** Finds the attributes of one span's resource. */
  readResource(table: SpanTable, span: number): void {
    this.#read(table, span, RESOURCE_OFFSET, RESOURCE_LENGTH, RESOURCE_ATTRIBUTE);
  }

  /** Whether the last read found the key at this position. */
  has(key: number): boolean {
    return (this.#ends[key] as number) >= 0;
  }

  /** Where the AnyValue lies in `sourceOf(key)`, up to `endOf(key)`, which is -1 without one. */
  startOf(key: number): number {
    return this.#starts[key] as number;
  }

  endOf(key: number): number {
    return this.#ends[key] as number;
  }

  /** The body of the span; another array where the value came in pieces. */
  sourceOf(key: number): Uint8Array {
    return this.#sources[key] as Uint8Array;
  }

  /** The value as text, as it would be stored; undefined where the last read found none. */
  text(key: number): string | undefined {
    const end = this.#ends[key] as number;
    if (end < 0) return undefined;
    return valueText((this.#sources[key] as Uint8Array).subarray(this.#starts[key], end));
  }

  /** The value as an interned string; `EMPTY_ID` where the last read found none, or ''. */
  id(key: number, strings: Interner): number {
    const end = this.#ends[key] as number;
    if (end < 0) return EMPTY_ID;
    const bytes = this.#sources[key] as Uint8Array;
    const start = this.#starts[key] as number;
    const length = bytes[start + 1] as number;
    if (end - start === length + 2 && bytes[start] === STRING_VALUE && length < 0x80) {
      const id = strings.intern(bytes, start + 2, length, OPERATIONS_SHARE);
      return id === NOT_UTF8 ? EMPTY_ID : id;
    }
    return strings.internText(this.text(key) ?? '', OPERATIONS_SHARE);
  }

  #read(table: SpanTable, span: number, offset: number, length: number, wanted: number): void {
    this.#ends.fill(-1);
    const bytes = table.body(span);
    let at = table.word(span, offset);
    const end = at + table.word(span, length);
    while (at < end) {
      const tag = bytes[at] as number;
      const type = tag & 7;
      // Fields from number 16 on, of which a span's flags is one, have a tag of two bytes.
      const tagBytes = tag < 0x80 ? 1 : 2;
      if ((tagBytes === 2 && (bytes[at + 1] as number) >= 0x80) || type === 3 || type === 4) {
        at = this.#unusual(bytes, at, end);
        continue;
      }
      at += tagBytes;
      if (type === 5) at += 4;
      else if (type === 1) at += 8;
      else if (type === 0) {
        while ((bytes[at] as number) >= 0x80) at += 1;
        at += 1;
      } else {
        let size = bytes[at] as number;
        at += 1;
        for (let shift = 7; size >> shift === 1; shift += 7) {
          size = (size & ((1 << shift) - 1)) | ((bytes[at] as number) << shift);
          at += 1;
        }
        if (tag === wanted) this.#attribute(bytes, at, at + size);
        at += size;
      }
    }
  }

  /** Moves over a field with a long number, or a group. */
  #unusual(bytes: Uint8Array, at: number, end: number): number {
    const reader = new WireReader(bytes);
    reader.at = at;
    reader.skip(reader.tag(end), end);
    return reader.at;
  }

  #attribute(bytes: Uint8Array, at: number, end: number): void {
    const length = bytes[at + 1] as number;
    // Every known encoder writes the key first: an unwanted value is not looked at.
    if (bytes[at] !== KEY || length >= 0x80) this.#unusualAttribute(bytes, at, end);
    else {
      const key = this.#keyAt(bytes, at + 2, length);
      if (key < 0) return;
      const value = at + 2 + length;
      const start = value + 2;
      if (bytes[value] === VALUE && end - start === bytes[value + 1] && end - start < 0x80) {
        this.#note(key, bytes, start, end);
      } else this.#unusualAttribute(bytes, at, end);
    }
  }

  /** Fields in another order, a long value, or one in pieces. */
  #unusualAttribute(bytes: Uint8Array, at: number, end: number): void {
    const reader = new WireReader(bytes);
    reader.at = at;
    let key = -1;
    const value = new Pieces();
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === KEY) {
        const length = reader.length(end);
        key = this.#keyAt(bytes, reader.at, length);
        reader.at += length;
      } else if (tag === VALUE) value.add(readBytes(reader, end));
      else reader.skip(tag, end);
    }
    const joined = value.joined();
    if (key >= 0) this.#note(key, joined, 0, joined.length);
  }

  #note(key: number, source: Uint8Array, start: number, end: number): void {
    this.#sources[key] = source;
    this.#starts[key] = start;
    this.#ends[key] = end;
  }

  #keyAt(bytes: Uint8Array, start: number, length: number): number {
    const alike = length < this.#byLength.length ? this.#byLength[length] : undefined;
    if (alike === undefined) return -1;
    for (let at = 0; at < alike.length; at += 1) {
      const index = alike[at] as number;
      if (equals(bytes, start, this.#keys[index] as Uint8Array)) return index;
    }
    return -1;
  }
}

function equals(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  // From the end: keys of one length mostly share their beginning.
  for (let index = expected.length - 1; index >= 0; index -= 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}
