/**
 * UTF-8 without a runtime's TextDecoder: this library asks for nothing beyond the language.
 * Validity is RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */

const HIGH_BITS = 0x80808080 | 0;

/** Whether the bytes from `start` up to `end`, at least four, are all ASCII. */
export function isAscii(view: DataView, start: number, end: number): boolean {
  const last = end - 4;
  for (let at = start; at < last; at += 4) {
    if ((view.getInt32(at) & HIGH_BITS) !== 0) return false;
  }
  return (view.getInt32(last) & HIGH_BITS) === 0;
}

/** Whether the bytes from `start` up to `end` are well-formed. `view` covers the same memory. */
export function isUtf8(bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
  let at = start;
  while (at + 4 <= end && (view.getInt32(at) & HIGH_BITS) === 0) at += 4;
  while (at < end && (bytes[at] as number) < 0x80) at += 1;
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** Length of the well-formed sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1] as number;
  if (second < lowestSecond(first) || second > highestSecond(first)) return 0;
  for (let next = 2; next < length; next += 1) {
    if (((bytes[at + next] as number) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function lowestSecond(first: number): number {
  if (first === 0xe0) return 0xa0;
  if (first === 0xf0) return 0x90;
  return 0x80;
}

function highestSecond(first: number): number {
  if (first === 0xed) return 0x9f;
  if (first === 0xf4) return 0x8f;
  return 0xbf;
}

/** Text of the bytes; a malformed byte becomes U+FFFD, so that nothing is lost silently. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  while (at < end && (bytes[at] as number) < 0x80) {
    text += String.fromCharCode(bytes[at] as number);
    at += 1;
  }
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    text += length === 0 ? '\ufffd' : String.fromCodePoint(codePoint(bytes, at, length));
    at += Math.max(1, length);
  }
  return text;
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at] as number;
  if (length === 1) return first;
  let point = first & (0xff >> (length + 1));
  for (let next = 1; next < length; next += 1) {
    point = (point << 6) | ((bytes[at + next] as number) & 0x3f);
  }
  return point;
}

/** UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      out[length] = unit;
      length += 1;
      continue;
    }
    const point = text.codePointAt(index) as number;
    if (point > 0xffff) index += 1;
    length = writePoint(out, length, point >= 0xd800 && point <= 0xdfff ? 0xfffd : point);
  }
  return out.slice(0, length);
}

function writePoint(out: Uint8Array, at: number, point: number): number {
  if (point < 0x800) {
    out[at] = 0xc0 | (point >> 6);
    out[at + 1] = 0x80 | (point & 0x3f);
    return at + 2;
  }
  if (point < 0x10000) {
    out[at] = 0xe0 | (point >> 12);
    out[at + 1] = 0x80 | ((point >> 6) & 0x3f);
    out[at + 2] = 0x80 | (point & 0x3f);
    return at + 3;
  }
  out[at] = 0xf0 | (point >> 18);
  out[at + 1] = 0x80 | ((point >> 12) & 0x3f);
  out[at + 2] = 0x80 | ((point >> 6) & 0x3f);
  out[at + 3] = 0x80 | (point & 0x3f);
  return at + 4;
}
