import { Pieces } from './pieces.ts';
import { decodeUtf8 } from './utf8.ts';
import { MAX_DEPTH, Malformed, WireReader } from './wire.ts';

/** Attributes as the tables hold them: values as text, keys sorted. */
export type AttributeMap = Record<string, string>;

/** Tags of AnyValue, opentelemetry/proto/common/v1/common.proto. */
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;
const ARRAY = 0x2a;
const KVLIST = 0x32;
const BYTES = 0x3a;

const KEY = 0x0a;
const VALUE = 0x12;
const LIST_ITEM = 0x0a;

export interface KeyValue {
  key: string;
  /** The AnyValue's bytes, its pieces joined. */
  value: Uint8Array;
}

/** The reader stands before the length of a KeyValue. */
export function readKeyValue(reader: WireReader, limit: number): KeyValue {
  const length = reader.length(limit);
  const end = reader.at + length;
  let key = '';
  const value = new Pieces();
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === KEY) key = readText(reader, end);
    else if (tag === VALUE) value.add(readBytes(reader, end));
    else reader.skip(tag, end);
  }
  return { key, value: value.joined() };
}

export function readText(reader: WireReader, limit: number): string {
  const length = reader.length(limit);
  const start = reader.at;
  reader.at = start + length;
  return decodeUtf8(reader.bytes, start, start + length);
}

/** A view of the bytes, not a copy. */
export function readBytes(reader: WireReader, limit: number): Uint8Array {
  const length = reader.length(limit);
  const start = reader.at;
  reader.at = start + length;
  return reader.bytes.subarray(start, start + length);
}

/** Sorted by key; of a repeated key the last value counts. */
export function attributeMap(pairs: readonly KeyValue[]): AttributeMap {
  const sorted = [...pairs].sort((left, right) => compareText(left.key, right.key));
  const map: AttributeMap = {};
  for (const { key, value } of sorted) setEntry(map, key, valueText(value));
  return map;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Plain assignment, except for the one name that would set the object's prototype. */
export function setEntry(map: AttributeMap, key: string, text: string): void {
  if (key !== '__proto__') map[key] = text;
  else Object.defineProperty(map, key, { value: text, enumerable: true, configurable: true });
}

type AnyValue =
  | { kind: 'none' }
  | { kind: 'text' | 'bytes'; bytes: Uint8Array }
  | { kind: 'array' | 'kvlist'; pieces: Pieces }
  | { kind: 'bool'; value: boolean }
  | { kind: 'int'; value: bigint }
  | { kind: 'double'; value: number };

const LISTS: ReadonlyMap<number, 'array' | 'kvlist'> = new Map([
  [ARRAY, 'array'],
  [KVLIST, 'kvlist'],
]);

/** The member of the oneof that came last; a list that came in pieces is merged. */
function readAny(bytes: Uint8Array): AnyValue {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  let value: AnyValue = { kind: 'none' };
  while (reader.at < end) {
    const tag = reader.tag(end);
    const list = LISTS.get(tag);
    if (tag === STRING) value = { kind: 'text', bytes: readBytes(reader, end) };
    else if (tag === BYTES) value = { kind: 'bytes', bytes: readBytes(reader, end) };
    else if (tag === BOOL) value = { kind: 'bool', value: reader.varint64(end) !== 0n };
    else if (tag === INT) value = { kind: 'int', value: BigInt.asIntN(64, reader.varint64(end)) };
    else if (tag === DOUBLE) {
      value = { kind: 'double', value: reader.view.getFloat64(reader.fixed(8, end), true) };
    } else if (list !== undefined) {
      if (value.kind !== list) value = { kind: list, pieces: new Pieces() };
      value.pieces.add(readBytes(reader, end));
    } else reader.skip(tag, end);
  }
  return value;
}

/** A value as text: strings as they are, lists as JSON, 64-bit integers exact, bytes as base64. */
export function valueText(bytes: Uint8Array): string {
  // Nearly every value is one short string.
  const length = bytes[1] as number;
  if (bytes[0] === STRING && length < 0x80 && bytes.length === length + 2) {
    return decodeUtf8(bytes, 2, bytes.length);
  }
  const value = readAny(bytes);
  switch (value.kind) {
    case 'none':
      return '';
    case 'text':
      return decodeUtf8(value.bytes, 0, value.bytes.length);
    case 'bytes':
      return base64(value.bytes);
    case 'array':
    case 'kvlist':
      return listJson(value.kind, value.pieces.joined(), 1);
    default:
      return String(value.value);
  }
}

function valueJson(bytes: Uint8Array, depth: number): string {
  const value = readAny(bytes);
  switch (value.kind) {
    case 'none':
      return 'null';
    case 'text':
      return JSON.stringify(decodeUtf8(value.bytes, 0, value.bytes.length));
    case 'bytes':
      return JSON.stringify(base64(value.bytes));
    case 'array':
    case 'kvlist':
      return listJson(value.kind, value.pieces.joined(), depth + 1);
    case 'double':
      return Number.isFinite(value.value) ? String(value.value) : JSON.stringify(`${value.value}`);
    default:
      return String(value.value);
  }
}

function listJson(kind: 'array' | 'kvlist', bytes: Uint8Array, depth: number): string {
  if (depth > MAX_DEPTH) throw new Malformed(bytes, 0, 'attribute values are nested too deep');
  const reader = new WireReader(bytes);
  const items: string[] = [];
  const members = new Map<string, string>();
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag !== LIST_ITEM) reader.skip(tag, bytes.length);
    else if (kind === 'array') items.push(valueJson(readBytes(reader, bytes.length), depth));
    else {
      const { key, value } = readKeyValue(reader, bytes.length);
      members.set(key, valueJson(value, depth));
    }
  }
  if (kind === 'array') return `[${items.join(',')}]`;
  const sorted = [...members].sort(([left], [right]) => compareText(left, right));
  return `{${sorted.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const group =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += BASE64.charAt(group >>> 18) + BASE64.charAt((group >>> 12) & 63);
    text += left > 1 ? BASE64.charAt((group >>> 6) & 63) : '=';
    text += left > 2 ? BASE64.charAt(group & 63) : '=';
  }
  return text;
}

export function hexText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
