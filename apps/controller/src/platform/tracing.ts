import { context, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Config } from '../config.ts';
import { messageOf } from './stores.ts';

/** The name this process sends its own spans under. */
export const OWN_SERVICE = 'flyball-controller';

export interface Tracing {
  readonly tracer: Tracer;
  shutdown(): Promise<void>;
}

/** Own spans go to the collector like everybody's. A collector that is away costs nothing. */
export function startTracing(config: Config): Tracing {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': OWN_SERVICE,
      'service.instance.id': config.instanceId,
    }),
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter({ url: `${config.collectorUrl}/v1/traces`, timeoutMillis: 3_000 }),
        { scheduledDelayMillis: 1_000, maxQueueSize: 2_048, exportTimeoutMillis: 4_000 },
      ),
    ],
  });
  return { tracer: provider.getTracer(OWN_SERVICE), shutdown: () => provider.shutdown() };
}

/**
 * Runs `work` inside a span of the given parent (null: a new trace). The span is handed on
 * explicitly, so that what belongs to which cycle never depends on the scheduler.
 */
export async function inSpan<T>(
  tracer: Tracer,
  parent: Span | null,
  name: string,
  work: (span: Span) => Promise<T> | T,
): Promise<T> {
  const outer = parent === null ? context.active() : trace.setSpan(context.active(), parent);
  const span = tracer.startSpan(name, parent === null ? { root: true } : {}, outer);
  try {
    return await work(span);
  } catch (error) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    throw error;
  } finally {
    span.end();
  }
}
