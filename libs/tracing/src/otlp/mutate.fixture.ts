import { MAX_DEPTH } from './wire.ts';

/** Draws from [0, 1). */
export type Random = () => number;

const below = (random: Random, bound: number): number => Math.floor(random() * bound);

function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}

/** A field as it stands on the wire; `inner` where its bytes are taken for a message. */
interface Field {
  number: number;
  wire: number;
  /** What follows the tag, for lengths without the length. */
  bytes: Uint8Array;
  inner: Field[] | undefined;
}

/** Where the varint at `at` ends, or -1. */
function endOfVarint(bytes: Uint8Array, at: number): number {
  for (let end = at; end < bytes.length && end < at + 10; end += 1) {
    if ((bytes[end] as number) < 0x80) return end + 1;
  }
  return -1;
}

function varintAt(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let index = end - 1; index >= at; index -= 1) {
    value = value * 128 + ((bytes[index] as number) & 0x7f);
  }
  return value;
}

const LEVELS = 8;

/** The fields of a message, or undefined when the bytes are none. */
function parse(bytes: Uint8Array, level = 0): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = endOfVarint(bytes, at);
    if (start < 0) return undefined;
    const tag = varintAt(bytes, at, start);
    const wire = tag % 8;
    const number = Math.floor(tag / 8);
    if (number === 0 || number > 1000) return undefined;
    const read = contentOf(bytes, start, wire);
    if (read === undefined) return undefined;
    const content = bytes.subarray(read.from, read.end);
    const inner = wire === 2 && level < LEVELS ? parse(content, level + 1) : undefined;
    fields.push({ number, wire, bytes: content, inner });
    at = read.end;
  }
  return fields;
}

function contentOf(bytes: Uint8Array, start: number, wire: number) {
  if (wire === 0) return within(bytes, start, endOfVarint(bytes, start));
  if (wire === 1) return within(bytes, start, start + 8);
  if (wire === 5) return within(bytes, start, start + 4);
  if (wire !== 2) return undefined;
  const from = endOfVarint(bytes, start);
  return from < 0 ? undefined : within(bytes, from, from + varintAt(bytes, start, from));
}

function within(bytes: Uint8Array, from: number, end: number) {
  return end < 0 || end > bytes.length ? undefined : { from, end };
}

function write(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, wire, bytes, inner } of fields) {
    const content = inner === undefined ? bytes : write(inner);
    parts.push(varint(number * 8 + wire));
    if (wire === 2) parts.push(varint(content.length));
    parts.push(content);
  }
  return concat(parts);
}

function varint(value: number): Uint8Array {
  if (value < 128) return Uint8Array.of(value);
  if (value < 16_384) return Uint8Array.of((value % 128) | 128, value >>> 7);
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** Groups in groups, ended or not. */
function groups(random: Random): Uint8Array {
  const depth = pick(random, [1, 2, 5, MAX_DEPTH - 1, MAX_DEPTH + 1, 500]);
  const number = 1 + below(random, 30);
  const start = varint(number * 8 + 3);
  const end = varint(number * 8 + 4);
  const ends = Array<Uint8Array>(random() < 0.8 ? depth : below(random, depth + 2)).fill(end);
  // Sometimes one ends under another number than it began.
  if (random() < 0.2) ends[below(random, ends.length)] = varint(number * 8 + 12);
  return concat([...Array<Uint8Array>(depth).fill(start), ...ends]);
}

/** An AnyValue of lists in lists, or of maps in maps. */
function nestedValue(random: Random): Uint8Array {
  const depth = pick(random, [1, 3, 10, 30, 48, 52, 200]);
  const tags = random() < 0.5 ? [0x0a, 0x2a] : [0x12, 0x0a, 0x32];
  const parts: Uint8Array[] = [Uint8Array.from([0x0a, 1, 0x78])];
  let length = 3;
  for (let level = 0; level < depth; level += 1) {
    for (const tag of tags) {
      const head = [tag, ...varint(length)];
      parts.push(Uint8Array.from(head));
      length += head.length;
    }
  }
  return concat(parts.reverse());
}

function unknownField(random: Random): Field {
  const number = pick(random, [3, 7, 17, 100, 999]);
  const wire = pick(random, [0, 1, 2, 5]);
  const length = { 0: 0, 1: 8, 2: below(random, 12), 5: 4 }[wire] as number;
  const bytes = wire === 0 ? hugeVarint(random) : randomBytes(random, length);
  return { number, wire, bytes, inner: undefined };
}

/** Up to ten bytes that are a number, sometimes eleven that are not. */
function hugeVarint(random: Random): Uint8Array {
  const length = 1 + below(random, random() < 0.1 ? 11 : 10);
  const bytes = randomBytes(random, length).map((byte) => byte | 0x80);
  bytes[length - 1] = (bytes[length - 1] as number) & 0x7f;
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A list of fields somewhere in the tree, deeper ones as likely as flat ones. */
function somewhere(random: Random, fields: Field[]): Field[] {
  const deeper = fields.filter((field) => (field.inner?.length ?? 0) > 0);
  if (deeper.length === 0 || random() < 0.15) return fields;
  return somewhere(random, pick(random, deeper).inner as Field[]);
}

/** Changes to a list of fields; what they write is a message again, if a strange one. */
const FIELD_CHANGES: readonly ((random: Random, fields: Field[], at: number) => void)[] = [
  (_, fields, at) => void fields.splice(at, 1),
  (_, fields, at) => void fields.splice(at, 0, fields[at] as Field),
  (random, fields, at) => void fields.push(...fields.splice(at, 1 + below(random, 3))),
  (random, fields, at) => void fields.splice(at, 0, unknownField(random)),
  (random, fields, at) => rewire(random, fields[at] as Field),
  (random, fields, at) => rewrite(random, fields[at] as Field),
  (_, fields, at) => split(fields, at),
  (random, fields, at) => renumber(random, fields[at] as Field),
  (random, fields, at) => {
    Object.assign(fields[at] as Field, { wire: 2, bytes: nestedValue(random), inner: undefined });
  },
  (random, fields, at) => {
    const inner = write([fields[at] as Field]);
    Object.assign(fields[at] as Field, {
      wire: 2,
      bytes: concat([inner, groups(random)]),
      inner: undefined,
    });
  },
];

/** Another wire type, with content that fits it. */
function rewire(random: Random, field: Field): void {
  const { wire, bytes } = unknownField(random);
  Object.assign(field, { wire, bytes, inner: undefined });
}

function renumber(random: Random, field: Field): void {
  field.number = 1 + below(random, 18);
}

/** Other content of the same wire type: ids of odd lengths, text that is no UTF-8 … */
function rewrite(random: Random, field: Field): void {
  if (field.wire === 0) {
    field.bytes = random() < 0.6 ? varint(below(random, 12)) : hugeVarint(random);
  } else if (field.wire === 2) {
    const length = pick(random, [0, 1, 7, 8, 9, 15, 16, 17, below(random, 200)]);
    field.bytes = random() < 0.3 ? new Uint8Array(length) : randomBytes(random, length);
    field.inner = undefined;
  } else field.bytes = extremeBytes(random, field.bytes.length);
}

/** Eight or four bytes: any, none, all, or only the highest bit. */
function extremeBytes(random: Random, length: number): Uint8Array {
  if (random() < 0.4) return randomBytes(random, length);
  const bytes = new Uint8Array(length).fill(random() < 0.4 ? 0xff : 0);
  if (random() < 0.5 && length > 0) bytes[length - 1] = (bytes[length - 1] as number) ^ 0x80;
  return bytes;
}

/** One message becomes two of the same number: protobuf merges them again. */
function split(fields: Field[], at: number): void {
  const field = fields[at] as Field;
  if (field.inner === undefined) return;
  const half = Math.floor(field.inner.length / 2);
  const first = { ...field, inner: field.inner.slice(0, half) };
  const second = { ...field, inner: field.inner.slice(half) };
  fields.splice(at, 1, first);
  fields.push(second);
}

function changeFields(random: Random, bytes: Uint8Array): Uint8Array {
  const fields = parse(bytes);
  if (fields === undefined || fields.length === 0) return changeBytes(random, bytes);
  const list = somewhere(random, fields);
  if (list.length > 0) pick(random, FIELD_CHANGES)(random, list, below(random, list.length));
  return write(fields);
}

/** Changes that know nothing of messages: flipped, overwritten, cut out, doubled, cut off. */
function changeBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const at = below(random, bytes.length);
  const length = 1 + below(random, 8);
  switch (below(random, 6)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 3:
      return concat([bytes.subarray(0, at), hugeVarint(random), bytes.subarray(at + 1)]);
    case 4: {
      const copy = bytes.slice();
      if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << below(random, 8));
      return copy;
    }
    default: {
      const copy = bytes.slice();
      copy.set(randomBytes(random, Math.min(length, copy.length - at)), at);
      return copy;
    }
  }
}

/** One to four, mostly one: many changes at once only break a request at its first byte. */
const howMany = (random: Random) => 1 + Math.floor(4 * random() ** 4);

/** A request changed in one to four places; `other` is a body to splice with. */
export function mutateBytes(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  let result = bytes;
  for (let change = howMany(random); change > 0; change -= 1) {
    const kind = random();
    if (kind < 0.04) {
      const cut = result.subarray(0, below(random, result.length));
      result = concat([cut, other.subarray(below(random, other.length))]);
    } else if (kind < 0.75) result = changeFields(random, result);
    else result = changeBytes(random, result);
    if (result.length > 100_000) return result.slice(0, 100_000);
  }
  return result;
}

/** What may stand where another value stood. */
const STRANGE_JSON: readonly string[] = [
  'null',
  'true',
  '0',
  '-0',
  '1e3',
  '1.5',
  '-1',
  '18446744073709551615',
  '18446744073709551616',
  '-9223372036854775809',
  '123456789012345678901234567890',
  '"18446744073709551615"',
  '"1.0"',
  '"1e2"',
  '""',
  '" 1"',
  '"NaN"',
  '"-Infinity"',
  '"/+-_=="',
  '"AbCdEf0123456789"',
  '"\\ud800"',
  '"\\u0000ü\\n"',
  '[]',
  '{}',
  '[null]',
  '{"":1}',
  '{"stringValue":"a","intValue":"1"}',
  '{"arrayValue":{"values":[{"arrayValue":{"values":[{}]}}]}}',
  '0000000000000000001',
  '1234567890123456:1',
  '01',
  '.5',
  'NaN',
];

/** Text that stands for one JSON value: up to 40 characters of string, number or word. */
const VALUE = /"(?:[^"\\]|\\.){0,40}"|-?[0-9][0-9.eE+-]*|true|false|null|\{\}|\[\]/g;

function changeValue(random: Random, text: string): string {
  const values = [...text.matchAll(VALUE)];
  if (values.length === 0) return text;
  const { index, 0: found } = pick(random, values);
  return text.slice(0, index) + pick(random, STRANGE_JSON) + text.slice(index + found.length);
}

function changeText(random: Random, text: string): string {
  const at = below(random, text.length);
  const end = at + 1 + below(random, 8);
  switch (below(random, 6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(end);
    case 2:
      return text.slice(0, end) + text.slice(at);
    case 3:
      return text.slice(0, at) + pick(random, [...'{}[],:"\\0e-. \n']) + text.slice(at);
    case 4: {
      const deep = pick(random, [2, 20, 45, 60, 300]);
      const nested = '{"arrayValue":{"values":['.repeat(deep) + ']}}'.repeat(deep);
      return text.replace(/\{"stringValue":"[^"]*"\}/, nested);
    }
    default:
      return text.slice(0, at) + String.fromCharCode(below(random, 128)) + text.slice(at + 1);
  }
}

/** OTLP/JSON changed in one to four places. */
export function mutateText(random: Random, text: string, other: string): string {
  let result = text;
  for (let change = howMany(random); change > 0; change -= 1) {
    const kind = random();
    if (kind < 0.03) result = result.slice(0, below(random, result.length)) + other;
    else if (kind < 0.8) result = changeValue(random, result);
    else result = changeText(random, result);
    if (result.length > 400_000) return result;
  }
  return result;
}
