import type { Knob } from '@flyball/contract';
import type { DirectionalAutonomy } from '@flyball/control';
import { inTransaction, type Queryable } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { ActionQueue } from '../act/action-queue.ts';
import { AuditService } from '../audit/audit.service.ts';
import type { Config } from '../config.ts';
import { Lease } from '../leadership/lease.ts';
import { LiveEvents } from '../live/live-events.ts';
import type { Clock } from '../platform/clock.ts';
import { CLOCK, CONFIG, PG_POOL } from '../platform/tokens.ts';
import { actionIdOf, insertAction } from './actions.sql.ts';
import { AutomationSwitch } from './automation.service.ts';
import { digestOfContent, isRoutine, type ProposalContent } from './content.ts';
import type {
  AutonomyOverride,
  Desk,
  DeskView,
  Finished,
  Judgement,
  Pending,
  Unjudged,
} from './desk.port.ts';

/** How long an autonomy that was lowered after harm stays so, unless a person sets another. */
const LOWERED_FOR = '7 days';

interface FinishedRow {
  readonly id: string;
  readonly loop_id: string;
  readonly state: Finished['state'];
  readonly before: Knob;
  readonly after: Knob;
  readonly version: string | null;
  readonly finished_ms: string;
}

@Injectable()
export class PostgresDesk implements Desk {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Lease) private readonly lease: Lease,
    @Inject(AutomationSwitch) private readonly automation: AutomationSwitch,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(LiveEvents) private readonly live: LiveEvents,
    @Inject(ActionQueue) private readonly queue: ActionQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async look(sinceMs: number): Promise<DeskView> {
    await this.#expire();
    // Before the ended ones: an action that ends in between is then seen in both, never in none.
    const open = await this.pool.query<{ loop_id: string }>(
      `SELECT DISTINCT loop_id FROM action WHERE state IN ('queued', 'running')`,
    );
    const [automation, pending, finished, unjudged, autonomy, trackRecord] = await Promise.all([
      this.automation.read(),
      this.#pending(),
      this.#finished(sinceMs),
      this.#unjudged(),
      this.#autonomy(),
      this.#trackRecord(),
    ]);
    return {
      automation,
      pending,
      open: new Set(open.rows.map((row) => row.loop_id)),
      finished,
      unjudged,
      autonomy,
      trackRecord,
    };
  }

  async propose(content: ProposalContent, approvedBy: string | null, fence: number): Promise<void> {
    const done = await inTransaction(this.pool, async (client) => {
      if (!(await this.lease.heldIn(client, fence))) return false;
      if ((await this.automation.read(client)).stopped) return false;
      await client.query(
        `UPDATE proposal SET state = 'superseded', decided_by = $2, decided_at = now()
         WHERE loop_id = $1 AND state = 'pending'`,
        [content.loopId, content.proposedBy],
      );
      await client.query(
        `INSERT INTO proposal (id, loop_id, service, digest, content, quorum, state, decided_by,
           decided_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
           CASE WHEN $8::text IS NULL THEN NULL ELSE now() END, to_timestamp($9 / 1000.0))`,
        [
          content.id,
          content.loopId,
          content.service,
          digestOfContent(content),
          JSON.stringify(content),
          content.quorum,
          approvedBy === null ? 'pending' : 'approved',
          approvedBy,
          content.expiresAtMs,
        ],
      );
      if (approvedBy !== null) await insertAction(client, content, approvedBy);
      if (!isRoutine(content, approvedBy)) {
        await this.audit.recordIn(client, {
          actor: content.proposedBy,
          action: approvedBy === null ? 'proposal.create' : 'proposal.auto',
          subject: content.id,
          detail: content.title,
        });
      }
      return true;
    });
    if (!done) return;
    const state = approvedBy === null ? 'pending' : 'approved';
    this.#tell(content, state);
    if (approvedBy !== null) await this.queue.add(actionIdOf(content.id), fence);
  }

  async withdraw(id: string, why: string): Promise<void> {
    const content = await inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<{ content: ProposalContent }>(
        `UPDATE proposal SET state = 'withdrawn', decided_by = $2, decided_at = now()
         WHERE id = $1 AND state = 'pending' RETURNING content`,
        [id, this.#actor()],
      );
      if (rows[0] === undefined) return null;
      await this.audit.recordIn(client, {
        actor: this.#actor(),
        action: 'proposal.withdraw',
        subject: id,
        detail: why,
      });
      return rows[0].content;
    });
    if (content !== null) this.#tell(content, 'withdrawn');
  }

  async judge(actionId: string, judgement: Judgement): Promise<void> {
    await this.pool.query(`UPDATE action SET verification = $2 WHERE id = $1`, [
      actionId,
      JSON.stringify(judgement),
    ]);
  }

  async lowerAutonomy(loopId: string, to: DirectionalAutonomy, why: string): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      await client.query(
        `INSERT INTO override (id, kind, subject, value, author, reason, expires_at)
         VALUES (gen_random_uuid()::text, 'autonomy', $1, $2, $3, $4,
           now() + $5::interval)
         ON CONFLICT (kind, subject) DO UPDATE SET value = $2, author = $3, reason = $4,
           created_at = now(), expires_at = now() + $5::interval`,
        [loopId, JSON.stringify(to), this.#actor(), why, LOWERED_FOR],
      );
      await this.audit.recordIn(client, {
        actor: this.#actor(),
        action: 'autonomy.lower',
        subject: loopId,
        detail: why,
      });
    });
  }

  #actor(): string {
    return `controller:${this.config.instanceId}`;
  }

  #tell({ id, service, title }: ProposalContent, state: string): void {
    const atMs = this.clock.nowMs();
    this.live.publish({ topic: 'proposal', id, service, state, title, atMs });
  }

  /** Time has run out by the database's clock. A time-out never approves. */
  async #expire(): Promise<void> {
    const { rows } = await this.pool.query<{ content: ProposalContent }>(
      `UPDATE proposal SET state = 'expired', decided_at = now()
       WHERE state = 'pending' AND expires_at <= now() RETURNING content`,
    );
    for (const { content } of rows) this.#tell(content, 'expired');
  }

  async #pending(): Promise<Map<string, Pending>> {
    const { rows } = await this.pool.query<{ id: string; content: ProposalContent }>(
      `SELECT id, content FROM proposal WHERE state = 'pending'`,
    );
    return new Map(rows.map(({ id, content }) => [content.loopId, { id, content }]));
  }

  async #finished(sinceMs: number): Promise<Finished[]> {
    const { rows } = await this.pool.query<FinishedRow>(
      `SELECT id, loop_id, state, before, after, version,
              floor(extract(epoch FROM finished_at) * 1000)::bigint AS finished_ms
       FROM action WHERE finished_at > to_timestamp($1 / 1000.0) ORDER BY finished_at LIMIT 10000`,
      [sinceMs],
    );
    return rows.map((row) => ({
      id: row.id,
      loopId: row.loop_id,
      state: row.state,
      before: row.before,
      after: row.after,
      version: row.version,
      finishedAtMs: Number(row.finished_ms),
    }));
  }

  async #unjudged(): Promise<Unjudged[]> {
    const { rows } = await this.pool.query<{
      id: string;
      content: ProposalContent;
      finished_ms: string;
    }>(
      `SELECT action.id, proposal.content,
              floor(extract(epoch FROM action.finished_at) * 1000)::bigint AS finished_ms
       FROM action JOIN proposal ON proposal.id = action.proposal_id
       WHERE action.state = 'succeeded' AND action.verification->>'state' = 'waiting'
       ORDER BY action.finished_at LIMIT 500`,
    );
    return rows.map(({ id, content, finished_ms }) => ({
      id,
      content,
      finishedAtMs: Number(finished_ms),
    }));
  }

  async #autonomy(): Promise<Map<string, AutonomyOverride>> {
    const { rows } = await this.pool.query<{
      subject: string;
      value: DirectionalAutonomy;
      set_ms: string;
      author: string;
    }>(
      `SELECT subject, value, author,
              floor(extract(epoch FROM created_at) * 1000)::bigint AS set_ms
       FROM override WHERE kind = 'autonomy' AND expires_at > now()`,
    );
    return new Map(
      rows.map(({ subject, value, set_ms, author }) => [
        subject,
        {
          autonomy: value,
          setAtMs: Number(set_ms),
          byPerson: !author.startsWith('controller:'),
        },
      ]),
    );
  }

  async #trackRecord(): Promise<DeskView['trackRecord']> {
    return trackRecords(this.pool);
  }
}

/** Judged predictions of the last thirty days. */
async function trackRecords(
  client: Queryable,
): Promise<Map<string, { met: number; judged: number }>> {
  const { rows } = await client.query<{ loop_id: string; met: string; judged: string }>(
    `SELECT loop_id, count(*) FILTER (WHERE verification->>'state' = 'helped') AS met,
            count(*) AS judged
     FROM action
     WHERE verification->>'state' IN ('helped', 'no-effect', 'harmed')
       AND finished_at > now() - interval '30 days'
     GROUP BY loop_id`,
  );
  return new Map(
    rows.map((row) => [row.loop_id, { met: Number(row.met), judged: Number(row.judged) }]),
  );
}
