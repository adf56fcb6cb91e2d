import { z } from 'zod';
import { epochMs } from './common.ts';

const name = z.string().min(1).max(256);

const fields = {
  service: name,
  operation: name.optional(),
  /** A service, database or broker that `service` calls, named as in the service graph. */
  callee: name.optional(),
  /** 0 … 1. Rules that keep more stay as they are; rules that drop on purpose too. */
  ratio: z.number().gt(0).max(1),
  untilMs: epochMs,
  /**
   * So much may be kept that would else have been dropped; then the boost ends. One that is
   * repeated before `untilMs` goes on with what it has used.
   */
  maxSpans: z.number().int().min(1).optional(),
  maxBytes: z.number().int().min(1).optional(),
  /** Also brings back what was dropped since then, as far as the collector remembers. */
  sinceMs: epochMs.optional(),
  /** Who asks, and why, e.g. `mode degraded`. */
  by: z.string().min(1).max(200),
};

/**
 * POST /v1/flyball/boosts on the collector's HTTP port, `Authorization: Bearer
 * FLYBALL_GUARD_TOKEN`: keep at least `ratio` of some traces until `untilMs`: of those that touch
 * `service`, or only those in which it does `operation`, or only those in which it calls `callee`.
 *
 * One boost for each of these; a repeat replaces it, and a time that has passed ends it. It ends by
 * itself, is lost when the collector restarts, and never lasts longer than the collector's own
 * bound: post it again while it is wanted.
 */
export const samplingBoost = z
  .strictObject(fields)
  .refine(({ operation, callee }) => operation === undefined || callee === undefined, {
    message: 'a boost is about an operation or about a callee, not both',
    path: ['callee'],
  })
  .refine(({ service, callee }) => service !== callee, {
    message: 'is the service itself: a call goes from one to another',
    path: ['callee'],
  });
export type SamplingBoost = z.infer<typeof samplingBoost>;

/** Answer to GET and POST: every boost in force, and what was kept only because of it. */
export const samplingBoosts = z.object({
  boosts: z.array(
    z.object({
      ...fields,
      kept: z.object({ traces: z.number(), spans: z.number(), bytes: z.number() }),
    }),
  ),
});
export type SamplingBoosts = z.infer<typeof samplingBoosts>;
