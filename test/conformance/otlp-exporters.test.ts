import type { Attributes } from '@opentelemetry/api';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
} from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from './otlp-harness.ts';

/** The exporters that people use, as they come, against a real collector. */
let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(() => stack?.stop());

const http = (path: string) => `${stack.collector.http}${path}`;
const grpc = () => `http://127.0.0.1:${stack.collector.grpcPort}`;

const traceExporters: [string, () => SpanExporter][] = [
  ['grpc', () => new GrpcTraces({ url: grpc() })],
  ['grpc-gzip', () => new GrpcTraces({ url: grpc(), compression: 'gzip' as never })],
  ['json', () => new JsonTraces({ url: http('/v1/traces') })],
  ['json-gzip', () => new JsonTraces({ url: http('/v1/traces'), compression: 'gzip' as never })],
  ['proto', () => new ProtoTraces({ url: http('/v1/traces') })],
  ['proto-gzip', () => new ProtoTraces({ url: http('/v1/traces'), compression: 'gzip' as never })],
];

test.each(traceExporters)('traces by %s', async (name, exporter) => {
  const service = `traces-${name}`;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'one' }),
    spanProcessors: [new BatchSpanProcessor(exporter() as never)],
  });
  const attributes: Attributes = { text: 'ü', whole: 42, real: 0.5, yes: true, list: ['a', 'b'] };
  const span = provider.getTracer('shop', '1.2.3').startSpan('GET /basket', {
    kind: 1,
    attributes,
  });
  span.recordException(new TypeError('no basket'));
  span.setStatus({ code: 2, message: 'no basket' });
  span.end();
  await provider.shutdown();
  const [row] = await stack.rows<Record<string, never>>(
    `SELECT * FROM otel_traces WHERE ServiceName = '${service}'`,
  );
  expect(row).toMatchObject({
    TraceId: span.spanContext().traceId,
    SpanId: span.spanContext().spanId,
    ParentSpanId: '',
    SpanName: 'GET /basket',
    SpanKind: 'Server',
    StatusCode: 'Error',
    StatusMessage: 'no basket',
    ScopeName: 'shop',
    ScopeVersion: '1.2.3',
    ResourceAttributes: { 'service.instance.id': 'one' },
    SpanAttributes: { text: 'ü', whole: '42', real: '0.5', yes: 'true', list: '["a","b"]' },
    'Events.Name': ['exception'],
  });
});

test('RED counts every span, kept or not', async () => {
  const service = 'red-of-all';
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': 'i-7' }),
    spanProcessors: [new BatchSpanProcessor(new GrpcTraces({ url: grpc() }) as never)],
  });
  const tracer = provider.getTracer('shop');
  for (let i = 0; i < 500; i++) {
    const span = tracer.startSpan('GET /', { kind: 1 });
    if (i % 10 === 0) span.setStatus({ code: 2 });
    span.end();
  }
  await provider.shutdown();
  const [red] = await stack.rows<Record<string, number>>(
    `SELECT sum(count) AS spans, sum(errors) AS errors,
       sum(arraySum(mapValues(buckets))) AS inBuckets
     FROM flyball_red WHERE service = '${service}' AND operation = 'GET /' AND kind = 'Server'
     AND instance = 'i-7'`,
    ([row]) => (row?.spans ?? 0) >= 500,
  );
  expect(red).toEqual({ spans: 500, errors: 50, inBuckets: 500 });
  const [kept] = await stack.rows<Record<string, number>>(
    `SELECT count() AS spans, countIf(StatusCode = 'Error') AS errors FROM otel_traces
     WHERE ServiceName = '${service}'`,
    ([row]) => (row?.errors ?? 0) >= 50,
  );
  expect(kept?.errors).toBe(50);
  expect(kept?.spans).toBeLessThan(100);
});

const metricExporters: [string, () => PushMetricExporter][] = [
  ['grpc', () => new GrpcMetrics({ url: grpc() })],
  ['json', () => new JsonMetrics({ url: http('/v1/metrics') })],
  ['proto', () => new ProtoMetrics({ url: http('/v1/metrics') })],
];

test.each(metricExporters)('metrics by %s', async (name, exporter) => {
  const service = `metrics-${name}`;
  const reader = new PeriodicExportingMetricReader({ exporter: exporter() });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    readers: [reader],
    views: [
      { instrumentName: 'sizes', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
    ],
  });
  const meter = provider.getMeter('shop');
  meter.createCounter('orders').add(3, { region: 'eu' });
  meter.createHistogram('latency').record(12);
  const sizes = meter.createHistogram('sizes');
  for (const size of [0, 1, 2, 4, 4]) sizes.record(size);
  meter.createObservableGauge('depth').addCallback((result) => result.observe(7));
  await reader.forceFlush();
  const rows = <T>(table: string, columns: string) =>
    stack.rows<T>(`SELECT ${columns} FROM ${table} WHERE ServiceName = '${service}'`);
  expect(await rows('otel_metrics_sum', 'MetricName, Value, IsMonotonic, Attributes')).toEqual([
    { MetricName: 'orders', Value: 3, IsMonotonic: true, Attributes: { region: 'eu' } },
  ]);
  expect(await rows('otel_metrics_histogram', 'MetricName, Count, Sum, Min, Max')).toEqual([
    { MetricName: 'latency', Count: 1, Sum: 12, Min: 12, Max: 12 },
  ]);
  expect(await rows('otel_metrics_gauge', 'MetricName, Value')).toEqual([
    { MetricName: 'depth', Value: 7 },
  ]);
  const columns = 'Count, Sum, ZeroCount, arraySum(PositiveBucketCounts) AS positive, Min, Max';
  expect(await rows('otel_metrics_exponential_histogram', columns)).toEqual([
    { Count: 5, Sum: 11, ZeroCount: 1, positive: 4, Min: 0, Max: 4 },
  ]);
  await provider.shutdown();
});

const logExporters: [string, () => LogRecordExporter][] = [
  ['grpc', () => new GrpcLogs({ url: grpc() })],
  ['json', () => new JsonLogs({ url: http('/v1/logs') })],
  ['proto', () => new ProtoLogs({ url: http('/v1/logs') })],
  ['proto-gzip', () => new ProtoLogs({ url: http('/v1/logs'), compression: 'gzip' as never })],
];

test.each(logExporters)('logs by %s', async (name, exporter) => {
  const service = `logs-${name}`;
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    processors: [new BatchLogRecordProcessor({ exporter: exporter() })],
  });
  provider.getLogger('shop', '1.2.3').emit({
    severityNumber: 17,
    severityText: 'ERROR',
    body: { text: 'the disk is full', free: 0 },
    eventName: 'disk.full',
    attributes: { disk: 'ü', inodes: 3 },
  });
  await provider.shutdown();
  const [row] = await stack.rows<Record<string, never>>(
    `SELECT * FROM otel_logs WHERE ServiceName = '${service}'`,
  );
  expect(row).toMatchObject({
    SeverityNumber: 17,
    SeverityText: 'ERROR',
    Body: '{"free":0,"text":"the disk is full"}',
    EventName: 'disk.full',
    ScopeName: 'shop',
    ScopeVersion: '1.2.3',
    LogAttributes: { disk: 'ü', inodes: '3' },
  });
});
