import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { DiagLogLevel, diag, metrics, type Span } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Logger } from 'pino';

/** How long a stop waits for the last spans; the collector may be away. */
const FLUSH_WITHIN_MS = 1_500;
/** An exporter that cannot reach the collector says so this often, not with every batch. */
const COMPLAIN_EVERY_MS = 60_000;

/** A stop that flushes what is left. */
export type StopTelemetry = () => Promise<void>;

/**
 * Starts the standard OpenTelemetry SDK for Node, configured by the standard OTEL_* variables
 * (the manager sets service.name, service.instance.id and the export intervals). Server spans
 * get their names from the route, client spans from the path, and say whom they call.
 */
export function startTelemetry(log: Logger): StopTelemetry {
  diag.setLogger(quietly(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const sdk = new NodeSDK({
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: (request) => isOperational(request.url),
        requireParentforOutgoingSpans: true,
        requestHook: nameClientSpan,
      }),
    ],
  });
  sdk.start();
  // The instrumentation patches node:http when it is next required, and imports see the patch.
  createRequire(import.meta.url)('node:http');
  measureProcess();
  return async () => {
    const timeOut = new Promise<void>((resolve) => setTimeout(resolve, FLUSH_WITHIN_MS).unref());
    await Promise.race([sdk.shutdown().catch(() => undefined), timeOut]);
  };
}

function isOperational(url: string | undefined): boolean {
  return url === undefined || url.startsWith('/health') || url === '/guard';
}

function nameClientSpan(span: Span, request: ClientRequest | IncomingMessage): void {
  if (!('getHeader' in request)) return;
  const peer = request.getHeader('host');
  span.updateName(`${request.method} ${request.path}`);
  span.setAttribute('url.template', request.path);
  if (typeof peer === 'string') span.setAttribute('peer.service', peer);
}

function measureProcess(): void {
  let last = { cpu: process.cpuUsage(), atMs: performance.now() };
  metrics
    .getMeter('demo')
    .createObservableGauge('process.cpu.utilization', {
      unit: '1',
      description: 'CPU time used over the interval, as a share of one core',
    })
    .addCallback((result) => {
      const used = process.cpuUsage(last.cpu);
      const nowMs = performance.now();
      const elapsedMs = nowMs - last.atMs;
      last = { cpu: process.cpuUsage(), atMs: nowMs };
      if (elapsedMs > 0) result.observe((used.user + used.system) / 1_000 / elapsedMs);
    });
}

function quietly(log: Logger) {
  let silentUntilMs = 0;
  const complain = (text: string) => {
    const nowMs = performance.now();
    if (nowMs < silentUntilMs) return;
    silentUntilMs = nowMs + COMPLAIN_EVERY_MS;
    log.warn({ detail: text.slice(0, 300) }, 'telemetry is not getting through');
  };
  const ignore = () => undefined;
  return { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
}
