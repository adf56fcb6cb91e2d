import { z } from 'zod';
import { dimension, epochMs, mode } from './common.ts';

/** Something a person should look at, most urgent first. */
export const need = z.object({
  id: z.string(),
  kind: z.enum(['proposal', 'mode', 'budget', 'loop-held', 'foreign-writer', 'action', 'ingest']),
  severity: z.enum(['page', 'warn', 'info']),
  service: z.string().nullable(),
  title: z.string(),
  detail: z.string(),
  /** Path in the dashboard that answers it. */
  href: z.string(),
  sinceMs: epochMs,
});
export type Need = z.infer<typeof need>;

export const serviceSummary = z.object({
  service: z.string(),
  managed: z.boolean(),
  mode: mode.nullable(),
  modeSinceMs: epochMs.nullable(),
  cause: z.string().nullable(),
  dimensions: z.partialRecord(dimension, z.object({ mode, cause: z.string().nullable() })),
  p99Ms: z.number().nullable(),
  requestsPerSecond: z.number().nullable(),
  errorRatio: z.number().nullable(),
  budgetRemainingRatio: z.number().nullable(),
  instances: z.number().int().nullable(),
  pendingProposals: z.number().int(),
  /** Requests per second, one value a minute over the last hour; null is "no data". */
  traffic: z.array(z.number().nullable()),
});
export type ServiceSummary = z.infer<typeof serviceSummary>;

/** Whether all automation has been stopped by a person. */
export const automation = z.object({
  stopped: z.boolean(),
  by: z.string().nullable(),
  atMs: epochMs.nullable(),
  reason: z.string().nullable(),
});
export type Automation = z.infer<typeof automation>;
/** POST /api/automation/stop and /api/automation/resume (operator) */
export const automationRequest = z.object({ reason: z.string().max(500).default('') });

/** GET /api/overview */
export const overview = z.object({
  generatedAtMs: epochMs,
  evidenceAgeMs: z.number().nullable(),
  automation,
  services: z.array(serviceSummary),
  needs: z.array(need),
  ingest: z.object({
    spansPerSecond: z.number().nullable(),
    keptTracesPerSecond: z.number().nullable(),
    lastSpanAtMs: epochMs.nullable(),
  }),
  /** How to send data here, for empty states. */
  endpoints: z.object({ otlpHttp: z.string(), otlpGrpc: z.string() }),
});
export type Overview = z.infer<typeof overview>;
