import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSpan, type TraceRow } from './decode-span.ts';
import { Interner } from './interner.ts';
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
import { SPAN_KINDS, STATUS_CODES } from './span-table.ts';

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
