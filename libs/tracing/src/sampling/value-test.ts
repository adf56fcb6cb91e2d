import { encodeUtf8 } from '../otlp/utf8.ts';
import { valueText } from '../otlp/value.ts';
import { Pattern } from './pattern.ts';
import type { TextTest, ValueTest } from './rules.ts';

/** Tags of AnyValue, opentelemetry/proto/common/v1/common.proto. */
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;

/** Tests the AnyValue in `bytes` from `start` to `end`. */
export type ValueCheck = (bytes: Uint8Array, start: number, end: number) => boolean;

export function compileValue(test: ValueTest): ValueCheck {
  switch (test.kind) {
    case 'exists':
      return () => true;
    case 'any_of':
      return anyOf(test.values);
    case 'matches': {
      const pattern = new Pattern(test.pattern);
      return (bytes, start, end) => pattern.test(textOf(bytes, start, end));
    }
    case 'number': {
      const holds = compileNumber(test);
      return (bytes, start, end) => holds(numberOf(bytes, start, end));
    }
    case 'boolean': {
      const wanted = String(test.is);
      const byte = test.is ? 1 : 0;
      return (bytes, start, end) => {
        if (end - start === 2 && bytes[start] === BOOL) return bytes[start + 1] === byte;
        return textOf(bytes, start, end) === wanted;
      };
    }
  }
}

export function compileText(test: TextTest): (text: string) => boolean {
  if (test.kind === 'matches') {
    const pattern = new Pattern(test.pattern);
    return (text) => pattern.test(text);
  }
  const values = new Set(test.values);
  return (text) => values.has(text);
}

function compileNumber(test: ValueTest & { kind: 'number' }): (value: number) => boolean {
  const { above = -Infinity, atLeast = -Infinity, below = Infinity, atMost = Infinity } = test;
  // Infinite bounds of the strict kind would refuse infinite values.
  const over = test.above === undefined ? () => true : (value: number) => value > above;
  const under = test.below === undefined ? () => true : (value: number) => value < below;
  return (value) => value >= atLeast && value <= atMost && over(value) && under(value);
}

/** Texts are compared as bytes; another kind of value as the text it is stored as. */
function anyOf(values: readonly string[]): ValueCheck {
  const encoded = values.map(encodeUtf8);
  const texts = new Set(values);
  return (bytes, start, end) => {
    const length = bytes[start + 1] as number;
    if (bytes[start] !== STRING || length >= 0x80 || end - start !== length + 2) {
      return texts.has(textOf(bytes, start, end));
    }
    for (const value of encoded) {
      if (value.length === length && sameBytes(bytes, start + 2, value)) return true;
    }
    return false;
  };
}

function sameBytes(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return valueText(bytes.subarray(start, end));
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const scratch = new DataView(new ArrayBuffer(8));

/** NaN, for which no bound holds, when it is no number and no text of one. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  const tag = bytes[start];
  if (tag === INT && end - start >= 2 && end - start <= 5)
    return smallVarint(bytes, start + 1, end);
  if (tag === DOUBLE && end - start === 9) {
    for (let byte = 0; byte < 8; byte += 1) {
      scratch.setUint8(byte, bytes[start + 1 + byte] as number);
    }
    return scratch.getFloat64(0, true);
  }
  const text = textOf(bytes, start, end);
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/** A varint of up to four bytes that fills the value to its end. */
function smallVarint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at -= 1) {
    const more = ((bytes[at] as number) & 0x80) !== 0;
    if (more === (at === end - 1)) return Number(textOf(bytes, start - 1, end));
    value = (value << 7) | ((bytes[at] as number) & 0x7f);
  }
  return value;
}
