import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decision } from '../sampling/decision.ts';
import { decodeSpan } from './decode-span.ts';
import { Interner } from './interner.ts';
import { loadRequest, seeded } from './load.fixture.ts';
import { requestModel, toProtobuf } from './model.fixture.ts';
import { encode } from './proto.fixture.ts';
import { scan } from './scan.ts';
import { SpanTable } from './span-table.ts';
import { TraceRowWriter } from './trace-rows.ts';

interface Decoder {
  decode(bytes: Uint8Array): string;
}
const { TextDecoder } = globalThis as unknown as {
  TextDecoder: new (label: string, options: object) => Decoder;
};
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const keep = (threshold: bigint): Decision => ({
  keep: true,
  probability: 1,
  threshold,
  reason: 'rest',
  rule: 'rest',
});

const tried: Decision = { ...keep(0n), reason: 'dry_run' };

const decisions = fc.option(
  fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }).map(keep), fc.constant(tried)),
  { nil: undefined },
);

/** Maps as sorted entries: the key `__proto__` counts, the order of keys beyond ASCII does not. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([key, item]) => [key, comparable(item)])
    .sort(([left], [right]) => ((left as string) < (right as string) ? -1 : 1));
}

/** Writes every span of the table, and compares each line with its slow twin. */
function compare(
  writer: TraceRowWriter,
  table: SpanTable,
  names: Interner,
  decision?: Decision,
): number {
  writer.clear();
  for (let span = 0; span < table.count; span += 1) writer.write(table, span, decision);
  const lines = utf8.decode(writer.bytes).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines).toHaveLength(table.count);
  for (const [span, line] of lines.entries()) {
    const expected = decodeSpan(table, span, names, decision);
    expect(comparable(JSON.parse(line))).toEqual(comparable(expected));
  }
  return lines.length;
}

const strings = new Interner();
const rows = new TraceRowWriter(strings);

test('a row parses to what decodeSpan makes of its span', () => {
  fc.assert(
    fc.property(requestModel, decisions, (model, decision) => {
      const result = scan(toProtobuf('TraceRequest', model), strings);
      if (!result.ok) throw new Error(result.fault.message);
      compare(rows, result.table, strings, decision);
    }),
    { numRuns: 500 },
  );
}, 60_000);

/** One span in a request of its own. */
function request(span: object, resource: object = {}, scope: object = {}): Uint8Array {
  const id = {
    traceId: Uint8Array.of(...Array(16).keys()),
    spanId: Uint8Array.of(...Array(8).keys()),
  };
  const scopeSpans = [{ scope, spans: [{ ...id, name: 'work', ...span }] }];
  return encode('TraceRequest', { resourceSpans: [{ resource, scopeSpans }] });
}

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc
    .constantFrom(127, 128, 129, 300, 16_383, 16_384, 20_000)
    .map((length) => 'é"x'.repeat(length / 3)),
  fc.constantFrom('"', '\\', '\0', '\u001f', '\u007f', '\u2028', '😀', 'a\tb\nc\rd\be\ff', ' '),
);
// V8 14.6's JSON.parse takes other escaped keys for one that began with a backslash before.
const keys = texts.filter((key) => !key.startsWith('\\'));
const attributes = fc.array(
  fc.record({
    key: fc.oneof(keys, fc.constantFrom('SampleRate', '__proto__', 'a', 'ab', 'b', '7', '')),
    value: fc.oneof(
      texts.map((stringValue) => ({ stringValue })),
      fc.integer().map((intValue) => ({ intValue })),
      fc.maxSafeInteger().map((intValue) => ({ intValue: String(intValue) })),
      fc.double({ noNaN: true }).map((doubleValue) => ({ doubleValue })),
      fc.boolean().map((boolValue) => ({ boolValue })),
    ),
  }),
  { maxLength: 50 },
);
const times = fc
  .oneof(
    fc.constantFrom(0n, 1n, 999_999_999n, 1_000_000_000n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  )
  .map(String);

test('texts of any kind, repeated keys, many attributes, times to the ends of their range', () => {
  fc.assert(
    fc.property(
      fc.record({
        name: texts,
        attributes,
        startTimeUnixNano: times,
        endTimeUnixNano: times,
        traceState: fc.constantFrom('', 'ot=rv:00000000000001;th:4,a=b', 'ot=th:8', '"'),
        events: fc.array(fc.record({ name: texts, timeUnixNano: times, attributes }), {
          maxLength: 3,
        }),
      }),
      attributes,
      decisions,
      (span, about, decision) => {
        const scope = { name: span.name, version: '1' };
        const result = scan(request(span, { attributes: about }, scope), strings);
        if (!result.ok) throw new Error(result.fault.message);
        compare(rows, result.table, strings, decision);
      },
    ),
    { numRuns: 500 },
  );
}, 60_000);

test('rows of the usual load, whose resources and scopes come from memory', () => {
  const table = new SpanTable();
  for (const seed of [1, 2]) {
    scan(loadRequest({ traces: 20, seed }), strings, table);
    expect(compare(rows, table, strings, keep(2n ** 55n))).toBe(80);
  }
});

/** Overwrites a few bytes. */
function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  const at = Math.floor(random() * bytes.length);
  for (let left = 1 + Math.floor(random() * 4); left > 0; left -= 1) {
    copy[Math.min(at + left, copy.length) - 1] = Math.floor(random() * 256);
  }
  return copy;
}

test('whatever a scan takes of 20,000 damaged requests becomes the same rows', () => {
  const random = seeded(11);
  const names = new Interner({ maxEntries: 500 });
  const writer = new TraceRowWriter(names);
  const table = new SpanTable();
  const models = fc.sample(requestModel, { numRuns: 40, seed: 3 });
  const bodies = [
    loadRequest({ traces: 1, seed: 5 }),
    ...models.map((model) => toProtobuf('TraceRequest', model)),
  ].filter((body) => body.length > 0);
  let written = 0;
  for (let run = 0; run < 20_000; run += 1) {
    const body = damaged(bodies[run % bodies.length] as Uint8Array, random);
    if (scan(body, names, table).ok) written += compare(writer, table, names, keep(0n));
  }
  expect(written).toBeGreaterThan(5000);
}, 120_000);
