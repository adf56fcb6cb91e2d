import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSpan, type TraceRow } from './decode-span.ts';
import { Interner } from './interner.ts';
import { loadRequest, seeded } from './load.fixture.ts';
import {
  expectedMap,
  expectedTime,
  type RequestModel,
  requestModel,
  type SpanModel,
  toProtobuf,
} from './model.fixture.ts';
import { type ScanResult, scan } from './scan.ts';
import { scanJson } from './scan-json.ts';
import { SPAN_KINDS, SpanTable, STATUS_CODES, WORDS } from './span-table.ts';

const strings = new Interner();

function rowsOf(result: ScanResult): TraceRow[] {
  if (!result.ok) throw new Error(result.fault.message);
  const { table } = result;
  return Array.from({ length: table.count }, (_, span) => decodeSpan(table, span, strings));
}

/** Maps as entry lists, so that order and the key `__proto__` count. */
function comparable(row: TraceRow): object {
  return {
    ...row,
    ResourceAttributes: Object.entries(row.ResourceAttributes),
    SpanAttributes: Object.entries(row.SpanAttributes),
    'Events.Attributes': row['Events.Attributes'].map((map) => Object.entries(map)),
    'Links.Attributes': row['Links.Attributes'].map((map) => Object.entries(map)),
  };
}

function expectedRow(
  span: SpanModel,
  about: { resource: { attributes: never[] }; scope: { name: string; version: string } },
): object {
  const duration = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano);
  return {
    Timestamp: expectedTime(span.startTimeUnixNano),
    TraceId: span.traceId,
    SpanId: span.spanId,
    ParentSpanId: span.parentSpanId,
    TraceState: span.traceState,
    SpanName: span.name,
    SpanKind: SPAN_KINDS[span.kind],
    ServiceName: 'unknown_service',
    ResourceAttributes: expectedMap(about.resource.attributes),
    ScopeName: about.scope.name,
    ScopeVersion: about.scope.version,
    SpanAttributes: expectedMap(span.attributes),
    Duration: String(duration > 0n ? duration : 0n),
    StatusCode: STATUS_CODES[span.status.code],
    StatusMessage: span.status.message,
    'Events.Timestamp': span.events.map((event) => expectedTime(event.timeUnixNano)),
    'Events.Name': span.events.map((event) => event.name),
    'Events.Attributes': span.events.map((event) => expectedMap(event.attributes)),
    'Links.TraceId': span.links.map((link) => link.traceId),
    'Links.SpanId': span.links.map((link) => link.spanId),
    'Links.TraceState': span.links.map((link) => link.traceState),
    'Links.Attributes': span.links.map((link) => expectedMap(link.attributes)),
  };
}

function expectedRows(model: RequestModel): object[] {
  return model.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => expectedRow(span, { resource, scope } as never)),
    ),
  );
}

test('protobuf and JSON give the same rows, and they are what was sent', () => {
  fc.assert(
    fc.property(requestModel, (model) => {
      const expected = expectedRows(model);
      const fromProtobuf = rowsOf(scan(toProtobuf('TraceRequest', model), strings));
      const fromJson = rowsOf(scanJson(JSON.stringify(model), strings));
      expect(fromProtobuf.map(comparable)).toEqual(expected);
      expect(fromJson.map(comparable)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
}, 60_000);

/** Changes a few bytes: overwritten, cut out, doubled, or cut off. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * bytes.length);
  const length = 1 + Math.floor(random() * 8);
  const kind = random();
  if (kind < 0.1) return bytes.slice(0, at);
  if (kind < 0.2) {
    return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
  }
  if (kind < 0.3) {
    return Uint8Array.from([...bytes.subarray(0, at + length), ...bytes.subarray(at)]);
  }
  const copy = bytes.slice();
  for (let index = at; index < Math.min(at + length, copy.length); index += 1) {
    if (random() < 0.5) copy[index] = Math.floor(random() * 256);
  }
  return copy;
}

function outcomeOf(result: ScanResult): unknown {
  if (!result.ok) return result.fault;
  return { rows: result.table.rows.slice(0, result.table.count * WORDS), ...result.rejected };
}

test('100,000 mutated requests are taken or refused, never more, and rows can be made', () => {
  const random = seeded(7);
  const table = new SpanTable();
  const names = new Interner({ maxEntries: 1000 });
  const seeds = [1, 2, 3].map((seed) => loadRequest({ traces: 1, seed }));
  const models = fc.sample(requestModel, { numRuns: 40, seed: 7 });
  seeds.push(...models.map((model) => toProtobuf('TraceRequest', model)));
  const bodies = seeds.filter((body) => body.length > 0);
  // What surrounds a body in its buffer must not matter: nothing outside is ever read.
  const frame = new Uint8Array(8192);
  let [taken, refused, rows] = [0, 0, 0];
  for (let run = 0; run < 100_000; run += 1) {
    const mutated = mutate(bodies[run % bodies.length] as Uint8Array, random);
    frame.fill(Math.floor(random() * 256));
    frame.set(mutated, 64);
    const body = frame.subarray(64, 64 + mutated.length);
    const result = scan(body, names, table);
    if (run % 8 === 0) expect(outcomeOf(scan(mutated, names))).toEqual(outcomeOf(result));
    if (!result.ok) {
      refused += 1;
      expect(result.fault.offset).toBeLessThanOrEqual(body.length);
      continue;
    }
    taken += 1;
    for (let span = 0; span < table.count; span += 1) {
      const row = decodeSpan(table, span, names);
      if (row.TraceId.length === 32 && row.SpanId.length === 16) rows += 1;
    }
  }
  expect(taken + refused).toBe(100_000);
  expect(taken).toBeGreaterThan(10_000);
  expect(refused).toBeGreaterThan(10_000);
  expect(rows).toBeGreaterThan(10_000);
}, 120_000);
