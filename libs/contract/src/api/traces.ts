import { z } from 'zod';
import { epochMs, timeRange } from './common.ts';

/** GET /api/services */
export const serviceList = z.object({
  services: z.array(z.object({ service: z.string(), operations: z.array(z.string()) })),
});
export type ServiceList = z.infer<typeof serviceList>;

/** GET /api/traces. `attribute` is `key=value`, repeatable; all must hold on one span. */
export const traceQuery = timeRange.extend({
  service: z.string().optional(),
  operation: z.string().optional(),
  minDurationMs: z.coerce.number().nonnegative().optional(),
  maxDurationMs: z.coerce.number().nonnegative().optional(),
  status: z.enum(['error', 'ok']).optional(),
  attribute: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => (typeof value === 'string' ? [value] : value))
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** From the previous answer's `nextCursor`. */
  cursor: z.string().optional(),
});
export type TraceQuery = z.infer<typeof traceQuery>;

export const traceSummary = z.object({
  traceId: z.string(),
  rootService: z.string().nullable(),
  rootOperation: z.string().nullable(),
  startMs: z.number(),
  durationMs: z.number(),
  spanCount: z.number().int(),
  errorCount: z.number().int(),
  services: z.array(
    z.object({ service: z.string(), spans: z.number().int(), errors: z.number().int() }),
  ),
  /** Each kept trace stands for this many (1 / inclusion probability). */
  sampleRate: z.number(),
});
export type TraceSummary = z.infer<typeof traceSummary>;

export const traceSearch = z.object({
  fromMs: epochMs,
  toMs: epochMs,
  traces: z.array(traceSummary),
  nextCursor: z.string().nullable(),
});
export type TraceSearch = z.infer<typeof traceSearch>;

export const spanEvent = z.object({
  offsetNs: z.number(),
  name: z.string(),
  attributes: z.record(z.string(), z.string()),
});

/** Times are nanoseconds from the trace's start, so that they fit a double exactly. */
export const traceSpan = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  service: z.string(),
  instance: z.string().nullable(),
  operation: z.string(),
  kind: z.enum(['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']),
  status: z.enum(['Unset', 'Ok', 'Error']),
  statusMessage: z.string(),
  startOffsetNs: z.number(),
  durationNs: z.number(),
  attributes: z.record(z.string(), z.string()),
  resourceAttributes: z.record(z.string(), z.string()),
  scopeName: z.string(),
  traceState: z.string(),
  events: z.array(spanEvent),
  links: z.array(
    z.object({
      traceId: z.string(),
      spanId: z.string(),
      attributes: z.record(z.string(), z.string()),
    }),
  ),
  /** Nanoseconds it could end later without the root ending later; null when unknown. */
  slackNs: z.number().nullable(),
  /** Nanoseconds the root would gain if this span's own time vanished; null when unknown. */
  dragNs: z.number().nullable(),
  /** Exclusive nanoseconds on the critical path. */
  onPathNs: z.number(),
  /** Clock-skew correction applied for the critical path. */
  shiftNs: z.number(),
});
export type TraceSpan = z.infer<typeof traceSpan>;

export const pathSegment = z.object({
  spanId: z.string(),
  startOffsetNs: z.number(),
  endOffsetNs: z.number(),
  confidence: z.enum(['certain', 'inferred', 'ambiguous']),
});
export type PathSegment = z.infer<typeof pathSegment>;

/** GET /api/traces/:traceId */
export const traceDetail = z.object({
  traceId: z.string(),
  /** Start of the earliest span, nanoseconds since the epoch, as decimal text (exact). */
  startNs: z.string(),
  durationNs: z.number(),
  rootSpanId: z.string().nullable(),
  /** In first-seen order: colours are handed out by position. */
  services: z.array(z.string()),
  spans: z.array(traceSpan),
  /** Spans in the store; more than `spans.length` when the answer was cut. */
  totalSpans: z.number().int(),
  criticalPath: z.object({ segments: z.array(pathSegment), warnings: z.array(z.string()) }),
  /** The service in which the error began, when the trace has one. */
  errorOrigin: z.object({ service: z.string(), spanId: z.string() }).nullable(),
  sampleRate: z.number(),
});
export type TraceDetail = z.infer<typeof traceDetail>;
