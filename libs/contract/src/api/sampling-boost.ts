import { z } from 'zod';
import { epochMs } from './common.ts';

/**
 * POST /v1/flyball/boosts on the collector's HTTP port, `Authorization: Bearer
 * FLYBALL_GUARD_TOKEN`: keep at least `ratio` of the traces that touch `service` until `untilMs`.
 * One boost a service; a repeat replaces it, and a time that has passed ends it. It ends by
 * itself, is lost when the collector restarts, and never lasts longer than the collector's own
 * bound: post it again while it is wanted.
 */
export const samplingBoost = z.strictObject({
  service: z.string().min(1).max(256),
  /** 0 … 1. Rules that keep more stay as they are; rules that drop on purpose too. */
  ratio: z.number().gt(0).max(1),
  untilMs: epochMs,
  /** Who asks, and why, e.g. `mode degraded`. */
  by: z.string().min(1).max(200),
});
export type SamplingBoost = z.infer<typeof samplingBoost>;

/** Answer to GET and POST: every boost in force. */
export const samplingBoosts = z.object({ boosts: z.array(samplingBoost) });
export type SamplingBoosts = z.infer<typeof samplingBoosts>;
