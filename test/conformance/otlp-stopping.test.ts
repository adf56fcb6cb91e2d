import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import { hexId, type RunningCollector, startCollector } from './otlp-harness.ts';
import { decode, traceRequest } from './otlp-messages.ts';

/** A request that is under way when the collector is told to stop: an honest answer, no reset. */
let directory: string;
let collector: RunningCollector;

beforeEach(async () => {
  directory = temporaryDirectory();
  collector = await startCollector({ directory, clickhouseUrl: 'http://127.0.0.1:9' });
});

afterEach(async () => {
  await collector?.program.stop('SIGKILL');
  removeDirectory(directory);
});

const body = () => traceRequest({ traceId: hexId(16), spanId: hexId(8) });

/** Sends the signal and waits until the collector has begun to stop. */
async function beginToStop(): Promise<void> {
  collector.program.child.kill('SIGTERM');
  for (;;) {
    try {
      await fetch(`${collector.http}/health`);
    } catch {
      return;
    }
  }
}

test('HTTP: 503 with Retry-After', async () => {
  const bytes = body();
  const socket = connect(Number(new URL(collector.http).port), '127.0.0.1');
  let text = '';
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write(`POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n`);
  socket.write('Content-Type: application/x-protobuf\r\n\r\n');
  socket.write(bytes.subarray(0, 10));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await beginToStop();
  socket.write(bytes.subarray(10));
  await closed;
  expect(text).toMatch(/^HTTP\/1\.1 503 /);
  expect(text.toLowerCase()).toContain('retry-after: 1\r\n');
});

test('gRPC: UNAVAILABLE with RetryInfo', async () => {
  const bytes = body();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  const session = connectHttp2(`http://127.0.0.1:${collector.grpcPort}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const headers = new Promise<Record<string, unknown>>((resolve) => {
    stream.once('response', resolve);
  });
  stream.on('error', () => {});
  stream.resume();
  stream.write(head);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await beginToStop();
  stream.end(bytes);
  const answer = await headers;
  session.destroy();
  expect(answer['grpc-status']).toBe('14');
  const status = Buffer.from(String(answer['grpc-status-details-bin']), 'base64');
  const [any] = decode('Status', status).details as { value: Buffer }[];
  expect(decode('RetryInfo', any?.value as Buffer)).toEqual({ retryDelay: { seconds: 1 } });
});
