import { z } from 'zod';

/**
 * The API of a process manager that the `processes` actuator drives (the demo shop has one):
 * GET /services/:service and PUT /services/:service/replicas, bearer token FLYBALL_GUARD_TOKEN.
 * A PUT with an older fence, or with a version that is no longer current, is refused with 409
 * and the state as it stands.
 */
export const processService = z.object({
  service: z.string(),
  /** Grows with every change, whoever made it. */
  version: z.number().int(),
  desired: z.number().int(),
  running: z.number().int(),
  starting: z.number().int(),
  draining: z.number().int(),
  /** Highest fence seen. */
  fence: z.number().int(),
  /** Observed start-up time, EWMA, milliseconds; null before the first start. */
  startUpMs: z.number().nullable(),
  instances: z.array(
    z.object({
      instance: z.string(),
      state: z.enum(['starting', 'running', 'draining']),
      url: z.string(),
      startedAtMs: z.number(),
    }),
  ),
});
export type ProcessService = z.infer<typeof processService>;

export const setReplicas = z.object({
  replicas: z.number().int().min(0).max(1000),
  fence: z.number().int().nonnegative(),
  expectedVersion: z.number().int(),
  /** The proposal's id: a repeat of the same one changes nothing and answers the same. */
  idempotencyKey: z.string().min(1).max(200),
  by: z.string().max(200),
});
export type SetReplicas = z.infer<typeof setReplicas>;
