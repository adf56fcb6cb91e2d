import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSpan } from '../otlp/decode-span.ts';
import { Interner } from '../otlp/interner.ts';
import { type RequestModel, requestModel, toProtobuf } from '../otlp/model.fixture.ts';
import { scan } from '../otlp/scan.ts';
import { scanJson } from '../otlp/scan-json.ts';
import { NAME, type SpanTable, START_HI } from '../otlp/span-table.ts';
import { reframe } from './reframe.ts';

const strings = new Interner();

function scanned(bytes: Uint8Array): SpanTable {
  const result = scan(bytes, strings);
  if (!result.ok) throw new Error(result.fault.message);
  expect(result.rejected.count).toBe(0);
  return result.table;
}

/** Everything the columns and the stored row say of a span. */
function told(table: SpanTable, span: number): object {
  const words = Array.from({ length: 17 }, (_, word) => table.word(span, word));
  expect(words.length).toBeGreaterThan(Math.max(NAME, START_HI));
  return { words, row: decodeSpan(table, span, strings) };
}

function expectSame(table: SpanTable, chosen: readonly number[], bytes: Uint8Array): void {
  const again = scanned(bytes);
  expect(again.count).toBe(chosen.length);
  chosen.forEach((span, index) => {
    expect(told(again, index)).toEqual(told(table, span));
  });
}

function positions(table: SpanTable, wanted: (span: number) => boolean): number[] {
  return Array.from({ length: table.count }, (_, span) => span).filter(wanted);
}

const members = fc.integer({ min: 1, max: 4 });

function expectShares(table: SpanTable, shares: number): void {
  for (let share = 0; share < shares; share += 1) {
    const chosen = positions(table, (span) => span % shares === share);
    expectSame(table, chosen, reframe(table, chosen));
  }
}

test('spans that are cut out and scanned again have the same columns and rows', () => {
  fc.assert(
    fc.property(requestModel, members, (model: RequestModel, shares) => {
      expectShares(scanned(toProtobuf('TraceRequest', model)), shares);
    }),
    { numRuns: 200 },
  );
});

test('spans that arrived as JSON are forwarded as protobuf', () => {
  fc.assert(
    fc.property(requestModel, members, (model: RequestModel, shares) => {
      const result = scanJson(JSON.stringify(model), strings);
      if (!result.ok) throw new Error(result.fault.message);
      expectShares(result.table, shares);
    }),
    { numRuns: 50 },
  );
});

test('requests joined end to end are one request', () => {
  fc.assert(
    fc.property(requestModel, (model) => {
      const table = scanned(toProtobuf('TraceRequest', model));
      const first = positions(table, (span) => span % 2 === 0);
      const second = positions(table, (span) => span % 2 === 1);
      const joined = new Uint8Array([...reframe(table, first), ...reframe(table, second)]);
      expectSame(table, [...first, ...second], joined);
    }),
    { numRuns: 50 },
  );
});

test('neighbours share their resource and scope instead of repeating them', () => {
  const span = (id: number) => ({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: `000000000000000${id}`,
    name: 'work',
  });
  const resource = {
    attributes: [{ key: 'service.name', value: { stringValue: 'x'.repeat(500) } }],
  };
  const scopeSpans = [{ scope: { name: 'test' }, spans: [span(1), span(2), span(3)] }];
  const bytes = toProtobuf('TraceRequest', { resourceSpans: [{ resource, scopeSpans }] });
  const table = scanned(bytes);
  expect(reframe(table, [0, 1, 2])).toEqual(bytes);
  expect(reframe(table, [0, 2]).length).toBeLessThan(bytes.length);
  expect(reframe(table, []).length).toBe(0);
});
