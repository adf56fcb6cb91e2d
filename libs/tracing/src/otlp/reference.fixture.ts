import protobuf from 'protobufjs';
import { OTLP_PROTO } from './proto.fixture.ts';
import { toBytes } from './world.fixture.ts';

/**
 * OTLP messages read by protobufjs, or from JSON in the plainest way: the slow twin's input. Text
 * stays bytes, so that text which is no UTF-8 can be told apart.
 */
export interface Plain {
  readonly [name: string]: unknown;
}

const root = protobuf.parse(OTLP_PROTO.replaceAll(/\bstring (?=\w+ =)/g, 'bytes ')).root;

export type RequestName = 'TraceRequest' | 'MetricsRequest' | 'LogsRequest';

/** The bounds on nesting are ours to test, so the reference has none in reach. */
for (const place of [protobuf.Reader, protobuf.util])
  Object.assign(place, { recursionLimit: 5000 });

/** @throws when protobufjs cannot read the bytes */
export function plainOfBytes(name: RequestName, bytes: Uint8Array): Plain {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: BigInt as never, oneofs: true });
}

/** A number as it was written, so that none is rounded. */
class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** A member holds a value that its field cannot. */
class Wrong extends Error {}

const HEX_FIELDS = new Set(['traceId', 'spanId', 'parentSpanId']);
/** Members that no row or figure needs are skipped unread, whatever they hold. */
const SKIPPED = /^(?!Scope\.)\w+\.dropped|^Link\.flags$/;

const RANGES: Record<string, readonly [bigint, bigint]> = {
  int32: [-(2n ** 31n), 2n ** 32n - 1n],
  uint32: [-(2n ** 31n), 2n ** 32n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [-(2n ** 63n), 2n ** 64n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 64n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
};

/** What a number's text begins with once it is quoted; no text of the fuzzer does. */
const MARK = '\u0001number ';
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs;

/**
 * Numbers are quoted and marked, so that none is rounded. (A reviver is told their text too, but
 * JSON.parse with one corrupts the memory of Node 26.10 now and then.)
 *
 * @throws when the text is not JSON, or a member is of the wrong type
 */
export function plainOfJson(name: RequestName, text: string): Plain {
  JSON.parse(text);
  const marked = text.replace(STRINGS_AND_NUMBERS, (token) =>
    token.startsWith('"') ? token : JSON.stringify(MARK + token),
  );
  return messageOf(root.lookupType(name), withNumbers(JSON.parse(marked)));
}

function withNumbers(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith(MARK) ? new JsonNumber(value.slice(MARK.length)) : value;
  }
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNumbers(item)]));
}

function messageOf(type: protobuf.Type, value: unknown): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Wrong();
  if (value instanceof JsonNumber) throw new Wrong();
  const plain: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined || item === null || SKIPPED.test(`${type.name}.${name}`)) continue;
    field.resolve();
    if (field.repeated) {
      if (!Array.isArray(item)) throw new Wrong();
      plain[name] = item.map((one) => fieldValue(field, one));
    } else plain[name] = fieldValue(field, item);
    if (field.partOf !== null) chooseMember(plain, field);
  }
  return plain;
}

/** Of a oneof only the last member stays. */
function chooseMember(plain: Record<string, unknown>, field: protobuf.Field): void {
  for (const other of field.partOf?.fieldsArray ?? []) {
    if (other !== field) delete plain[other.name];
  }
  plain[field.partOf?.name as string] = field.name;
}

function fieldValue(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) return messageOf(field.resolvedType, value);
  switch (field.type) {
    case 'bytes':
      return bytesOf(field, value);
    case 'bool':
      if (typeof value !== 'boolean') throw new Wrong();
      return value;
    case 'double':
      return doubleOf(value);
    default:
      return integerOf(field.type, value);
  }
}

function bytesOf(field: protobuf.Field, value: unknown): Uint8Array {
  // Known and harmless: a number too long to be exact is taken for a text of the same digits.
  const text = value instanceof JsonNumber && isLong(value.source) ? value.source : value;
  if (typeof text !== 'string') throw new Wrong();
  if (HEX_FIELDS.has(field.name)) {
    return /^(?:[0-9a-f]{2})*$/i.test(text) ? toBytes(text, 'hex') : new Uint8Array(0);
  }
  if (field.name !== 'bytesValue') return toBytes(text, 'utf8');
  const digits = text.replace(/=+$/, '');
  if (!/^[\w+/-]*={0,2}$/.test(text) || digits.length % 4 === 1) throw new Wrong();
  return toBytes(digits, 'base64');
}

const isLong = (source: string) => source.length >= 16 && /^-?\d{1,20}$/.test(source);

function doubleOf(value: unknown): number {
  if (value instanceof JsonNumber) return Number(value.source);
  if (typeof value !== 'string') throw new Wrong();
  if (['NaN', 'Infinity', '-Infinity'].includes(value)) return Number(value);
  if (value.trim() === '' || !Number.isFinite(Number(value))) throw new Wrong();
  return Number(value);
}

function integerOf(type: string, value: unknown): bigint | number {
  const source = value instanceof JsonNumber ? value.source : value;
  if (typeof source !== 'string') throw new Wrong();
  const digits = /^-?\d{1,20}$/.test(source);
  if (!digits && !(value instanceof JsonNumber && Number.isInteger(Number(source)))) {
    throw new Wrong();
  }
  const number = digits ? BigInt(source) : BigInt(Number(source));
  const [min, max] = RANGES[type] as readonly [bigint, bigint];
  if (number < min || number > max) throw new Wrong();
  if (type === 'fixed64') return BigInt.asUintN(64, number);
  if (type === 'sfixed64') return BigInt.asIntN(64, number);
  if (type.endsWith('64')) return number;
  return Number(type === 'int32' ? BigInt.asIntN(32, number) : BigInt.asUintN(32, number)) | 0;
}
