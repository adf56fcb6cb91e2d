import type { PathSegment, TraceDetail, TraceSpan } from '@flyball/contract';
import {
  analyseTrace,
  type PathSpan,
  type PathWarning,
  readBlocking,
  type TracePath,
} from '@flyball/tracing';
import { originOfError } from './error-origin.ts';
import type { SpanRow } from './span-rows.ts';

const BLOCKING = 'flyball.blocking';

const WARNINGS: Readonly<Record<PathWarning['code'], (count: number) => string>> = {
  'root-missing': () => 'The root span is missing: the path starts at the earliest orphan.',
  'several-roots': (n) => `${n} spans belong to other roots and were left out.`,
  orphans: (n) => `${n} spans name a parent that is not here and were left out.`,
  cycle: (n) => `${n} spans are in a cycle of parents and were left out.`,
  'duplicate-id': (n) => `${n} spans repeat an id and were left out.`,
  'negative-duration': (n) => `${n} spans end before they start: taken as zero-length.`,
  'bad-time': (n) => `${n} spans have times out of range: clamped.`,
  'skew-adjusted': (n) => `${n} servers were moved into their clients: their clocks differ.`,
  'skew-clipped': (n) => `${n} servers are longer than their clients: cut to fit.`,
};

/** One trace as the dashboard draws it, with its critical path. */
export function traceDetailOf(
  traceId: string,
  rows: readonly SpanRow[],
  totalSpans: number,
): TraceDetail {
  const path = analyseTrace(rows.map(pathSpan));
  // Rows come earliest first.
  const startNs = BigInt(rows[0]?.start_ns ?? 0);
  const endNs = rows.reduce((most, row) => {
    const end = BigInt(row.start_ns) + BigInt(row.duration_ns);
    return end > most ? end : most;
  }, startNs);
  const spans = rows.map((row, index) => traceSpan(row, startNs, path, index));
  const rates = rows.map((row) => Number(row.SpanAttributes.SampleRate ?? 1) || 1);
  return {
    traceId,
    startNs: String(startNs),
    durationNs: Number(endNs - startNs),
    rootSpanId: path.rootSpanId,
    services: [...new Set(rows.map((row) => row.ServiceName))],
    spans,
    totalSpans,
    criticalPath: {
      segments: segmentsFrom(path, startNs),
      warnings: path.warnings.map(({ code, count }) => WARNINGS[code](count)),
    },
    errorOrigin: originOfError(spans),
    sampleRate: Math.max(1, ...rates),
  };
}

/** The path counts from the root's start, the drawing from the earliest span's. */
function segmentsFrom(path: TracePath, startNs: bigint): PathSegment[] {
  const shift = Number(path.baseNs - startNs);
  return path.segments.map(({ spanId, startNs: from, endNs: to, confidence }) => ({
    spanId,
    startOffsetNs: from + shift,
    endOffsetNs: to + shift,
    confidence,
  }));
}

function pathSpan(row: SpanRow): PathSpan {
  const startNs = BigInt(row.start_ns);
  return {
    spanId: row.SpanId,
    parentSpanId: row.ParentSpanId,
    startNs,
    endNs: startNs + BigInt(row.duration_ns),
    kind: row.SpanKind as PathSpan['kind'],
    service: row.ServiceName,
    operation: row.SpanName,
    host: row.ResourceAttributes['host.name'] ?? null,
    blocking: readBlocking(row.SpanAttributes[BLOCKING]),
  };
}

function traceSpan(row: SpanRow, startNs: bigint, path: TracePath, index: number): TraceSpan {
  const onPath = path.spans[index];
  const offset = (ns: string) => Number(BigInt(ns) - startNs);
  return {
    spanId: row.SpanId,
    parentSpanId: row.ParentSpanId === '' ? null : row.ParentSpanId,
    service: row.ServiceName,
    instance: row.ResourceAttributes['service.instance.id'] ?? null,
    operation: row.SpanName,
    kind: row.SpanKind as TraceSpan['kind'],
    status: row.StatusCode as TraceSpan['status'],
    statusMessage: row.StatusMessage,
    startOffsetNs: offset(row.start_ns),
    durationNs: Number(row.duration_ns),
    attributes: row.SpanAttributes,
    resourceAttributes: row.ResourceAttributes,
    scopeName: row.ScopeName,
    traceState: row.TraceState,
    events: row.event_names.map((name, i) => ({
      offsetNs: offset(row.event_ns[i] ?? row.start_ns),
      name,
      attributes: row.event_attributes[i] ?? {},
    })),
    links: row.link_traces.map((traceId, i) => ({
      traceId,
      spanId: row.link_spans[i] ?? '',
      attributes: row.link_attributes[i] ?? {},
    })),
    slackNs: onPath?.slackNs ?? null,
    dragNs: onPath?.dragNs ?? null,
    onPathNs: onPath?.exclusiveNs ?? 0,
    shiftNs: onPath?.shiftNs ?? 0,
  };
}
