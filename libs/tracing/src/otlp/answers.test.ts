import { expect, test } from 'vitest';
import { encodeExportResponse, encodeStatus, exportResponseJson, statusJson } from './answers.ts';
import { proto } from './proto.fixture.ts';

function decoded(name: string, bytes: Uint8Array): unknown {
  const type = proto(name);
  return type.toObject(type.decode(bytes), { longs: String });
}

test('success leaves partial_success unset', () => {
  expect(encodeExportResponse()).toHaveLength(0);
  expect(encodeExportResponse({ count: 0, message: '' })).toHaveLength(0);
  expect(exportResponseJson('traces', { count: 0, message: '' })).toBe('{}');
});

test('a partial success and a warning', () => {
  const rejected = { count: 3, message: 'rejected 3 spans: …' };
  expect(decoded('ExportResponse', encodeExportResponse(rejected))).toEqual({
    partialSuccess: { rejected: '3', errorMessage: 'rejected 3 spans: …' },
  });
  expect(decoded('ExportResponse', encodeExportResponse({ count: 0, message: 'hm' }))).toEqual({
    partialSuccess: { errorMessage: 'hm' },
  });
  const names = (['traces', 'metrics', 'logs'] as const).map((signal) =>
    Object.keys(JSON.parse(exportResponseJson(signal, rejected)).partialSuccess),
  );
  expect(names.map(([first]) => first)).toEqual([
    'rejectedSpans',
    'rejectedDataPoints',
    'rejectedLogRecords',
  ]);
});

test('a status, with and without a retry delay', () => {
  expect(decoded('RpcStatus', encodeStatus({ code: 3, message: 'bad' }))).toEqual({
    code: 3,
    message: 'bad',
  });
  expect(statusJson({ code: 3, message: 'bad' })).toBe('{"code":3,"message":"bad"}');
  const busy = { code: 14, message: 'full', retryDelayMs: 1500.2 };
  const status = decoded('RpcStatus', encodeStatus(busy)) as { details: [{ value: Uint8Array }] };
  expect(status).toMatchObject({
    code: 14,
    details: [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo' }],
  });
  expect(decoded('RetryInfo', status.details[0].value)).toEqual({
    retryDelay: { seconds: '1', nanos: 501_000_000 },
  });
  expect(JSON.parse(statusJson(busy)).details[0].retryDelay).toBe('1.501s');
  expect(JSON.parse(statusJson({ ...busy, retryDelayMs: 2000 })).details[0].retryDelay).toBe('2s');
});
