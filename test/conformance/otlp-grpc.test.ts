import { connect } from 'node:http2';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Client, type ClientUnaryCall, credentials, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hexId, QUICK, type Stack, startCollector, startStack } from './otlp-harness.ts';
import { decode, gaugeRequest, traceRequest } from './otlp-messages.ts';

/** Facts: OTLP over gRPC, with grpc-js as an independent client and raw HTTP/2 where it is mute. */
let stack: Stack;
let client: Client;

const MIB = 1024 * 1024;
const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const METRICS = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
const LOGS = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

beforeAll(async () => {
  stack = await startStack({ config: `${QUICK}receive: { requestTimeout: 1s }` });
  client = clientOf(stack.collector.grpcPort);
});

afterAll(async () => {
  client?.close();
  await stack?.stop();
});

function clientOf(port: number, compression = 0): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': compression,
    'grpc.max_send_message_length': -1,
  });
}

/** The answer's bytes; rejects with the call's status. */
function call(body: Buffer, path = TRACES, on = client): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const plain = (bytes: Buffer) => bytes;
    const started: ClientUnaryCall = on.makeUnaryRequest<Buffer, Buffer>(
      path,
      plain,
      plain,
      body,
      (error, answer) => (error ? reject(error) : resolve(answer ?? Buffer.alloc(0))),
    );
    started.on('error', () => {});
  });
}

async function refusal(body: Buffer, path = TRACES, on = client): Promise<ServiceError> {
  return call(body, path, on).then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: ServiceError) => error,
  );
}

/** A call by hand: `frames` are written as they are; resolves with headers and trailers in one. */
function raw(frames: Buffer[], headers: Record<string, string> = {}, end = true) {
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${stack.collector.grpcPort}`);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': TRACES,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let seen: Record<string, unknown> = {};
    stream.on('response', (found) => {
      seen = { ...seen, ...found };
    });
    stream.on('trailers', (found) => {
      seen = { ...seen, ...found };
    });
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      resolve(seen);
    });
    stream.resume();
    for (const frame of frames) stream.write(frame);
    if (end) stream.end();
  });
}

function frame(payload: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

const span = (changes = {}) => ({ traceId: hexId(16), spanId: hexId(8), ...changes });

async function expectStored(spanId: string): Promise<void> {
  await stack.rows(`SELECT 1 FROM otel_traces WHERE SpanId = '${spanId}'`);
}

describe('success', () => {
  test('OK, and no partial success', async () => {
    const wanted = span();
    expect((await call(traceRequest(wanted))).length).toBe(0);
    await expectStored(wanted.spanId);
  });

  test('an empty request succeeds, for every signal', async () => {
    for (const path of [TRACES, METRICS, LOGS]) {
      expect((await call(Buffer.alloc(0), path)).length).toBe(0);
    }
  });

  test('a gauge is stored', async () => {
    await call(gaugeRequest('pressure', 1013.25), METRICS);
    expect(
      await stack.rows("SELECT Value FROM otel_metrics_gauge WHERE MetricName = 'pressure'"),
    ).toEqual([{ Value: 1013.25 }]);
  });

  test('rejected spans are told', async () => {
    const answer = await call(traceRequest(span(), span({ traceId: '00' })));
    expect(decode('ExportResponse', answer).partialSuccess).toMatchObject({ rejected: 1 });
  });

  test('many calls over several connections', async () => {
    const clients = [1, 2, 3, 4].map(() => clientOf(stack.collector.grpcPort));
    const spans = Array.from({ length: 200 }, () => span({ service: 'many' }));
    await Promise.all(
      spans.map((one, index) => call(traceRequest(one), TRACES, clients[index % 4])),
    );
    for (const one of clients) one.close();
    await stack.rows<{ n: string }>(
      "SELECT count() AS n FROM otel_traces WHERE ServiceName = 'many'",
      ([row]) => Number(row?.n) === 200,
    );
  });
});

describe('compression', () => {
  test.each([
    ['deflate', 1],
    ['gzip', 2],
  ])('%s by grpc-js', async (_name, algorithm) => {
    const wanted = span();
    const compressing = clientOf(stack.collector.grpcPort, algorithm);
    await call(traceRequest(wanted), TRACES, compressing);
    compressing.close();
    await expectStored(wanted.spanId);
  });

  const codings: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ];
  test.each(codings)('%s by hand', async (name, compress) => {
    const wanted = span();
    const headers = { 'grpc-encoding': name };
    const answer = await raw([frame(compress(traceRequest(wanted)), 1)], headers);
    expect(answer['grpc-status']).toBe('0');
    await expectStored(wanted.spanId);
  });

  test('identity is a coding, and a message may be left as it is in any', async () => {
    for (const name of ['identity', 'gzip']) {
      const wanted = span();
      const answer = await raw([frame(traceRequest(wanted))], { 'grpc-encoding': name });
      expect(answer['grpc-status']).toBe('0');
      await expectStored(wanted.spanId);
    }
  });

  test('an unknown coding is UNIMPLEMENTED and says what is known', async () => {
    const answer = await raw([frame(Buffer.from('x'), 1)], { 'grpc-encoding': 'snappy' });
    expect(answer['grpc-status']).toBe('12');
    expect(answer['grpc-accept-encoding']).toContain('zstd');
  });
});

describe('refusals', () => {
  test('bad data is INVALID_ARGUMENT with its Status', async () => {
    const error = await refusal(Buffer.from('ffffffff', 'hex'));
    expect(error.code).toBe(3);
    const [details] = error.metadata.get('grpc-status-details-bin') as Buffer[];
    expect(decode('Status', details as Buffer)).toMatchObject({ code: 3, message: error.details });
    expect((await refusal(traceRequest(span()).subarray(0, 30))).code).toBe(3);
  });

  test('an unknown method is UNIMPLEMENTED', async () => {
    expect((await refusal(Buffer.alloc(0), '/some.Service/Method')).code).toBe(12);
  });

  test('above 64 MiB is RESOURCE_EXHAUSTED and not retryable, compressed too', async () => {
    const big = Buffer.alloc(65 * MIB);
    const plain = await refusal(big);
    expect(plain.code).toBe(8);
    const [details] = plain.metadata.get('grpc-status-details-bin') as Buffer[];
    expect(decode('Status', details as Buffer).details).toBeUndefined();
    const answer = await raw([frame(gzipSync(big), 1)], { 'grpc-encoding': 'gzip' });
    expect(answer['grpc-status']).toBe('8');
  });

  test('a message announced too large is refused before it is sent', async () => {
    const head = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    expect((await raw([head], {}, false))['grpc-status']).toBe('8');
  });

  test('a call that never sends its message ends', async () => {
    expect((await raw([], {}, false))['grpc-status']).toBe('4');
  });

  test('a call that ends without its whole message is INVALID_ARGUMENT', async () => {
    expect((await raw([]))['grpc-status']).toBe('3');
    expect((await raw([frame(Buffer.from('hello')).subarray(0, 8)]))['grpc-status']).toBe('3');
  });

  test('what is no gRPC is told where to go', async () => {
    expect((await raw([], { 'content-type': 'application/json' }))[':status']).toBe(415);
  });

  test('bombs leave nothing behind', async () => {
    const bomb = frame(gzipSync(Buffer.alloc(256 * MIB)), 1);
    for (let round = 0; round < 4; round++) {
      const answer = await raw([bomb], { 'grpc-encoding': 'gzip' });
      expect(answer['grpc-status']).toBe('8');
    }
    expect(await stack.collector.metric('flyball_collector_in_flight_bytes')).toBe(0);
  });
});

describe('backpressure', () => {
  test('a full spool is UNAVAILABLE and 429, with a time to come back', async () => {
    const collector = await startCollector({
      directory: `${stack.directory}/full`,
      clickhouseUrl: 'http://127.0.0.1:9',
      config: 'spool: { maxSize: 1MiB, blockSize: 64KiB }',
    });
    const full = clientOf(collector.grpcPort);
    try {
      const padded = gaugeRequest('x', 1, 'p'.repeat(100_000));
      let refused: ServiceError | undefined;
      for (let sent = 0; sent < 30 && refused === undefined; sent++) {
        refused = await call(padded, METRICS, full).then(
          () => undefined,
          (error: ServiceError) => error,
        );
      }
      if (refused === undefined) throw new Error('it never became full');
      expect(refused.code).toBe(14);
      const [details] = refused.metadata.get('grpc-status-details-bin') as Buffer[];
      const status = decode('Status', details as Buffer);
      const [any] = status.details as { typeUrl: string; value: Buffer }[];
      expect(any?.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
      const delay = decode('RetryInfo', any?.value as Buffer).retryDelay as { seconds: number };
      expect(delay.seconds).toBeGreaterThanOrEqual(1);
      const response = await fetch(`${collector.http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: traceRequest(span()) as BodyInit,
      });
      expect(response.status).toBe(429);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await fetch(`${collector.http}/health`)).status).toBe(503);
    } finally {
      full.close();
      await collector.program.stop('SIGKILL');
    }
  });
});
