import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';
import { decode, gaugeRequest, traceRequest, traceRequestJson } from './otlp-messages.ts';

/** Facts: OTLP over HTTP, line by line, against a real collector and a real store. */
let stack: Stack;
let url: string;

const MIB = 1024 * 1024;
const protobuf = { 'content-type': 'application/x-protobuf' };
const json = { 'content-type': 'application/json' };

beforeAll(async () => {
  const cors = "{ origins: ['https://a.example'] }";
  const config = `${QUICK}receive: { requestTimeout: 1s, maxJsonBody: 64MiB, cors: ${cors} }`;
  stack = await startStack({ config });
  url = stack.collector.http;
});

afterAll(() => stack.stop());

function post(path: string, headers: Record<string, string>, body: BodyInit | Uint8Array) {
  return fetch(`${url}${path}`, { method: 'POST', headers, body: body as BodyInit });
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** `content` as the sub-message or bytes of field `number`. */
function field(content: Buffer, number: number): Buffer {
  const length: number[] = [];
  let left = content.length;
  for (; left > 127; left = Math.floor(left / 128)) length.push((left % 128) | 128);
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length, left]), content]);
}

/** The span's row, when it has been decided and stored. */
async function stored(spanId: string): Promise<Record<string, unknown>> {
  const rows = await stack.rows<Record<string, unknown>>(
    `SELECT * FROM otel_traces WHERE SpanId = '${spanId}'`,
  );
  return rows[0] as Record<string, unknown>;
}

const span = (changes = {}) => ({ traceId: hexId(16), spanId: hexId(8), ...changes });

describe('success', () => {
  test('protobuf: 200, the same type, and no partial success', async () => {
    const wanted = span({ name: 'POST /orders' });
    const response = await post('/v1/traces', protobuf, traceRequest(wanted));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    expect((await bytesOf(response)).length).toBe(0);
    expect(await stored(wanted.spanId)).toMatchObject({
      TraceId: wanted.traceId,
      SpanName: 'POST /orders',
      SpanKind: 'Server',
      ServiceName: 'conformance',
      StatusCode: 'Error',
      StatusMessage: 'it failed',
    });
  });

  test('JSON: 200, the same type, and no partial success', async () => {
    const wanted = span();
    const response = await post('/v1/traces', json, JSON.stringify(traceRequestJson(wanted)));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({});
    expect((await stored(wanted.spanId)).TraceId).toBe(wanted.traceId);
  });

  test.each(['traces', 'metrics', 'logs'])('an empty request for %s succeeds', async (signal) => {
    const path = `/v1/${signal}`;
    expect((await post(path, protobuf, new Uint8Array(0))).status).toBe(200);
    const response = await post(path, { 'content-type': 'application/json; charset=utf-8' }, '{}');
    expect([response.status, await response.text()]).toEqual([200, '{}']);
  });

  test('a kept span is found within 5 s of its decision', async () => {
    const wanted = span();
    await post('/v1/traces', protobuf, traceRequest(wanted));
    await stack.rows(
      `SELECT 1 FROM otel_traces WHERE SpanId = '${wanted.spanId}'`,
      undefined,
      5100,
    );
  });

  test('a kept span carries how likely it was to be kept', async () => {
    const wanted = span();
    await post('/v1/traces', protobuf, traceRequest(wanted));
    const row = await stored(wanted.spanId);
    expect(row.SpanAttributes).toMatchObject({ SampleRate: '1' });
    expect(row.TraceState).toContain('ot=th:0');
  });
});

describe('compression', () => {
  const codings: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['zstd', zstdCompressSync],
    ['identity', (bytes) => bytes],
  ];
  test.each(codings)('%s', async (name, compress) => {
    const wanted = span();
    const headers = { ...protobuf, 'content-encoding': name };
    const response = await post('/v1/traces', headers, compress(traceRequest(wanted)));
    expect(response.status).toBe(200);
    expect((await stored(wanted.spanId)).TraceId).toBe(wanted.traceId);
  });

  test('an unknown coding is 415 and says what is known', async () => {
    const headers = { ...json, 'content-encoding': 'br' };
    const response = await post('/v1/traces', headers, '{}');
    expect(response.status).toBe(415);
    expect(response.headers.get('accept-encoding')).toContain('zstd');
  });

  test.each(['gzip', 'deflate', 'zstd'])('damaged %s is 400', async (name) => {
    const headers = { ...protobuf, 'content-encoding': name };
    expect((await post('/v1/traces', headers, Buffer.from('nonsense'))).status).toBe(400);
  });
});

describe('refusals', () => {
  test('another content type is 415, none at all too', async () => {
    for (const headers of [{ 'content-type': 'text/plain' }, {}]) {
      expect((await post('/v1/traces', headers, Buffer.from('x'))).status).toBe(415);
    }
  });

  test('another method is 405 with Allow, another path 404', async () => {
    const response = await fetch(`${url}/v1/traces`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect((await fetch(`${url}/v1/constructor`)).status).toBe(404);
    const put = await fetch(`${url}/v1/traces`, { method: 'PUT', headers: protobuf, body: 'x' });
    expect(put.headers.get('content-type')).toBe('application/x-protobuf');
    expect(decode('Status', await bytesOf(put)).code).toBe(12);
  });

  const garbage: [string, Uint8Array][] = [
    ['garbage', Buffer.from('ffffffffffffffff', 'hex')],
    ['a length beyond the end', Buffer.from('0a7f01', 'hex')],
    ['a truncated request', traceRequest(span()).subarray(0, 40)],
    ['an unterminated group', Buffer.from('7b', 'hex')],
    ['plain text', Buffer.from('hello, collector')],
  ];
  test.each(garbage)('protobuf: %s is 400 with a Status', async (_name, body) => {
    const response = await post('/v1/traces', protobuf, body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-protobuf');
    const status = decode('Status', await bytesOf(response));
    expect(status.code).toBe(3);
    expect(String(status.message).length).toBeGreaterThan(10);
  });

  const badJson: [string, string | Uint8Array][] = [
    ['no JSON', '{resourceSpans'],
    ['a second value', '{} {}'],
    ['nothing at all', ''],
    ['the wrong type of a field', '{"resourceSpans": 7}'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ];
  test.each(badJson)('JSON: %s is 400 with a Status', async (_name, body) => {
    const response = await post('/v1/traces', json, body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({ code: 3, message: expect.any(String) });
  });

  test('a body that does not come is 408', async () => {
    const { port } = new URL(url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connectTcp(Number(port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.write('POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n');
      socket.write('Content-Type: application/json\r\n\r\n{');
    });
    expect(answer).toContain('408 Request Timeout');
    expect(answer).toContain('"code":4');
  });
});

describe('size', () => {
  const big = Buffer.alloc(65 * MIB, 0x20);

  test('above 64 MiB is 413, whatever the way it comes', async () => {
    expect((await post('/v1/traces', json, big)).status).toBe(413);
    const chunked = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: json,
      body: new Blob([big]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(413);
    const gzip = { ...protobuf, 'content-encoding': 'gzip' };
    const zipped = await post('/v1/traces', gzip, gzipSync(big));
    expect(zipped.status).toBe(413);
    expect(decode('Status', await bytesOf(zipped)).code).toBe(8);
  });

  test('bombs do not grow the process', async () => {
    const gzip = { ...protobuf, 'content-encoding': 'gzip' };
    const flat = gzipSync(Buffer.alloc(256 * MIB));
    const before = await stack.collector.metric('process_resident_memory_bytes');
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all([flat, flat, flat].map((b) => post('/v1/traces', gzip, b)));
      for (const { status } of answers) expect([413, 429]).toContain(status);
    }
    const after = await stack.collector.metric('process_resident_memory_bytes');
    // Three at once may hold 64 MiB each, which the heap need not give back at once.
    expect(after - before).toBeLessThan(4 * 64 * MIB);
    expect(await stack.collector.metric('flyball_collector_in_flight_bytes')).toBe(0);
  });
});

describe('bodies that would unfold to more than memory holds', () => {
  const gzip = { 'content-encoding': 'gzip' };

  test('JSON of more values than telemetry has is 413', async () => {
    const body = gzipSync(`{"x":[${'{},'.repeat(7_000_000)}{}]}`);
    const response = await post('/v1/traces', { ...json, ...gzip }, body);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 8 });
  });

  test('a span of a million events is rejected', async () => {
    const ids = Buffer.from(`0a10${'01'.repeat(16)}1208${'02'.repeat(8)}`, 'hex');
    const events = Buffer.from('5a00'.repeat(1_000_000), 'hex');
    const body = [2, 2, 1].reduce(field, Buffer.concat([ids, events]));
    const response = await post('/v1/traces', { ...protobuf, ...gzip }, gzipSync(body));
    expect(response.status).toBe(200);
    const { partialSuccess } = decode('ExportResponse', await bytesOf(response));
    expect(partialSuccess).toMatchObject({ rejected: 1 });
  });

  test('half a megabyte of points that each repeat a wide resource is 413', async () => {
    const point = { asDouble: 1, timeUnixNano: '1' };
    const metrics = [{ name: 'wide', gauge: { dataPoints: Array(3000).fill(point) } }];
    const value = { stringValue: 'x'.repeat(100_000) };
    const resource = { attributes: [{ key: 'blob', value }] };
    const request = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
    expect((await post('/v1/metrics', json, JSON.stringify(request))).status).toBe(413);
  });
});

describe('partial success', () => {
  test('spans with invalid ids are rejected, the others taken', async () => {
    const good = span();
    const body = traceRequest(
      good,
      span({ traceId: 'abcd' }),
      span({ traceId: '0'.repeat(32) }),
      span({ spanId: '0'.repeat(16) }),
    );
    const response = await post('/v1/traces', protobuf, body);
    expect(response.status).toBe(200);
    const { partialSuccess } = decode('ExportResponse', await bytesOf(response));
    expect(partialSuccess).toMatchObject({ rejected: 3, errorMessage: expect.any(String) });
    expect((await stored(good.spanId)).TraceId).toBe(good.traceId);
  });

  test('JSON tells it in its own words', async () => {
    const body = traceRequestJson(span(), span({ spanId: 'xyz' }));
    const response = await post('/v1/traces', json, JSON.stringify(body));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      partialSuccess: { rejectedSpans: expect.anything(), errorMessage: expect.any(String) },
    });
  });
});

describe('JSON reading rules', () => {
  test('ids in any case, integers as numbers or strings, strange members, null', async () => {
    const wanted = span();
    const request = traceRequestJson(wanted) as unknown as Record<string, never>;
    const text = JSON.stringify({ '': 1, strange: { deep: [null] }, ...request }, null, 2)
      .replace(wanted.traceId, wanted.traceId.toUpperCase())
      .replace(/"startTimeUnixNano": "(\d+)"/, '"startTimeUnixNano": $1')
      .replace('"kind": 2', '"kind": 2, "events": [], "links": null, "traceState": null');
    const response = await post('/v1/traces', json, text);
    expect([response.status, await response.text()]).toEqual([200, '{}']);
    expect((await stored(wanted.spanId)).TraceId).toBe(wanted.traceId);
  });
});

describe('metrics and logs', () => {
  test('a gauge is stored', async () => {
    expect((await post('/v1/metrics', protobuf, gaugeRequest('temperature', 21.5))).status).toBe(
      200,
    );
    const rows = await stack.rows(
      "SELECT Value, ServiceName FROM otel_metrics_gauge WHERE MetricName = 'temperature'",
    );
    expect(rows).toEqual([{ Value: 21.5, ServiceName: 'meter' }]);
  });

  test('a log record is stored', async () => {
    const record = {
      timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
      severityText: 'WARN',
      severityNumber: 13,
      body: { stringValue: 'the disk is nearly full' },
    };
    const body = { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
    const response = await post('/v1/logs', json, JSON.stringify(body));
    expect([response.status, await response.text()]).toEqual([200, '{}']);
    const rows = await stack.rows("SELECT Body, SeverityNumber FROM otel_logs WHERE Body != ''");
    expect(rows).toEqual([{ Body: 'the disk is nearly full', SeverityNumber: 13 }]);
  });

  test('garbage is 400 there too', async () => {
    for (const path of ['/v1/metrics', '/v1/logs']) {
      expect((await post(path, protobuf, Buffer.from('ffff', 'hex'))).status).toBe(400);
      expect((await post(path, json, '[')).status).toBe(400);
    }
  });
});

describe('connections', () => {
  test('the same port speaks cleartext HTTP/2', async () => {
    const wanted = span();
    const session = connect(url);
    const stream = session.request({ ':method': 'POST', ':path': '/v1/traces', ...protobuf });
    stream.end(traceRequest(wanted));
    const status = await new Promise((resolve, reject) => {
      stream.on('response', (headers) => resolve(headers[':status']));
      stream.on('error', reject);
    });
    stream.resume();
    session.close();
    expect(status).toBe(200);
    expect((await stored(wanted.spanId)).TraceId).toBe(wanted.traceId);
  });

  test('a hundred requests at once', async () => {
    const spans = Array.from({ length: 100 }, () => span({ service: 'hundred' }));
    const answers = await Promise.all(
      spans.map((one) => post('/v1/traces', protobuf, traceRequest(one))),
    );
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    await stack.rows<{ n: string }>(
      "SELECT count() AS n FROM otel_traces WHERE ServiceName = 'hundred'",
      ([row]) => Number(row?.n) === 100,
    );
  });

  test('a span that is sent twice is stored once', async () => {
    const body = traceRequest(span({ service: 'twice' }));
    for (let i = 0; i < 2; i++) await post('/v1/traces', protobuf, body);
    await post('/v1/traces', protobuf, traceRequest(span({ service: 'twice', name: 'last' })));
    const rows = await stack.rows(
      "SELECT SpanName FROM otel_traces WHERE ServiceName = 'twice'",
      (found) => found.some((row) => (row as { SpanName: string }).SpanName === 'last'),
    );
    expect(rows).toHaveLength(2);
  });

  test('a page of an allowed origin may send', async () => {
    const origin = 'https://a.example';
    const asked = await fetch(`${url}/v1/traces`, { method: 'OPTIONS', headers: { origin } });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    const other = { origin: 'https://b.example' };
    expect((await fetch(`${url}/v1/traces`, { method: 'OPTIONS', headers: other })).status).toBe(
      403,
    );
  });
});
