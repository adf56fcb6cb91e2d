import { z } from 'zod';
import { epochMs, timeRange } from './common.ts';

/** GET /api/critical-paths/endpoints?fromMs&toMs: root endpoints, most total time first. */
export const pathEndpoints = z.object({
  fromMs: epochMs,
  toMs: epochMs,
  endpoints: z.array(
    z.object({
      service: z.string(),
      operation: z.string(),
      traces: z.number(),
      totalMs: z.number(),
      meanMs: z.number(),
      p99Ms: z.number().nullable(),
      errorRatio: z.number().nullable(),
    }),
  ),
});
export type PathEndpoints = z.infer<typeof pathEndpoints>;

/** GET /api/critical-paths */
export const pathQuery = timeRange.extend({ service: z.string(), operation: z.string() });

export const pathRow = z.object({
  service: z.string(),
  operation: z.string(),
  /** Share of the endpoint's total time, over the time of all its traces. */
  share: z.number(),
  /** Traces in which it was on the path. */
  traces: z.number(),
  exclusiveMs: z.number(),
  /** Percentiles of exclusive time over the traces in which it was on the path. */
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  /** Mean over the traces in which something waited for it: how much later it could end. */
  slackMs: z.number().nullable(),
  /** Mean over the traces with it on the path: at most this much could be won. */
  dragMs: z.number().nullable(),
  errorRatio: z.number().nullable(),
  exampleTraceIds: z.array(z.string()),
});
export type PathRow = z.infer<typeof pathRow>;

/** Where the failed traces of an endpoint began to fail, most traces first. */
export const pathErrorOrigin = z.object({
  service: z.string(),
  operation: z.string(),
  traces: z.number(),
  exampleTraceIds: z.array(z.string()),
});
export type PathErrorOrigin = z.infer<typeof pathErrorOrigin>;

export const pathBreakdown = z.object({
  service: z.string(),
  operation: z.string(),
  fromMs: epochMs,
  toMs: epochMs,
  traces: z.number(),
  meanMs: z.number(),
  rows: z.array(pathRow),
  errorOrigins: z.array(pathErrorOrigin),
  /** Share of time per step; keys are `service operation`; a step without traces is absent. */
  series: z.object({
    stepMs: z.number().int().positive(),
    keys: z.array(z.string()),
    points: z.array(
      z.object({
        atMs: epochMs,
        meanMs: z.number(),
        shares: z.record(z.string(), z.number()),
      }),
    ),
  }),
});
export type PathBreakdown = z.infer<typeof pathBreakdown>;
