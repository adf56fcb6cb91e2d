import type { Member, Message, Scalar } from './json-schema.ts';
import type { OtlpFault, Rejected } from './rejections.ts';
import { MAX_DEPTH } from './wire.ts';
import { WireWriter } from './write.ts';

export type JsonResult =
  | { ok: true; bytes: Uint8Array; notHex: string | undefined }
  | { ok: false; fault: OtlpFault };

/**
 * Turns OTLP/JSON text into the protobuf bytes of the same message, so that there is one way to
 * read spans, metrics and logs. Unknown members are skipped and null is absent. An id that is not
 * hexadecimal becomes one of no length, which the reader rejects alone; `notHex` is the first.
 * More than `maxValues` are refused before they are parsed.
 */
export function jsonToProtobuf(text: string, root: Message, maxValues = MAX_VALUES): JsonResult {
  const converter = new Converter();
  try {
    const { quoted, values } = withLongNumbersQuoted(text);
    if (values > maxValues) return { ok: false, fault: tooManyValues(maxValues) };
    const value: unknown = JSON.parse(quoted);
    const out = new WireWriter();
    converter.message(out, value, root, '', 0);
    return { ok: true, bytes: out.finish(), notHex: converter.notHex };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof WrongType)) throw error;
    const message = `malformed JSON: ${error.message}`;
    return { ok: false, fault: { index: undefined, offset: undefined, message } };
  }
}

/** Says in a partial success where the first id stood that is not hexadecimal. */
export function explainNotHex(rejected: Rejected, notHex: string | undefined): Rejected {
  if (notHex === undefined || rejected.count === 0) return rejected;
  return { ...rejected, message: `${rejected.message}; ${notHex} is not hexadecimal` };
}

/** A member holds a value of another type than its field. */
class WrongType extends Error {}

/**
 * 64 MiB of telemetry hold five million values; as many bytes of `{},` hold four times that, and
 * would take gigabytes when parsed.
 */
const MAX_VALUES = 6_000_000;

function tooManyValues(maxValues: number): OtlpFault {
  const message = `the JSON holds more than ${maxValues} values; send smaller batches`;
  return { index: undefined, offset: undefined, message, tooLarge: true };
}

/** Digits from which a JSON number may no longer be exact as a double. */
const LONG_DIGITS = 16;

/**
 * JSON.parse rounds integers above 2^53; quoted they arrive whole, and OTLP allows both forms. The
 * way through the text also counts what begins or follows a value.
 */
function withLongNumbersQuoted(text: string): { quoted: string; values: number } {
  let values = 0;
  const pieces: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = afterString(text, at);
    else if (!isNumberPart(code)) {
      if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) values += 1;
      at += 1;
    } else {
      const start = at;
      while (at < text.length && isNumberPart(text.charCodeAt(at))) at += 1;
      if (at - start < LONG_DIGITS || !LONG_NUMBER.test(text.slice(start, at))) continue;
      if (isName(text, at)) continue;
      pieces.push(text.slice(copied, start), '"', text.slice(start, at), '"');
      copied = at;
    }
  }
  return { quoted: pieces.join('') + text.slice(copied), values };
}

/** A number where a name belongs is a fault that quotes would hide. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (SPACES.has(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === COLON;
}

const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function afterString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}

/** Digits, sign, point and exponent. */
function isNumberPart(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true;
  return code === 0x2d || code === 0x2b || code === 0x2e || code === 0x45 || code === 0x65;
}

const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const INTEGER = /^-?\d{1,20}$/;
/** As JSON writes it: without leading zeros. */
const LONG_NUMBER = /^-?(?:0|[1-9]\d{0,19})$/;

const RANGES: Partial<Record<Scalar, readonly [min: bigint, max: bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 32n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [-(2n ** 63n), 2n ** 64n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
};

class Converter {
  /** Path of the first id that is not hexadecimal. */
  notHex: string | undefined;

  message(out: WireWriter, value: unknown, type: Message, path: string, depth: number): void {
    if (depth > MAX_DEPTH * 2) {
      throw new WrongType(`values are nested deeper than ${MAX_DEPTH} levels`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrongType(path, 'an object', value);
    }
    for (const [name, item] of Object.entries(value)) {
      const member = type.get(name);
      if (member === undefined || item === null) continue;
      this.#member(out, item, member, path === '' ? name : `${path}.${name}`, depth);
    }
  }

  #member(out: WireWriter, value: unknown, member: Member, path: string, depth: number): void {
    if (!member.repeated) {
      this.#value(out, value, member, path, depth);
      return;
    }
    if (!Array.isArray(value)) throw wrongType(path, 'an array', value);
    value.forEach((item, index) => {
      this.#value(out, item, member, `${path}[${index}]`, depth);
    });
  }

  #value(out: WireWriter, value: unknown, member: Member, path: string, depth: number): void {
    const { number, type } = member;
    if (typeof type === 'string') {
      this.#scalar(out, number, value, type, path);
      return;
    }
    const inner = new WireWriter();
    this.message(inner, value, type(), path, depth + 1);
    out.message(number, inner);
  }

  #scalar(out: WireWriter, field: number, value: unknown, type: Scalar, path: string): void {
    switch (type) {
      case 'string':
        out.text(field, text(value, path));
        return;
      case 'hex':
        out.bytes(field, this.#hex(text(value, path), path));
        return;
      case 'base64':
        out.bytes(field, base64(text(value, path), path));
        return;
      case 'bool':
        if (typeof value !== 'boolean') throw wrongType(path, 'true or false', value);
        out.varint(field, value ? 1 : 0);
        return;
      case 'double':
        out.double(field, double(value, path));
        return;
      case 'fixed64':
        out.fixed64(field, integer(value, type, path));
        return;
      case 'fixed32':
        out.fixed32(field, Number(integer(value, type, path)));
        return;
      case 'sint32':
        out.varint(field, zigzag(integer(value, type, path)));
        return;
      default:
        out.varint(field, integer(value, type, path));
    }
  }

  #hex(digits: string, path: string): Uint8Array {
    if (!HEX.test(digits)) {
      this.notHex ??= `${path} (${JSON.stringify(digits.slice(0, 64))})`;
      return new Uint8Array(0);
    }
    const bytes = new Uint8Array(digits.length / 2);
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
    }
    return bytes;
  }
}

function wrongType(path: string, expected: string, value: unknown): WrongType {
  const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  const place = path === '' ? 'the body' : path;
  return new WrongType(`${place} must be ${expected}, not ${found}`);
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw wrongType(path, 'a string', value);
  return value;
}

function integer(value: unknown, type: Scalar, path: string): bigint {
  const whole =
    typeof value === 'string'
      ? INTEGER.test(value)
      : typeof value === 'number' && Number.isInteger(value);
  if (!whole) throw wrongType(path, 'an integer', value);
  const number = BigInt(value as string | number);
  const [min, max] = RANGES[type] ?? [number, number];
  if (number < min || number > max) throw new WrongType(`${path} is out of range: ${number}`);
  return number;
}

/** JSON has no NaN or infinity: protobuf writes them as strings. */
const SPECIAL_DOUBLES = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function double(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') throw wrongType(path, 'a number', value);
  const special = SPECIAL_DOUBLES.get(value);
  if (special !== undefined) return special;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw wrongType(path, 'a number', value);
  return number;
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -value * 2n - 1n : value * 2n;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Standard or URL-safe alphabet, with or without padding. */
function base64(value: string, path: string): Uint8Array {
  const standard = value.replaceAll('-', '+').replaceAll('_', '/');
  const digits = standard.replace(/=+$/, '');
  if (!BASE64.test(standard) || digits.length % 4 === 1) {
    throw new WrongType(`${path} is not base64`);
  }
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    held = ((held << 6) | DIGITS.indexOf(digit)) & 0xfffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >>> bits) & 0xff;
    at += 1;
  }
  return bytes;
}
