import type { Action, Knob, Proposal, ProposalState } from '@flyball/contract';
import type { ProposalContent } from './content.ts';

export interface ProposalRow {
  readonly id: string;
  readonly digest: string;
  readonly content: ProposalContent;
  readonly state: ProposalState;
  readonly decided_by: string | null;
  readonly decided_ms: string | null;
  readonly action_id: string | null;
  readonly votes: { by: string; verdict: 'approve' | 'reject'; comment: string; at_ms: number }[];
}

/** Columns of a proposal with its votes and its action; the table is called `proposal`. */
export const PROPOSAL_COLUMNS = `proposal.id, proposal.digest, proposal.content, proposal.state,
  proposal.decided_by,
  floor(extract(epoch FROM proposal.decided_at) * 1000)::bigint AS decided_ms,
  (SELECT action.id FROM action WHERE action.proposal_id = proposal.id) AS action_id,
  coalesce((SELECT jsonb_agg(jsonb_build_object('by', voter, 'verdict', verdict,
      'comment', comment, 'at_ms', floor(extract(epoch FROM vote.created_at) * 1000))
      ORDER BY vote.created_at)
    FROM vote WHERE vote.proposal_id = proposal.id), '[]') AS votes`;

export function proposalOf(row: ProposalRow): Proposal {
  return {
    ...row.content,
    digest: row.digest,
    state: row.state,
    votes: row.votes.map(({ by, verdict, comment, at_ms }) => ({
      by,
      verdict,
      comment,
      atMs: at_ms,
    })),
    decidedBy: row.decided_by,
    decidedAtMs: row.decided_ms === null ? null : Number(row.decided_ms),
    actionId: row.action_id,
  };
}

export interface ActionRow {
  readonly id: string;
  readonly proposal_id: string;
  readonly loop_id: string;
  readonly service: string;
  readonly state: Action['state'];
  readonly attempts: number;
  readonly fence: string;
  readonly before: Knob;
  readonly after: Knob;
  readonly read_back: Knob | null;
  readonly error: string | null;
  readonly approved_by: string;
  readonly verification: Action['verification'];
  readonly trace_id: string | null;
  readonly version: string | null;
  readonly queued_ms: string;
  readonly started_ms: string | null;
  readonly finished_ms: string | null;
  readonly title: string;
  readonly unit: string;
}

export const ACTION_COLUMNS = `action.id, action.proposal_id, action.loop_id, action.service,
  action.state, action.attempts, action.fence, action.before, action.after, action.read_back,
  action.error, action.approved_by, action.verification, action.trace_id, action.version,
  floor(extract(epoch FROM action.queued_at) * 1000)::bigint AS queued_ms,
  floor(extract(epoch FROM action.started_at) * 1000)::bigint AS started_ms,
  floor(extract(epoch FROM action.finished_at) * 1000)::bigint AS finished_ms,
  proposal.content->>'title' AS title, proposal.content->>'unit' AS unit`;

export function actionOf(row: ActionRow): Action {
  const time = (ms: string | null) => (ms === null ? null : Number(ms));
  return {
    id: row.id,
    proposalId: row.proposal_id,
    loopId: row.loop_id,
    service: row.service,
    title: row.title,
    unit: row.unit,
    before: row.before,
    after: row.after,
    readBack: row.read_back,
    state: row.state,
    attempts: row.attempts,
    error: row.error,
    approvedBy: row.approved_by,
    fence: Number(row.fence),
    queuedAtMs: Number(row.queued_ms),
    startedAtMs: time(row.started_ms),
    finishedAtMs: time(row.finished_ms),
    verification: row.verification,
    traceId: row.trace_id,
  };
}
