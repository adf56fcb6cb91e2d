import type { Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';

type Attributes = ReadableSpan['attributes'];

function otlpValue(value: Attributes[string]): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { stringValue: String(value) };
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: otlpValue(value) }));
}

const nanos = ([seconds, rest]: readonly [number, number]) =>
  (BigInt(seconds) * 1_000_000_000n + BigInt(rest)).toString();

function spanOf(span: ReadableSpan): object {
  const { traceId, spanId } = span.spanContext();
  const parentSpanId = span.parentSpanContext?.spanId ?? '';
  return {
    traceId,
    spanId,
    parentSpanId,
    name: span.name,
    // OTLP counts kinds from 1, the API from 0.
    kind: span.kind + 1,
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: attributesOf(span.attributes),
    status: { code: span.status.code, message: span.status.message ?? '' },
  };
}

/** An ExportTraceServiceRequest in OTLP/JSON. */
function exportRequestJson(spans: readonly ReadableSpan[]): string {
  const resourceSpans = spans.map((span) => ({
    resource: { attributes: attributesOf(span.resource.attributes) },
    scopeSpans: [{ scope: { name: span.instrumentationScope.name }, spans: [spanOf(span)] }],
  }));
  return JSON.stringify({ resourceSpans });
}

export interface SelfTracing {
  readonly tracer: Tracer;
  shutdown(): Promise<void>;
}

/**
 * The collector's own spans, handed to its own pipeline without a network between. Only the work
 * between spool and store is traced, one span a block: taking in spans makes no spans.
 */
export function startSelfTracing(instance: string, take: (json: string) => void): SelfTracing {
  const exporter: SpanExporter = {
    export(spans, done) {
      take(exportRequestJson(spans));
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'flyball-collector',
      'service.instance.id': instance,
    }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1000, maxQueueSize: 1024 }),
    ],
  });
  return {
    tracer: provider.getTracer('flyball-collector'),
    shutdown: () => provider.shutdown(),
  };
}
