import { ascii, type JsonBytes } from './json-bytes.ts';
import { attributeMap, type KeyValue, readKeyValue, valueText } from './value.ts';
import type { WireReader } from './wire.ts';

const KEY = 0x0a;
const VALUE = 0x12;

/** Tags of AnyValue whose text is written straight from the bytes. */
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const TRUE = ascii('"true"');
const FALSE = ascii('"false"');
const EMPTY = ascii('""');

/** Up to this many attributes are sorted by insertion, which is quickest for few. */
const FEW = 32;

/** Attributes under one tag of the message from `start` up to `end`. */
export interface AttributeSource {
  readonly start: number;
  readonly end: number;
  readonly tag: number;
}

/** An entry that replaces whatever is sent under its key. */
export interface OwnEntry {
  readonly key: Uint8Array;
  readonly value: number;
}

/**
 * Attributes straight from protobuf to a JSON object of texts, as `attributeMap` makes it of
 * decoded ones: sorted by key (here by its bytes), of a repeated key the last value.
 */
export class AttributeWriter {
  readonly #out: JsonBytes;
  /** Four words an attribute: where its key and its value begin and end. */
  #spots = new Int32Array(4 * 64);
  #order = new Int32Array(64);
  #count = 0;
  /** Some value came in several pieces, which must be joined first. */
  #split = false;

  constructor(out: JsonBytes) {
    this.#out = out;
  }

  /** Forgets the attributes of the last object. */
  begin(): void {
    this.#count = 0;
    this.#split = false;
  }

  /** The reader stands before the length of a KeyValue; moves behind it. */
  add(reader: WireReader, limit: number): void {
    const length = reader.length(limit);
    const end = reader.at + length;
    if (this.#count === this.#order.length) this.#grow();
    this.#order[this.#count] = this.#count;
    this.#count += 1;
    if (this.#addPlain(reader.bytes, reader.at, end)) reader.at = end;
    else this.#addAny(reader, end);
  }

  /** The usual form: a key and then a value, both short and nothing else; else false. */
  #addPlain(bytes: Uint8Array, start: number, end: number): boolean {
    const keyLength = bytes[start + 1] as number;
    const keyEnd = start + 2 + keyLength;
    if (keyLength >= 0x80 || keyEnd + 2 > end || bytes[start] !== KEY) return false;
    const valueLength = bytes[keyEnd + 1] as number;
    if (bytes[keyEnd] !== VALUE || valueLength >= 0x80 || keyEnd + 2 + valueLength !== end) {
      return false;
    }
    const spots = this.#spots;
    const spot = 4 * (this.#count - 1);
    spots[spot] = start + 2;
    spots[spot + 1] = keyEnd;
    spots[spot + 2] = keyEnd + 2;
    spots[spot + 3] = end;
    return true;
  }

  #addAny(reader: WireReader, end: number): void {
    const spot = 4 * (this.#count - 1);
    const spots = this.#spots;
    spots.fill(0, spot, spot + 4);
    let values = 0;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag !== KEY && tag !== VALUE) {
        reader.skip(tag, end);
        continue;
      }
      const size = reader.length(end);
      const at = tag === KEY ? spot : spot + 2;
      if (tag === VALUE) values += 1;
      spots[at] = reader.at;
      reader.at += size;
      spots[at + 1] = reader.at;
    }
    if (values > 1) this.#split = true;
  }

  /** Writes all attributes of `source` as an object. */
  message(reader: WireReader, source: AttributeSource): void {
    const { start, end, tag } = source;
    this.begin();
    reader.at = start;
    while (reader.at < end) {
      const found = reader.tag(end);
      if (found === tag) this.add(reader, end);
      else reader.skip(found, end);
    }
    this.object(reader, source);
  }

  /** Writes what was added since `begin`, which is all of `source`. */
  object(reader: WireReader, source: AttributeSource, own?: OwnEntry): void {
    this.#out.byte(OPEN);
    const first = this.#out.length;
    if (this.#split) this.#joined(reader, source, own);
    else this.#sorted(reader.bytes, own);
    if (own !== undefined) {
      if (this.#out.length > first) this.#out.byte(COMMA);
      this.#out.text(own.key, 0, own.key.length);
      this.#out.byte(COLON);
      this.#number(own.value);
    }
    this.#out.byte(CLOSE);
  }

  #sorted(bytes: Uint8Array, own: OwnEntry | undefined): void {
    this.#sort(bytes);
    const out = this.#out;
    const first = out.length;
    for (let rank = 0; rank < this.#count; rank += 1) {
      const at = 4 * (this.#order[rank] as number);
      // Of a repeated key the last value counts; the sort keeps equal keys in their order.
      if (rank + 1 < this.#count && this.#compare(bytes, at, 4 * this.#order[rank + 1]!) === 0) {
        continue;
      }
      const keyAt = this.#spots[at] as number;
      const keyEnd = this.#spots[at + 1] as number;
      if (own !== undefined && equals(bytes, keyAt, keyEnd, own.key)) continue;
      if (out.length > first) out.byte(COMMA);
      out.text(bytes, keyAt, keyEnd);
      out.byte(COLON);
      this.#value(bytes, this.#spots[at + 2] as number, this.#spots[at + 3] as number);
    }
  }

  #value(bytes: Uint8Array, start: number, end: number): void {
    const out = this.#out;
    const next = bytes[start + 1] as number;
    if (start === end) out.raw(EMPTY);
    else if (bytes[start] === STRING && next < 0x80 && start + 2 + next === end) {
      out.text(bytes, start + 2, end);
    } else if (bytes[start] === STRING && isLength(bytes, start + 1, end)) {
      out.text(bytes, start + 3, end);
    } else if (bytes[start] === BOOL && next < 2 && start + 2 === end) {
      out.raw(next === 1 ? TRUE : FALSE);
    } else if (bytes[start] === INT && wholeVarint(bytes, start + 1, end)) {
      this.#number(varint(bytes, start + 1, end));
    } else out.string(valueText(bytes.subarray(start, end)));
  }

  #number(value: number): void {
    if (value > Number.MAX_SAFE_INTEGER) {
      this.#out.string(String(value));
      return;
    }
    this.#out.byte(QUOTE);
    this.#out.integer(value);
    this.#out.byte(QUOTE);
  }

  /** The way of `attributeMap`, which joins values that came in pieces. */
  #joined(
    reader: WireReader,
    { start, end, tag }: AttributeSource,
    own: OwnEntry | undefined,
  ): void {
    const pairs: KeyValue[] = [];
    reader.at = start;
    while (reader.at < end) {
      const found = reader.tag(end);
      if (found === tag) pairs.push(readKeyValue(reader, end));
      else reader.skip(found, end);
    }
    const out = this.#out;
    const first = out.length;
    const ownKey = own === undefined ? undefined : String.fromCharCode(...own.key);
    for (const [key, text] of Object.entries(attributeMap(pairs))) {
      if (key === ownKey) continue;
      if (out.length > first) out.byte(COMMA);
      out.string(key);
      out.byte(COLON);
      out.string(text);
    }
  }

  #sort(bytes: Uint8Array): void {
    const order = this.#order;
    if (this.#count > FEW) {
      order
        .subarray(0, this.#count)
        .sort((left, right) => this.#compare(bytes, 4 * left, 4 * right));
      return;
    }
    for (let rank = 1; rank < this.#count; rank += 1) {
      const moved = order[rank] as number;
      let to = rank;
      while (to > 0 && this.#compare(bytes, 4 * (order[to - 1] as number), 4 * moved) > 0) {
        order[to] = order[to - 1] as number;
        to -= 1;
      }
      order[to] = moved;
    }
  }

  /** Compares the keys of two spots. */
  #compare(bytes: Uint8Array, left: number, right: number): number {
    const spots = this.#spots;
    let leftAt = spots[left] as number;
    let rightAt = spots[right] as number;
    const leftEnd = spots[left + 1] as number;
    const rightEnd = spots[right + 1] as number;
    while (leftAt < leftEnd && rightAt < rightEnd) {
      const difference = (bytes[leftAt] as number) - (bytes[rightAt] as number);
      if (difference !== 0) return difference;
      leftAt += 1;
      rightAt += 1;
    }
    return leftEnd - leftAt - (rightEnd - rightAt);
  }

  #grow(): void {
    const spots = new Int32Array(2 * this.#spots.length);
    spots.set(this.#spots);
    this.#spots = spots;
    const order = new Int32Array(2 * this.#order.length);
    order.set(this.#order);
    this.#order = order;
  }
}

function equals(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (end - start !== expected.length) return false;
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[start + index] !== expected[index]) return false;
  }
  return true;
}

/** Whether at `at` stands, in two bytes, the length of all that follows up to `end`. */
function isLength(bytes: Uint8Array, at: number, end: number): boolean {
  const low = bytes[at] as number;
  const high = bytes[at + 1] as number;
  return low >= 0x80 && high < 0x80 && at + 2 + (low & 0x7f) + 128 * high === end;
}

/** Whether the bytes are one varint below 2^49, which a double holds exactly. */
function wholeVarint(bytes: Uint8Array, start: number, end: number): boolean {
  const last = end - 1;
  if (last < start || last > start + 6 || (bytes[last] as number) >= 0x80) return false;
  for (let at = start; at < last; at += 1) if ((bytes[at] as number) < 0x80) return false;
  return true;
}

function varint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at -= 1) value = value * 128 + ((bytes[at] as number) & 0x7f);
  return value;
}
