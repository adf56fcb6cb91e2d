import type { AttributeWriter } from './json-attributes.ts';
import { ascii, type JsonBytes } from './json-bytes.ts';
import type { WireReader } from './wire.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const EMPTY = ascii('""');
const ZERO_TIME = ascii('0000000000.000000000');

const NO_EVENTS = ascii(',"Events.Timestamp":[],"Events.Name":[],"Events.Attributes":[]');
const NO_LINKS = ascii(
  ',"Links.TraceId":[],"Links.SpanId":[],"Links.TraceState":[],"Links.Attributes":[]',
);

/** What stands in one column of a span's events or links. */
interface Column {
  readonly name: Uint8Array;
  /** Tag of the field in an event or link; its last occurrence counts. */
  readonly tag: number;
  readonly kind: 'time' | 'text' | 'hex' | 'attributes';
}

const EVENTS: readonly Column[] = [
  { name: ascii(',"Events.Timestamp":'), tag: 0x09, kind: 'time' },
  { name: ascii(',"Events.Name":'), tag: 0x12, kind: 'text' },
  { name: ascii(',"Events.Attributes":'), tag: 0x1a, kind: 'attributes' },
];

const LINKS: readonly Column[] = [
  { name: ascii(',"Links.TraceId":'), tag: 0x0a, kind: 'hex' },
  { name: ascii(',"Links.SpanId":'), tag: 0x12, kind: 'hex' },
  { name: ascii(',"Links.TraceState":'), tag: 0x1a, kind: 'text' },
  { name: ascii(',"Links.Attributes":'), tag: 0x22, kind: 'attributes' },
];

/** Begin and end of messages, in turn. */
export type Spots = number[];

/** The events or links of one span as columns, straight from their bytes. */
export class ItemWriter {
  readonly #out: JsonBytes;
  readonly #attributes: AttributeWriter;

  constructor(out: JsonBytes, attributes: AttributeWriter) {
    this.#out = out;
    this.#attributes = attributes;
  }

  events(reader: WireReader, spots: Spots): void {
    if (spots.length === 0) this.#out.raw(NO_EVENTS);
    else for (const column of EVENTS) this.#column(reader, spots, column);
  }

  links(reader: WireReader, spots: Spots): void {
    if (spots.length === 0) this.#out.raw(NO_LINKS);
    else for (const column of LINKS) this.#column(reader, spots, column);
  }

  #column(reader: WireReader, spots: Spots, { name, tag, kind }: Column): void {
    const out = this.#out;
    out.raw(name);
    out.byte(OPEN);
    for (let index = 0; index < spots.length; index += 2) {
      if (index > 0) out.byte(COMMA);
      const start = spots[index] as number;
      const end = spots[index + 1] as number;
      if (kind === 'attributes') this.#attributes.message(reader, { start, end, tag });
      else this.#cell(reader.bytes, kind, lastField(reader, start, end, tag), reader.at);
    }
    out.byte(CLOSE);
  }

  #cell(bytes: Uint8Array, kind: 'time' | 'text' | 'hex', at: number, end: number): void {
    const out = this.#out;
    if (kind === 'text') {
      if (at < 0) out.raw(EMPTY);
      else out.text(bytes, at, end);
      return;
    }
    out.byte(QUOTE);
    if (kind === 'hex') out.hex(bytes, at, at < 0 ? at : end);
    else if (at < 0) out.raw(ZERO_TIME);
    else out.timestamp(littleEndian(bytes, at + 4), littleEndian(bytes, at));
    out.byte(QUOTE);
  }
}

/**
 * Where the last field with `tag`, eight bytes or length-delimited, begins in the message from
 * `start` up to `end`, or -1; the reader is left at its end.
 */
export function lastField(reader: WireReader, start: number, end: number, tag: number): number {
  let foundAt = -1;
  let foundEnd = start;
  reader.at = start;
  while (reader.at < end) {
    const found = reader.tag(end);
    if (found !== tag) {
      reader.skip(found, end);
      continue;
    }
    const size = (tag & 7) === 1 ? 0 : reader.length(end);
    foundAt = (tag & 7) === 1 ? reader.fixed(8, end) : reader.at;
    reader.at += size;
    foundEnd = reader.at;
  }
  reader.at = foundEnd;
  return foundAt;
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
