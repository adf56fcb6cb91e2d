import { Pieces } from './pieces.ts';
import { LENGTH, OFFSET, RESOURCE_LENGTH, RESOURCE_OFFSET, type SpanTable } from './span-table.ts';
import { encodeUtf8 } from './utf8.ts';
import { readBytes, valueText } from './value.ts';
import { WireReader } from './wire.ts';

const SPAN_ATTRIBUTE = 0x4a;
const RESOURCE_ATTRIBUTE = 0x0a;
const KEY = 0x0a;
const VALUE = 0x12;

/**
 * Reads chosen attributes of scanned spans, and nothing else, straight from their bytes: an
 * accessor compiled for a fixed list of keys.
 */
export class AttributeReader {
  readonly #keys: readonly Uint8Array[];
  /** Positions of the keys by their length: most attributes are ruled out at a glance. */
  readonly #byLength: (number[] | undefined)[] = [];
  /** By position of the key; undefined where the last `read` found none. */
  readonly values: (string | undefined)[];

  constructor(keys: readonly string[]) {
    this.#keys = keys.map(encodeUtf8);
    this.#keys.forEach((key, index) => {
      const alike = this.#byLength[key.length];
      if (alike === undefined) this.#byLength[key.length] = [index];
      else alike.push(index);
    });
    this.values = keys.map(() => undefined);
  }

  /** Reads the attributes of one span into `values`. */
  readSpan(table: SpanTable, span: number): void {
    this.#read(table, span, OFFSET, LENGTH, SPAN_ATTRIBUTE);
  }

  /** Reads the attributes of one span's resource into `values`. */
  readResource(table: SpanTable, span: number): void {
    this.#read(table, span, RESOURCE_OFFSET, RESOURCE_LENGTH, RESOURCE_ATTRIBUTE);
  }

  #read(table: SpanTable, span: number, offset: number, length: number, wanted: number): void {
    this.values.fill(undefined);
    const reader = new WireReader(table.body(span));
    reader.at = table.word(span, offset);
    const end = reader.at + table.word(span, length);
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === wanted) this.#attribute(reader, end);
      else reader.skip(tag, end);
    }
  }

  #attribute(reader: WireReader, limit: number): void {
    const length = reader.length(limit);
    const end = reader.at + length;
    let key = -1;
    const value = new Pieces();
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === KEY) {
        key = this.#keyAt(reader, end);
        // Every known encoder writes the key first: an unwanted value is not looked at.
        if (key < 0 && value.empty) {
          reader.at = end;
          return;
        }
      } else if (tag === VALUE) {
        value.add(readBytes(reader, end));
      } else reader.skip(tag, end);
    }
    if (key >= 0) this.values[key] = valueText(value.joined());
  }

  #keyAt(reader: WireReader, limit: number): number {
    const length = reader.length(limit);
    const start = reader.at;
    reader.at = start + length;
    const alike = this.#byLength[length];
    if (alike === undefined) return -1;
    for (const index of alike) {
      if (equals(reader.bytes, start, this.#keys[index] as Uint8Array)) return index;
    }
    return -1;
  }
}

function equals(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}
