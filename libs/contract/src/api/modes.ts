import { z } from 'zod';
import { dimension, epochMs, evidence, mode } from './common.ts';

export const modeTransition = z.object({
  id: z.string(),
  service: z.string(),
  from: mode,
  to: mode,
  atMs: epochMs,
  dimension: dimension.nullable(),
  cause: z.string(),
  evidence: z.array(evidence),
  /** How long the trigger had held when the mode changed, and how long it has to. */
  dwellMs: z.number().nullable(),
  /** The OODA cycle that decided it. */
  traceId: z.string().nullable(),
});
export type ModeTransition = z.infer<typeof modeTransition>;

/** A run of one mode, or of no data at all (the controller was away or blind). */
export const modeSegment = z.object({
  mode: z.union([mode, z.literal('no-data')]),
  fromMs: epochMs,
  toMs: epochMs,
  transitionId: z.string().nullable(),
});
export type ModeSegment = z.infer<typeof modeSegment>;

/** GET /api/modes/history?fromMs&toMs&service */
export const modeHistory = z.object({
  fromMs: epochMs,
  toMs: epochMs,
  services: z.array(z.object({ service: z.string(), segments: z.array(modeSegment) })),
  /** Newest first. */
  transitions: z.array(modeTransition),
  /** Actions carried out in the range, to lay over the timeline. */
  actions: z.array(
    z.object({
      id: z.string(),
      service: z.string(),
      loop: z.string(),
      atMs: epochMs,
      text: z.string(),
    }),
  ),
});
export type ModeHistory = z.infer<typeof modeHistory>;
