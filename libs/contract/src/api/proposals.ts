import { z } from 'zod';
import { autonomy, epochMs, evidence, knob, mode, timeRange } from './common.ts';
import { guardNote } from './loops.ts';

export const proposalState = z.enum([
  'pending',
  'approved',
  'rejected',
  'expired',
  'withdrawn',
  'superseded',
]);
export type ProposalState = z.infer<typeof proposalState>;

export const vote = z.object({
  by: z.string(),
  verdict: z.enum(['approve', 'reject']),
  comment: z.string(),
  atMs: epochMs,
});

/** Immutable but for `state`, `votes` and `decidedBy`. */
export const proposal = z.object({
  id: z.string(),
  digest: z.string(),
  loopId: z.string(),
  service: z.string(),
  autonomy,
  /** The action in one sentence: "Scale checkout from 2 to 4 replicas". */
  title: z.string(),
  unit: z.string(),
  before: knob,
  after: knob,
  /** Why now, in one sentence; `reason` is of the closed union. */
  reason: z.string(),
  why: z.string(),
  terms: z.record(z.string(), z.number()),
  evidence: z.array(evidence),
  guards: z.array(guardNote),
  prediction: z.object({
    text: z.string(),
    signal: z.string(),
    value: z.number().nullable(),
    low: z.number().nullable(),
    high: z.number().nullable(),
    withinMs: z.number().nullable(),
    /** This loop's past predictions that came true, and how many were judged. */
    trackRecord: z.object({ met: z.number().int(), judged: z.number().int() }),
  }),
  blastRadius: z.object({
    text: z.string(),
    /** Share of all requests that pass this service, 0 to 1; null when unknown. */
    trafficShare: z.number().nullable(),
    dependants: z.array(z.string()),
    large: z.boolean(),
  }),
  undo: z.string(),
  ifNothing: z.string(),
  alternatives: z.array(z.string()),
  preconditions: z.object({
    targetVersion: z.string(),
    mode: mode.nullable(),
    evidenceHash: z.string(),
  }),
  proposedBy: z.string(),
  quorum: z.number().int().positive(),
  votes: z.array(vote),
  state: proposalState,
  decidedBy: z.string().nullable(),
  decidedAtMs: epochMs.nullable(),
  createdAtMs: epochMs,
  expiresAtMs: epochMs,
  actionId: z.string().nullable(),
  traceId: z.string().nullable(),
});
export type Proposal = z.infer<typeof proposal>;

/** GET /api/proposals?state=pending&service&limit */
export const proposalQuery = timeRange.extend({
  state: proposalState.optional(),
  service: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
/** `serverNowMs` lets a client count down without trusting its own clock. */
export const proposalList = z.object({ proposals: z.array(proposal), serverNowMs: epochMs });
export type ProposalList = z.infer<typeof proposalList>;

/**
 * POST /api/proposals/:id/approve and /reject (operator), header `Idempotency-Key` required.
 * 200 with the proposal; 409 `{ code: 'proposal-decided', details: proposalConflict }`.
 */
export const decisionRequest = z.object({
  digest: z.string(),
  comment: z.string().max(2000).default(''),
});
export const proposalConflict = z.object({
  state: proposalState,
  decidedBy: z.string().nullable(),
  decidedAtMs: epochMs.nullable(),
  /** Set when the digest did not match: the proposal as it stands. */
  digest: z.string(),
});
export type ProposalConflict = z.infer<typeof proposalConflict>;

export const actionState = z.enum(['queued', 'running', 'succeeded', 'failed', 'refused']);

export const action = z.object({
  id: z.string(),
  proposalId: z.string(),
  loopId: z.string(),
  service: z.string(),
  title: z.string(),
  unit: z.string(),
  before: knob,
  after: knob,
  /** What the actuator said after the change. */
  readBack: knob.nullable(),
  state: actionState,
  attempts: z.number().int(),
  error: z.string().nullable(),
  approvedBy: z.string(),
  fence: z.number().int(),
  queuedAtMs: epochMs,
  startedAtMs: epochMs.nullable(),
  finishedAtMs: epochMs.nullable(),
  /** Did it help within the predicted time? */
  verification: z.object({
    state: z.enum(['waiting', 'helped', 'no-effect', 'harmed', 'not-judged']),
    text: z.string(),
  }),
  traceId: z.string().nullable(),
});
export type Action = z.infer<typeof action>;

/** GET /api/actions?fromMs&toMs&service&limit, newest first. */
export const actionQuery = timeRange.extend({
  service: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const actionList = z.object({ actions: z.array(action) });
export type ActionList = z.infer<typeof actionList>;

/** GET /api/audit?limit (operator): newest first. */
export const auditEntry = z.object({
  id: z.string(),
  atMs: epochMs,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string(),
  hash: z.string(),
});
export const auditLog = z.object({ entries: z.array(auditEntry), intact: z.boolean() });
export type AuditLog = z.infer<typeof auditLog>;
