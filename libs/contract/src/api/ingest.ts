import { z } from 'zod';
import { epochMs, timeRange } from './common.ts';

/** How good a service's spans are, as the collector judges; numbers of spans or traces. */
export const serviceQuality = z.object({
  service: z.string(),
  spans: z.number(),
  traces: z.number(),
  /** Traces decided without their root. */
  missingRoots: z.number(),
  missingParents: z.number(),
  /** Spans of traces that were decided before. */
  late: z.number(),
  duplicates: z.number(),
  rejected: z.number(),
  /** Spans outside their parent, by clocks that differ. */
  skewed: z.number(),
  skewMaxMs: z.number(),
  /** Spans that end before they begin. */
  negative: z.number(),
  future: z.number(),
  past: z.number(),
});
export type ServiceQuality = z.infer<typeof serviceQuality>;

/** GET /api/ingest/quality?fromMs&toMs: services with the most faults first. */
export const ingestQuality = z.object({ services: z.array(serviceQuality) });
export type IngestQuality = z.infer<typeof ingestQuality>;

/** Kept traces that stand for a series of RED. */
export const exemplar = z.object({
  service: z.string(),
  operation: z.string(),
  kind: z.string(),
  slowest: z.object({ durationMs: z.number(), traceId: z.string(), spanId: z.string() }),
  failed: z.object({ traceId: z.string(), spanId: z.string() }).nullable(),
  lastAtMs: epochMs,
});
export type Exemplar = z.infer<typeof exemplar>;

/** GET /api/ingest/exemplars?service&fromMs&toMs: of each operation of a service. */
export const exemplarQuery = timeRange.extend({ service: z.string().min(1).max(256) });
export const exemplarList = z.object({ exemplars: z.array(exemplar) });
export type ExemplarList = z.infer<typeof exemplarList>;
