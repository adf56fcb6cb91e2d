import fc from 'fast-check';
import { encode, hexBytes } from './proto.fixture.ts';

/**
 * Random OTLP requests as JSON objects, and what must become of them, computed in the plainest
 * way: the slow twin of the readers.
 */
export type Value =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { bytesValue: string }
  | { arrayValue: { values: Value[] } }
  | { kvlistValue: { values: Pair[] } };

export interface Pair {
  key: string;
  value: Value;
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
/** Without padding: with it, unused bits would make several texts of the same bytes. */
const base64 = fc.base64String({ maxLength: 12 }).filter((digits) => !digits.includes('='));
const key = fc.constantFrom('a', 'b', 'http.method', 'z', '__proto__', 'constructor', 'ü');

export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: int64 }),
    fc.record({ doubleValue: double }),
    fc.record({ bytesValue: base64 }),
    fc
      .array(tie('value') as fc.Arbitrary<Value>, { maxLength: 3 })
      .map((values) => ({ arrayValue: { values } })),
    fc
      .array(fc.record({ key, value: tie('value') as fc.Arbitrary<Value> }), { maxLength: 3 })
      .map((values) => ({ kvlistValue: { values } })),
  ),
})).value;

export const pairs = fc.array(fc.record({ key, value: anyValue }), { maxLength: 4 });

const hexId = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((id) => Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join(''))
    .filter((id) => !/^0+$/.test(id));

export const traceId = hexId(16);
export const spanId = hexId(8);

export const spanModel = fc.record({
  traceId,
  spanId,
  parentSpanId: fc.oneof(fc.constant(''), spanId),
  traceState: fc.constantFrom('', 'vendor=1', 'ot=th:8'),
  name: text,
  kind: fc.integer({ min: 0, max: 5 }),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: pairs,
  events: fc.array(fc.record({ timeUnixNano: nanos, name: text, attributes: pairs }), {
    maxLength: 2,
  }),
  links: fc.array(fc.record({ traceId, spanId, traceState: text, attributes: pairs }), {
    maxLength: 2,
  }),
  status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text }),
});
export type SpanModel = typeof spanModel extends fc.Arbitrary<infer T> ? T : never;

export const requestModel = fc.record({
  resourceSpans: fc.array(
    fc.record({
      resource: fc.record({ attributes: pairs }),
      scopeSpans: fc.array(
        fc.record({
          scope: fc.record({ name: text, version: text, attributes: pairs }),
          spans: fc.array(spanModel, { maxLength: 3 }),
        }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 3 },
  ),
});
export type RequestModel = typeof requestModel extends fc.Arbitrary<infer T> ? T : never;

const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

/** The same object with ids as bytes, as protobufjs wants them. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) =>
      IDS.has(name) ? [name, hexBytes(item as string)] : [name, withBytes(item)],
    ),
  );
}

export function toProtobuf(name: string, model: object): Uint8Array {
  return encode(name, withBytes(model) as object);
}

export function expectedText(value: Value): string {
  if ('stringValue' in value) return value.stringValue;
  if ('arrayValue' in value || 'kvlistValue' in value) return expectedJson(value);
  return String(Object.values(value)[0]);
}

function expectedJson(value: Value): string {
  if ('stringValue' in value) return JSON.stringify(value.stringValue);
  if ('bytesValue' in value) return JSON.stringify(value.bytesValue);
  if ('arrayValue' in value) return `[${value.arrayValue.values.map(expectedJson).join(',')}]`;
  if (!('kvlistValue' in value)) return String(Object.values(value)[0]);
  const members = new Map(value.kvlistValue.values.map((pair) => [pair.key, pair.value]));
  const sorted = [...members].sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([name, item]) => `${JSON.stringify(name)}:${expectedJson(item)}`)}}`;
}

/** Entries sorted by key, of equal keys the last. */
export function expectedMap(list: readonly Pair[]): [string, string][] {
  const map = new Map(list.map(({ key: name, value }) => [name, expectedText(value)]));
  return [...map].sort(([left], [right]) => (left < right ? -1 : 1));
}

export function expectedTime(nanoseconds: string): string {
  const digits = nanoseconds.padStart(19, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
