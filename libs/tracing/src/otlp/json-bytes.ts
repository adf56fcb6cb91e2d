import { encodeUtf8 } from './utf8.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const POINT = 0x2e;

/** Text is escaped in steps of this many bytes, so that room is never asked for 6-fold at once. */
const STEP_BYTES = 4096;
/** The most that one byte of text becomes: `\u001f`. */
const ESCAPED_BYTES = 6;
/** A shorter constant is copied byte by byte: a call to copy costs more. */
const SHORT_BYTES = 24;

/** A buffer that became larger than this is not kept when it is emptied. */
const MAX_KEPT_BYTES = 8 * 2 ** 20;

const BILLION = 1_000_000_000;
const HALF_WORD = 65_536;
/** The last instant that a DateTime64(9) can hold, in 2262: 2^63 - 1 ns. */
const LAST_TIME = ascii('9223372036.854775807');

const HEX = ascii('0123456789abcdef');

/** Letters behind the backslash of control characters that have a short form. */
const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r' }).map(([byte, letter]) => [
    Number(byte),
    letter.charCodeAt(0),
  ]),
);

/** The bytes of a text of ASCII characters. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** JSON written as UTF-8 bytes into one buffer that grows and is used again. */
export class JsonBytes {
  /** Replaced by a longer one when it grows; only the first `length` bytes count. */
  bytes: Uint8Array;
  length = 0;
  /** Quotient and remainder of the last division: no object for two numbers. */
  #quotient = 0;
  #remainder = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Empties it; memory beyond `MAX_KEPT_BYTES` is given back. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > MAX_KEPT_BYTES) this.bytes = new Uint8Array(MAX_KEPT_BYTES);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.bytes[this.length] = value;
    this.length += 1;
  }

  /** Bytes as they are. */
  raw(part: Uint8Array): void {
    const count = part.length;
    this.#reserve(count);
    const at = this.length;
    if (count > SHORT_BYTES) this.bytes.set(part, at);
    else {
      const out = this.bytes;
      for (let index = 0; index < count; index += 1) out[at + index] = part[index] as number;
    }
    this.length = at + count;
  }

  /** A string of the UTF-8 text from `start` up to `end`. */
  text(source: Uint8Array, start: number, end: number): void {
    this.byte(QUOTE);
    for (let at = start; at < end; at += STEP_BYTES) {
      this.#escaped(source, at, Math.min(end, at + STEP_BYTES));
    }
    this.byte(QUOTE);
  }

  /** A string; a lone surrogate becomes U+FFFD. */
  string(text: string): void {
    if (text.length <= STEP_BYTES && this.#asciiString(text)) return;
    const bytes = encodeUtf8(text);
    this.text(bytes, 0, bytes.length);
  }

  /** False, and nothing written, when some character is not ASCII. */
  #asciiString(text: string): boolean {
    this.#reserve(ESCAPED_BYTES * text.length + 2);
    const out = this.bytes;
    let to = this.length;
    out[to++] = QUOTE;
    for (let index = 0; index < text.length; index += 1) {
      const value = text.charCodeAt(index);
      if (value >= 0x80) return false;
      if (value >= 0x20 && value !== QUOTE && value !== BACKSLASH) out[to++] = value;
      else to = writeEscape(out, to, value);
    }
    out[to++] = QUOTE;
    this.length = to;
    return true;
  }

  /** Eight lower-case hex digits, without quotes. */
  hexWord(word: number): void {
    this.#reserve(8);
    const out = this.bytes;
    const at = this.length;
    for (let digit = 0; digit < 8; digit += 1) {
      out[at + digit] = HEX[(word >>> (28 - 4 * digit)) & 15] as number;
    }
    this.length = at + 8;
  }

  /** Two lower-case hex digits a byte, without quotes. */
  hex(source: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += 1) {
      this.#reserve(2);
      const value = source[at] as number;
      this.bytes[this.length] = HEX[value >>> 4] as number;
      this.bytes[this.length + 1] = HEX[value & 15] as number;
      this.length += 2;
    }
  }

  /** Decimal digits of a whole number, 0 … 2^53, without quotes. */
  integer(value: number): void {
    if (value < BILLION) this.#digits(value, digitsOf(value));
    else {
      const high = Math.floor(value / BILLION);
      this.#digits(high, digitsOf(high));
      this.#digits(value - high * BILLION, 9);
    }
  }

  /** Decimal digits of an unsigned number of two words, without quotes. */
  wide(high: number, low: number): void {
    if (high >>> 0 === 0) this.integer(low >>> 0);
    else {
      this.#divide(high, low);
      this.integer(this.#quotient);
      this.#digits(this.#remainder, 9);
    }
  }

  /** `seconds.nanoseconds` of a time of two words, ten and nine digits, without quotes. */
  timestamp(high: number, low: number): void {
    if (high < 0) {
      this.raw(LAST_TIME);
      return;
    }
    this.#divide(high, low);
    const seconds = this.#quotient;
    const upper = Math.floor(seconds / 100_000);
    this.#digits(upper, 5);
    this.#digits(seconds - upper * 100_000, 5);
    this.byte(POINT);
    this.#digits(this.#remainder, 9);
  }

  /** Divides by 10^9, 16 bits at a time: each step is exact in a double. */
  #divide(high: number, low: number): void {
    let quotient = 0;
    let rest = 0;
    for (let limb = 0; limb < 4; limb += 1) {
      const word = limb < 2 ? high : low;
      rest = rest * HALF_WORD + ((limb & 1) === 0 ? word >>> 16 : word & 0xffff);
      const part = Math.floor(rest / BILLION);
      rest -= part * BILLION;
      quotient = quotient * HALF_WORD + part;
    }
    this.#quotient = quotient;
    this.#remainder = rest;
  }

  #digits(value: number, count: number): void {
    this.#reserve(count);
    const out = this.bytes;
    let rest = value | 0;
    for (let at = this.length + count - 1; at >= this.length; at -= 1) {
      const next = (rest / 10) | 0;
      out[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.length += count;
  }

  #escaped(source: Uint8Array, start: number, end: number): void {
    this.#reserve(ESCAPED_BYTES * (end - start));
    const out = this.bytes;
    let to = this.length;
    for (let at = start; at < end; at += 1) {
      const value = source[at] as number;
      if (value >= 0x20 && value !== QUOTE && value !== BACKSLASH) {
        out[to] = value;
        to += 1;
      } else to = writeEscape(out, to, value);
    }
    this.length = to;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.bytes.length, needed));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

function writeEscape(out: Uint8Array, at: number, value: number): number {
  out[at] = BACKSLASH;
  const short = value >= 0x20 ? value : SHORT_ESCAPES.get(value);
  if (short !== undefined) {
    out[at + 1] = short;
    return at + 2;
  }
  out[at + 1] = 0x75;
  out[at + 2] = ZERO;
  out[at + 3] = ZERO;
  out[at + 4] = HEX[value >>> 4] as number;
  out[at + 5] = HEX[value & 15] as number;
  return at + 6;
}

function digitsOf(value: number): number {
  let count = 1;
  for (let power = 10; power <= value; power *= 10) count += 1;
  return count;
}
