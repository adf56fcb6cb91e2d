import { z } from 'zod';
import { epochMs } from './common.ts';

/** What became of one sampling rule on the way to a decision. */
const explainedRule = z.object({
  rule: z.string(),
  matched: z.boolean(),
  /** The condition that did not hold; what the rule does with the trace when all did. */
  why: z.string(),
});

/**
 * Answer to GET /v1/flyball/decisions/TRACE_ID on the collector's HTTP port: why a trace is kept or
 * dropped. Asks for `Authorization: Bearer FLYBALL_GUARD_TOKEN` when the collector has a token.
 */
export const samplingDecision = z.discriminatedUnion('state', [
  z.object({
    /** `waiting`: not decided yet; this is how it would be decided now. */
    state: z.enum(['decided', 'waiting']),
    traceId: z.string(),
    atMs: epochMs,
    keep: z.boolean(),
    /** 0 … 1: with which such traces are kept. */
    probability: z.number(),
    reason: z.string(),
    /** The rule or boost that decided, '' when none matched. */
    rule: z.string(),
    /** What made the trace due; null while it waits. */
    trigger: z.string().nullable(),
    /** In the order in which they were asked, up to the one that decided; vetoes first. */
    rules: z.array(explainedRule),
    /** It was dropped, and a boost that looked back has kept it after all. */
    promoted: z.object({ atMs: epochMs, by: z.string() }).optional(),
  }),
  z.object({
    state: z.literal('unknown'),
    traceId: z.string(),
    /** So many decisions are remembered. */
    remembered: z.number(),
    /** When the oldest of them was made; null when there is none. */
    sinceMs: epochMs.nullable(),
  }),
]);
export type SamplingDecision = z.infer<typeof samplingDecision>;
