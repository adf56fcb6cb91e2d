import protobuf from 'protobufjs';

/**
 * The parts of OTLP that the tests send and read, for an encoder that is not the collector's own.
 * Field numbers are those of opentelemetry-proto 1.9 and of google.rpc.
 */
const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3;
  double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; }
message SpanStatus { string message = 2; int32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3;
  bytes parent_span_id = 4; string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7;
  fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; SpanStatus status = 15; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message TraceRequest { repeated ResourceSpans resource_spans = 1; }
message Point { repeated KeyValue attributes = 7; fixed64 time_unix_nano = 3;
  double as_double = 4; }
message Gauge { repeated Point data_points = 1; }
message Metric { string name = 1; Gauge gauge = 5; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message MetricsRequest { repeated ResourceMetrics resource_metrics = 1; }
message Partial { int64 rejected = 1; string error_message = 2; }
message ExportResponse { Partial partial_success = 1; }
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message RetryInfo { Duration retry_delay = 1; }
`;

const root = protobuf.parse(PROTO).root;

type MessageName =
  | 'TraceRequest'
  | 'MetricsRequest'
  | 'ExportResponse'
  | 'Status'
  | 'RetryInfo'
  | 'Duration';

export function encode(name: MessageName, value: object): Buffer {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

/** The message as plain data: camelCase, 64-bit integers as numbers, absent fields left out. */
export function decode(name: MessageName, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number });
}

export interface SpanWanted {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly service?: string;
  /** Marked as failed, so that the default rules keep it. */
  readonly error?: boolean;
  readonly durationMs?: number;
  readonly kind?: number;
  /** End of the span, epoch milliseconds; left out: now. */
  readonly endMs?: number;
}

const hex = (text: string | undefined) =>
  text === undefined ? undefined : Buffer.from(text, 'hex');

function times({ durationMs = 5, endMs = Date.now() }: SpanWanted) {
  const end = BigInt(endMs) * 1_000_000n;
  return { start: String(end - BigInt(durationMs) * 1_000_000n), end: String(end) };
}

function requestOf(spans: readonly SpanWanted[], idOf: (id: string | undefined) => unknown) {
  return {
    resourceSpans: spans.map((span) => {
      const { start, end } = times(span);
      const parentSpanId = idOf(span.parentSpanId);
      const service = { stringValue: span.service ?? 'conformance' };
      return {
        resource: { attributes: [{ key: 'service.name', value: service }] },
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: [
              {
                traceId: idOf(span.traceId),
                spanId: idOf(span.spanId),
                ...(parentSpanId === undefined ? {} : { parentSpanId }),
                name: span.name ?? 'GET /',
                kind: span.kind ?? 2,
                startTimeUnixNano: start,
                endTimeUnixNano: end,
                ...(span.error === false ? {} : { status: { code: 2, message: 'it failed' } }),
              },
            ],
          },
        ],
      };
    }),
  };
}

/** ExportTraceServiceRequest; spans are failed, and so kept, unless `error` is false. */
export function traceRequest(...spans: SpanWanted[]): Buffer {
  return encode('TraceRequest', requestOf(spans, hex));
}

/** The same as OTLP/JSON, as plain data. */
export function traceRequestJson(...spans: SpanWanted[]): ReturnType<typeof requestOf> {
  return requestOf(spans, (id) => id);
}

/** ExportMetricsServiceRequest with one gauge of one point. */
export function gaugeRequest(name: string, value: number, padding = ''): Buffer {
  const point = {
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    asDouble: value,
    attributes: [{ key: 'padding', value: { stringValue: padding } }],
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'meter' } }] };
  const metrics = [{ name, gauge: { dataPoints: [point] } }];
  return encode('MetricsRequest', { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] });
}
