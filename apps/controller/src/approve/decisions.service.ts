import type { Proposal, ProposalConflict } from '@flyball/contract';
import { inTransaction, type Queryable } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { ActionQueue } from '../act/action-queue.ts';
import { ApiException } from '../api/http/errors.ts';
import { AuditService } from '../audit/audit.service.ts';
import { LiveEvents } from '../live/live-events.ts';
import type { Clock } from '../platform/clock.ts';
import { CLOCK, PG_POOL } from '../platform/tokens.ts';
import { actionIdOf, insertAction } from './actions.sql.ts';
import { AutomationSwitch } from './automation.service.ts';
import { digestOf } from './digest.ts';
import { PROPOSAL_COLUMNS, type ProposalRow, proposalOf } from './rows.ts';

export interface Ballot {
  readonly proposalId: string;
  readonly verdict: 'approve' | 'reject';
  /** Digest of what the voter saw. */
  readonly digest: string;
  readonly comment: string;
  /** `user:anna` */
  readonly actor: string;
  readonly idempotencyKey: string;
}

/** What the voter is told; kept, so that a repeat is told the same. */
type Answer =
  | { readonly status: 200; readonly body: Proposal }
  | { readonly status: 403 | 404 | 409; readonly body: Refused };

interface Refused {
  readonly code: string;
  readonly message: string;
  readonly details?: ProposalConflict;
}

/**
 * People's word on proposals. Every rule is in one transaction on the database's clock: the
 * compare-and-set on state, digest and expiry decides the race, and who comes second is told who
 * came first.
 */
@Injectable()
export class Decisions {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(AutomationSwitch) private readonly automation: AutomationSwitch,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(ActionQueue) private readonly queue: ActionQueue,
    @Inject(LiveEvents) private readonly live: LiveEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws ApiException 403, 404 or 409; 503 is the filter's when the database is away. */
  async vote(ballot: Ballot): Promise<Proposal> {
    const answer = await inTransaction(this.pool, (client) => this.#answerOnce(client, ballot));
    if (answer.status !== 200) {
      const { code, message, details } = answer.body;
      throw new ApiException(answer.status, code, message, details);
    }
    const { id, service, state, title } = answer.body;
    this.live.publish({
      topic: 'proposal',
      id,
      service,
      state,
      title,
      atMs: this.clock.nowMs(),
    });
    if (state === 'approved') await this.queue.add(actionIdOf(id), null);
    return answer.body;
  }

  /** The first request with a key is answered; the same again waits for it and gets its answer. */
  async #answerOnce(client: Queryable, ballot: Ballot): Promise<Answer> {
    const { actor, idempotencyKey, proposalId, verdict, digest, comment } = ballot;
    const requestHash = digestOf({ proposalId, verdict, digest, comment });
    const claimed = await client.query(
      `INSERT INTO idempotency (key, actor, request_hash) VALUES ($1, $2, $3)
       ON CONFLICT (actor, key) DO NOTHING`,
      [idempotencyKey, actor, requestHash],
    );
    if (claimed.rowCount === 0) {
      const { rows } = await client.query<{
        request_hash: string;
        status: Answer['status'];
        answer: Answer['body'];
      }>('SELECT request_hash, status, answer FROM idempotency WHERE actor = $1 AND key = $2', [
        actor,
        idempotencyKey,
      ]);
      const known = rows[0];
      if (known === undefined || known.request_hash !== requestHash) {
        const message = 'this Idempotency-Key was used for another request: take a new one';
        return { status: 409, body: { code: 'idempotency-key-reused', message } };
      }
      return { status: known.status, body: known.answer } as Answer;
    }
    const answer = await this.#decide(client, ballot);
    await client.query(
      'UPDATE idempotency SET status = $3, answer = $4 WHERE actor = $1 AND key = $2',
      [actor, idempotencyKey, answer.status, JSON.stringify(answer.body)],
    );
    return answer;
  }

  async #decide(client: Queryable, ballot: Ballot): Promise<Answer> {
    const { proposalId, actor, digest, verdict, comment } = ballot;
    if (verdict === 'approve' && (await this.automation.read(client)).stopped) {
      const message = 'all automation is stopped: resume it before approving';
      return { status: 409, body: { code: 'automation-stopped', message } };
    }
    // Locks the row and states the conditions: the second voter waits here, then finds none.
    const open = await client.query<{ content: Proposal; quorum: number }>(
      `UPDATE proposal SET state = state
       WHERE id = $1 AND state = 'pending' AND digest = $2 AND expires_at > clock_timestamp()
       RETURNING content, quorum`,
      [proposalId, digest],
    );
    const found = open.rows[0];
    if (found === undefined) return this.#conflict(client, proposalId, digest);
    const { content, quorum } = found;
    if (content.proposedBy === actor) {
      const message = 'who proposed it cannot decide on it';
      return { status: 403, body: { code: 'own-proposal', message } };
    }
    await client.query(
      `INSERT INTO vote (proposal_id, voter, verdict, comment, digest)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (proposal_id, voter) DO UPDATE SET verdict = $3, comment = $4, digest = $5`,
      [proposalId, actor, verdict, comment, digest],
    );
    await this.audit.recordIn(client, {
      actor,
      action: `proposal.${verdict}`,
      subject: proposalId,
      detail: comment === '' ? content.title : `${content.title}: ${comment}`,
    });
    const approvals = await client.query<{ count: string }>(
      `SELECT count(*) FROM vote
       WHERE proposal_id = $1 AND verdict = 'approve' AND digest = $2 AND voter <> $3`,
      [proposalId, digest, content.proposedBy],
    );
    const reached = Number(approvals.rows[0]?.count) >= quorum;
    if (verdict === 'reject') await this.#settle(client, proposalId, 'rejected', actor);
    else if (reached) {
      await this.#settle(client, proposalId, 'approved', actor);
      await insertAction(client, content, actor);
    }
    return { status: 200, body: await readProposal(client, proposalId) };
  }

  async #settle(client: Queryable, id: string, state: string, actor: string): Promise<void> {
    await client.query(
      'UPDATE proposal SET state = $2, decided_by = $3, decided_at = now() WHERE id = $1',
      [id, state, actor],
    );
  }

  async #conflict(client: Queryable, id: string, digest: string): Promise<Answer> {
    const { rows } = await client.query<ProposalRow & { over: boolean }>(
      `SELECT ${PROPOSAL_COLUMNS}, expires_at <= clock_timestamp() AS over
       FROM proposal WHERE id = $1`,
      [id],
    );
    const row = rows[0];
    if (row === undefined) {
      return { status: 404, body: { code: 'not-found', message: 'there is no such proposal' } };
    }
    const state = row.state === 'pending' && row.over ? 'expired' : row.state;
    const details: ProposalConflict = {
      state,
      decidedBy: row.decided_by,
      decidedAtMs: row.decided_ms === null ? null : Number(row.decided_ms),
      digest: row.digest,
    };
    const message =
      state === 'pending' && row.digest !== digest
        ? 'the proposal is not the one you saw: look at it again'
        : `the proposal is ${state}${row.decided_by === null ? '' : ` by ${row.decided_by}`}`;
    return { status: 409, body: { code: 'proposal-decided', message, details } };
  }
}

async function readProposal(client: Queryable, id: string): Promise<Proposal> {
  const { rows } = await client.query<ProposalRow>(
    `SELECT ${PROPOSAL_COLUMNS} FROM proposal WHERE id = $1`,
    [id],
  );
  if (rows[0] === undefined) throw new Error(`proposal ${id} vanished in its own transaction`);
  return proposalOf(rows[0]);
}
