import { isAscii, isUtf8 } from './utf8.ts';
import { MAX_DEPTH, Malformed, WIRE_BYTES, type WireReader } from './wire.ts';

/**
 * Walks messages that are not decoded yet, so that a broken or non-UTF-8 attribute is told to the
 * sender at once, and the decoding of a kept span later cannot fail. Each function moves the reader
 * to `end` and answers whether every string was UTF-8; a broken structure throws `Malformed`.
 */

/**
 * Attributes, events, links and their values that one span, point or record may have. As rows they
 * cost a hundred times their two bytes in the body, so that one span could ask for all memory.
 */
const MAX_PARTS = 100_000;

export const TOO_MANY_PARTS = `it has more than ${MAX_PARTS} attributes, values or the like`;

/** Whether what has been walked over since `reader.parts` was set back is more than is taken. */
export function hasTooManyParts(reader: WireReader): boolean {
  return reader.parts > MAX_PARTS;
}

/** Which fields (bit n = field n) of a message are strings, and which are repeated KeyValue. */
export interface Shape {
  strings: number;
  attributes: number;
}

export const RESOURCE_SHAPE: Shape = { strings: 0, attributes: 1 << 1 };
export const SCOPE_SHAPE: Shape = { strings: (1 << 1) | (1 << 2), attributes: 1 << 3 };
export const EVENT_SHAPE: Shape = { strings: 1 << 2, attributes: 1 << 3 };
export const LINK_SHAPE: Shape = { strings: 1 << 3, attributes: 1 << 4 };

const KEY = 0x0a;
const VALUE = 0x12;
const STRING_VALUE = 0x0a;
const BOOL_VALUE = 0x10;
const INT_VALUE = 0x18;
const DOUBLE_VALUE = 0x21;
const ARRAY_VALUE = 0x2a;
const KVLIST_VALUE = 0x32;
const LIST_ITEM = 0x0a;

export function checkMessage(reader: WireReader, end: number, shape: Shape): boolean {
  let valid = true;
  while (reader.at < end) {
    reader.parts += 1;
    const tag = reader.tag(end);
    const bit = tag < 128 && (tag & 7) === WIRE_BYTES ? 1 << (tag >>> 3) : 0;
    if ((shape.strings & bit) !== 0) valid = checkString(reader, end) && valid;
    else if ((shape.attributes & bit) !== 0) valid = checkKeyValue(reader, end) && valid;
    else reader.skip(tag, end);
  }
  return valid;
}

export function checkString(reader: WireReader, end: number): boolean {
  const length = reader.length(end);
  const start = reader.at;
  reader.at = start + length;
  return isUtf8(reader.bytes, reader.view, start, start + length);
}

/** The reader stands before the length of a KeyValue. */
export function checkKeyValue(reader: WireReader, limit: number, depth = 0): boolean {
  reader.parts += 1;
  const fastEnd = endOfPlainPair(reader, reader.at, limit);
  if (fastEnd > 0) {
    reader.at = fastEnd;
    return true;
  }
  const length = reader.length(limit);
  const end = reader.at + length;
  let valid = true;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === KEY) valid = checkString(reader, end) && valid;
    else if (tag === VALUE) valid = checkValue(reader, end, depth + 1) && valid;
    else reader.skip(tag, end);
  }
  return valid;
}

/**
 * Where the KeyValue whose length is at `at` ends if it is what nearly all are: a short ASCII key,
 * then a short ASCII string, a boolean, an integer or a double; else 0. One look at each byte
 * instead of a walk.
 */
export function endOfPlainPair(reader: WireReader, at: number, limit: number): number {
  const { bytes } = reader;
  const end = at + 1 + (bytes[at] as number);
  const valueAt = at + 3 + (bytes[at + 2] as number);
  const inner = valueAt + 2;
  // With lengths below 128 each is one byte; inner + 2 <= end keeps all that is looked at inside.
  if (end > limit || end - at > 0x80 || inner + 2 > end) return 0;
  if (bytes[at + 1] !== KEY || bytes[valueAt] !== VALUE || bytes[valueAt + 1] !== end - inner) {
    return 0;
  }
  const tag = bytes[inner];
  if (tag === STRING_VALUE) {
    return bytes[inner + 1] === end - inner - 2 && isAscii(reader.view, at, end) ? end : 0;
  }
  const plain =
    tag === DOUBLE_VALUE
      ? end - inner === 9
      : (tag === BOOL_VALUE || tag === INT_VALUE) && isVarint(bytes, inner + 1, end);
  return plain && isAscii(reader.view, at, inner) ? end : 0;
}

/** Whether one varint fills the bytes from `start` up to `end`. */
function isVarint(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] as number) >= 0x80) at += 1;
  return at === end - 1 && end - start <= 10;
}

/** The reader stands before the length of an AnyValue. */
export function checkValue(reader: WireReader, limit: number, depth: number): boolean {
  if (depth > MAX_DEPTH) {
    throw new Malformed(
      reader.bytes,
      reader.at,
      `attribute values are nested deeper than ${MAX_DEPTH} levels`,
    );
  }
  reader.parts += 1;
  const length = reader.length(limit);
  const end = reader.at + length;
  let valid = true;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === STRING_VALUE) valid = checkString(reader, end) && valid;
    else if (tag === ARRAY_VALUE) valid = checkList(reader, end, depth, checkValue) && valid;
    else if (tag === KVLIST_VALUE) valid = checkList(reader, end, depth, checkKeyValue) && valid;
    else reader.skip(tag, end);
  }
  return valid;
}

type CheckItem = (reader: WireReader, limit: number, depth: number) => boolean;

function checkList(reader: WireReader, limit: number, depth: number, item: CheckItem): boolean {
  const length = reader.length(limit);
  const end = reader.at + length;
  let valid = true;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === LIST_ITEM) valid = item(reader, end, depth + 1) && valid;
    else reader.skip(tag, end);
  }
  return valid;
}
