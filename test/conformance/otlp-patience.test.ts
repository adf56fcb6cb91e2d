import { connect, type Socket } from 'node:net';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { QUICK, type Stack, startStack } from './otlp-harness.ts';
import { decode } from './otlp-messages.ts';

/** What real exporters make of our answers: they come again when asked to, and only then. */
const BUDGET = 2 ** 20;
let stack: Stack;

beforeAll(async () => {
  const receive = 'receive: { maxBody: 1MiB, maxInFlight: 1MiB, requestTimeout: 20s }';
  stack = await startStack({ config: `${QUICK}${receive}\n` });
});

afterAll(() => stack?.stop());

const http = () => `${stack.collector.http}/v1/traces`;
const grpc = () => `http://127.0.0.1:${stack.collector.grpcPort}`;

const exporters: [string, () => SpanExporter][] = [
  ['grpc', () => new GrpcTraces({ url: grpc() }) as never],
  ['json', () => new JsonTraces({ url: http() }) as never],
  ['proto', () => new ProtoTraces({ url: http() }) as never],
];

/** One failed span, as an exporter gets it. */
function failedSpan(service: string): ReadableSpan {
  const memory = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new SimpleSpanProcessor(memory)],
  });
  const span = provider.getTracer('test').startSpan('work');
  span.setStatus({ code: 2 });
  span.end();
  return memory.getFinishedSpans()[0] as ReadableSpan;
}

/** Code 0 is success. */
function exported(exporter: SpanExporter, spans: ReadableSpan[]): Promise<ExportResult> {
  return new Promise((resolve) => exporter.export(spans, resolve));
}

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

function requests(transport: 'grpc' | 'http', outcome: string): Promise<number> {
  const labels = `transport="${transport}",signal="traces",outcome="${outcome}"`;
  return stack.collector.metric(`flyball_collector_requests_total{${labels}}`);
}

const transportOf = (name: string) => (name === 'grpc' ? 'grpc' : 'http');

/** A sender that fills the room for all requests, but for one byte, and does not go on. */
async function hog(): Promise<Socket> {
  const { port } = new URL(stack.collector.http);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: ${BUDGET}\r\n`);
  socket.write('Content-Type: application/x-protobuf\r\n\r\n');
  socket.write(Buffer.alloc(BUDGET - 1));
  await until('a full collector', 5000, async () => {
    return (await stack.collector.metric('flyball_collector_in_flight_bytes')) >= BUDGET - 1;
  });
  return socket;
}

/** Sends while there is no room; makes room when the collector has said so. */
async function sendToBusy(name: string, exporter: SpanExporter, span: ReadableSpan) {
  const transport = transportOf(name);
  const before = await requests(transport, 'busy');
  const socket = await hog();
  const result = exported(exporter, [span]);
  await until('a refusal', 5000, async () => (await requests(transport, 'busy')) > before, 20);
  socket.destroy();
  return result;
}

const overHttp = exporters.filter(([name]) => name !== 'grpc');

test.each(overHttp)('%s: turned away for lack of room, it comes again', async (name, make) => {
  const exporter = make();
  const span = failedSpan(`patient-${name}`);
  expect(await sendToBusy(name, exporter, span)).toMatchObject({ code: 0 });
  await exporter.shutdown();
  await stack.rows(`SELECT 1 FROM otel_traces WHERE SpanId = '${span.spanContext().spanId}'`);
});

test('grpc: turned away for lack of room, it is told when to come again', async () => {
  // The exporter of this language leaves coming again to whoever calls it.
  const exporter = new GrpcTraces({ url: grpc() }) as never as SpanExporter;
  const { code, error } = await sendToBusy('grpc', exporter, failedSpan('patient-grpc'));
  expect([code, error]).toEqual([1, expect.objectContaining({ code: 14 })]);
  const { metadata } = error as unknown as { metadata: { get(name: string): Buffer[] } };
  const [status] = metadata.get('grpc-status-details-bin');
  const { details } = decode('Status', status as Buffer);
  const [any] = details as { typeUrl: string; value: Buffer }[];
  expect(any?.typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
  expect(decode('RetryInfo', any?.value as Buffer)).toEqual({ retryDelay: { seconds: 1 } });
  await exporter.shutdown();
});

test.each(exporters)('%s: a partial success is not sent again', async (name, make) => {
  const transport = transportOf(name);
  const before = await requests(transport, 'partial');
  const exporter = make();
  const good = failedSpan(`partial-${name}`);
  const { traceId, ...rest } = good.spanContext();
  const bad = Object.create(good, {
    spanContext: { value: () => ({ ...rest, traceId: '0'.repeat(traceId.length) }) },
  }) as ReadableSpan;
  expect(await exported(exporter, [bad, good])).toMatchObject({ code: 0 });
  await exporter.shutdown();
  expect(await requests(transport, 'partial')).toBe(before + 1);
  await stack.rows(`SELECT 1 FROM otel_traces WHERE SpanId = '${rest.spanId}'`);
});

test.each(exporters)('%s: what is too large is not sent again', async (name, make) => {
  const transport = transportOf(name);
  const before = await requests(transport, 'too_large');
  const exporter = make();
  const large = failedSpan(`large-${name}`);
  const attributes = { blob: 'x'.repeat(2 * BUDGET) };
  const span = Object.create(large, { attributes: { value: attributes } }) as ReadableSpan;
  expect(await exported(exporter, [span])).toMatchObject({ code: 1 });
  await exporter.shutdown();
  expect(await requests(transport, 'too_large')).toBe(before + 1);
});
