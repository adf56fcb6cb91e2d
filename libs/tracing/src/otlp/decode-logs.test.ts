import { expect, test } from 'vitest';
import { decodeLogs, decodeLogsJson, type LogsResult } from './decode-logs.ts';
import { toProtobuf } from './model.fixture.ts';
import { WireWriter } from './write.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function requestOf(...logRecords: object[]): object {
  return {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        schemaUrl: 'https://r',
        scopeLogs: [{ scope: { name: 'lib' }, schemaUrl: 'https://s', logRecords }],
      },
    ],
  };
}

function rowsOf(result: LogsResult) {
  if (!result.ok) throw new Error(result.fault.message);
  return result.rows;
}

const RECORD = {
  timeUnixNano: '1700000000000000001',
  observedTimeUnixNano: '1700000000000000009',
  severityNumber: 9,
  severityText: 'INFO',
  body: { stringValue: 'hello' },
  attributes: [{ key: 'n', value: { intValue: '5' } }],
  flags: 257,
  traceId: TRACE,
  spanId: SPAN,
  eventName: 'greeting',
};

test('records become rows, from protobuf and from JSON alike', () => {
  const row = {
    Timestamp: '1700000000.000000001',
    TraceId: TRACE,
    SpanId: SPAN,
    TraceFlags: 1,
    SeverityText: 'INFO',
    SeverityNumber: 9,
    ServiceName: 'shop',
    Body: 'hello',
    ResourceSchemaUrl: 'https://r',
    ResourceAttributes: { 'service.name': 'shop' },
    ScopeSchemaUrl: 'https://s',
    ScopeName: 'lib',
    ScopeVersion: '',
    ScopeAttributes: {},
    LogAttributes: { n: '5' },
    EventName: 'greeting',
  };
  const request = requestOf(RECORD);
  expect(rowsOf(decodeLogs(toProtobuf('LogsRequest', request)))).toEqual([row]);
  expect(rowsOf(decodeLogsJson(JSON.stringify(request)))).toEqual([row]);
});

test('a record without a time has the one it was observed at; bodies may be structures', () => {
  const body = { kvlistValue: { values: [{ key: 'a', value: { intValue: 1 } }] } };
  const request = requestOf({ ...RECORD, timeUnixNano: null, body, traceId: '00', spanId: '' });
  expect(rowsOf(decodeLogsJson(JSON.stringify(request)))[0]).toMatchObject({
    Timestamp: '1700000000.000000009',
    Body: '{"a":1}',
    TraceId: '',
    SpanId: '',
  });
});

test('a record with a broken text is rejected alone; a broken body as a whole', () => {
  const record = new WireWriter();
  record.bytes(5, Uint8Array.of(0x0a, 1, 0xff));
  const scope = new WireWriter();
  scope.message(2, record);
  const resource = new WireWriter();
  resource.message(2, scope);
  const request = new WireWriter();
  request.message(1, resource);
  request.raw(toProtobuf('LogsRequest', requestOf(RECORD)));
  const result = decodeLogs(request.finish());
  expect(rowsOf(result)).toHaveLength(1);
  expect(result).toMatchObject({ rejected: { count: 1 } });
  expect(decodeLogs(Uint8Array.of(0x0a, 9))).toMatchObject({ ok: false, fault: { offset: 1 } });
});

test('more records than one request may hold are refused as a whole', () => {
  const request = toProtobuf('LogsRequest', requestOf(RECORD));
  const twice = new Uint8Array([...request, ...request]);
  // A resource, a scope and a record each: what holds records counts too.
  expect(decodeLogs(request, 3).ok).toBe(true);
  expect(decodeLogs(twice, 5)).toMatchObject({ ok: false, fault: { tooLarge: true } });
});

test('a record of more values than anybody looks at is rejected', () => {
  const list = new WireWriter();
  for (let item = 0; item < 100_001; item += 1) list.bytes(1, new Uint8Array(0));
  const body = new WireWriter();
  body.message(5, list);
  const record = new WireWriter();
  record.message(5, body);
  const scope = new WireWriter();
  scope.message(2, record);
  const resource = new WireWriter();
  resource.message(2, scope);
  const request = new WireWriter();
  request.message(1, resource);
  expect(decodeLogs(request.finish())).toMatchObject({ rows: [], rejected: { count: 1 } });
});
