import type { Automation } from '@flyball/contract';
import { inTransaction, type Queryable } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { AuditService } from '../audit/audit.service.ts';
import { LiveEvents } from '../live/live-events.ts';
import type { Clock } from '../platform/clock.ts';
import { CLOCK, PG_POOL } from '../platform/tokens.ts';

interface Row {
  readonly stopped: boolean;
  readonly changed_by: string | null;
  readonly at_ms: string | null;
  readonly reason: string;
}

const SELECT = `SELECT stopped, changed_by, reason,
  floor(extract(epoch FROM changed_at) * 1000)::bigint AS at_ms FROM automation`;

/** The one switch that stops everything the controller would do by itself. */
@Injectable()
export class AutomationSwitch {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(LiveEvents) private readonly live: LiveEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async read(client: Queryable = this.pool): Promise<Automation> {
    const { rows } = await client.query<Row>(SELECT);
    return automationOf(rows[0]);
  }

  /** Stopping withdraws what waits for approval and keeps queued actions from running. */
  async set(stopped: boolean, actor: string, reason: string): Promise<Automation> {
    const automation = await inTransaction(this.pool, async (client) => {
      await client.query(
        'UPDATE automation SET stopped = $1, changed_by = $2, changed_at = now(), reason = $3',
        [stopped, actor, reason],
      );
      if (stopped) {
        await client.query(
          `UPDATE proposal SET state = 'withdrawn', decided_by = $1, decided_at = now()
           WHERE state = 'pending'`,
          [actor],
        );
        await client.query(
          `UPDATE action SET state = 'refused', finished_at = now(),
             error = 'all automation was stopped before this ran'
           WHERE state = 'queued'`,
        );
      }
      await this.audit.recordIn(client, {
        actor,
        action: stopped ? 'automation.stop' : 'automation.resume',
        subject: 'automation',
        detail: reason === '' ? 'no reason given' : reason,
      });
      return this.read(client);
    });
    this.live.publish({ topic: 'automation', stopped, atMs: this.clock.nowMs() });
    return automation;
  }
}

function automationOf(row: Row | undefined): Automation {
  if (row === undefined) throw new Error('the automation row is missing: migrate the database');
  return {
    stopped: row.stopped,
    by: row.changed_by,
    atMs: row.at_ms === null ? null : Number(row.at_ms),
    reason: row.reason === '' ? null : row.reason,
  };
}
