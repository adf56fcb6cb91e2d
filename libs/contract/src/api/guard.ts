import { z } from 'zod';
import { epochMs } from './common.ts';

/**
 * POST /api/guard/sync, `Authorization: Bearer FLYBALL_GUARD_TOKEN`.
 *
 * A guard is whatever enforces targets beside the traffic (the demo's gateway, a sidecar, a
 * middleware). It reports what it applies and sees, and receives what to enforce. It keeps the
 * last answer until `lifetimeMs` after it was received, then falls back to `defaults`, so that a
 * controller that is away changes nothing at first and nothing dangerous later.
 */
export const guardReport = z.object({
  guard: z.string().min(1).max(128),
  service: z.string().min(1).max(256),
  /** Version of the targets in force at the guard; null before the first answer. */
  appliedVersion: z.number().int().nullable(),
  applied: z.object({
    ratePerSecond: z.number().nullable(),
    weights: z.record(z.string(), z.number()),
  }),
  /** Live instances the guard can route to, and whether each passes its health check. */
  instances: z.array(
    z.object({ instance: z.string(), healthy: z.boolean(), startedAtMs: epochMs }),
  ),
  /** Since the last report. */
  seen: z.object({
    windowMs: z.number().positive(),
    accepted: z.number().int().nonnegative(),
    rejected: z.number().int().nonnegative(),
  }),
});
export type GuardReport = z.infer<typeof guardReport>;

export const guardTargets = z.object({
  version: z.number().int(),
  issuedAtMs: epochMs,
  lifetimeMs: z.number().int().positive(),
  pollMs: z.number().int().positive(),
  /** null: no limit. */
  ratePerSecond: z.number().positive().nullable(),
  burst: z.number().positive().nullable(),
  /** Relative weights by instance id; an instance not named gets the mean. */
  weights: z.record(z.string(), z.number().nonnegative()),
  /** What to do when the lifetime has ended. */
  defaults: z.object({
    ratePerSecond: z.number().positive().nullable(),
    equalWeights: z.boolean(),
  }),
});
export type GuardTargets = z.infer<typeof guardTargets>;
