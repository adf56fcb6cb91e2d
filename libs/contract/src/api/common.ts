import { z } from 'zod';

/** Milliseconds since the Unix epoch. */
export const epochMs = z.number().int().nonnegative();

export const mode = z.enum(['target', 'recovery', 'degraded', 'floor']);
export type Mode = z.infer<typeof mode>;

export const dimension = z.enum(['discovery', 'config', 'resilience', 'load']);
export type Dimension = z.infer<typeof dimension>;

/** How a figure reads at a glance; `unknown` means no usable evidence, never "fine". */
export const verdict = z.enum(['ok', 'warn', 'bad', 'unknown']);
export type Verdict = z.infer<typeof verdict>;

export const role = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.infer<typeof role>;

export const autonomy = z.enum(['off', 'shadow', 'ask', 'auto']);
export type Autonomy = z.infer<typeof autonomy>;

/** One fact a decision rests on, as it was when the decision was made. */
export const evidence = z.object({
  id: z.string(),
  scope: z.object({ service: z.string(), instance: z.string().optional() }),
  signal: z.string(),
  value: z.number().nullable(),
  unit: z.string(),
  threshold: z.string().nullable(),
  observedAtMs: epochMs,
  validUntilMs: epochMs,
  freshness: z.enum(['fresh', 'bounded-stale', 'eventual', 'historical', 'static']),
  source: z.string(),
  exampleTraceIds: z.array(z.string()).default([]),
});
export type Evidence = z.infer<typeof evidence>;

/** A knob's position: one number, or one number per instance (weights). */
export const knob = z.union([z.number(), z.record(z.string(), z.number())]);
export type Knob = z.infer<typeof knob>;

/** Every error answer of the API. `code` is stable, `message` names the cause and the cure. */
export const apiError = z.object({
  code: z.string(),
  message: z.string(),
  details: z.unknown().optional(),
});
export type ApiError = z.infer<typeof apiError>;

/** Time range of a query; both ends default to the last hour on the server. */
export const timeRange = z.object({
  fromMs: z.coerce.number().int().nonnegative().optional(),
  toMs: z.coerce.number().int().nonnegative().optional(),
});
export type TimeRange = z.infer<typeof timeRange>;
