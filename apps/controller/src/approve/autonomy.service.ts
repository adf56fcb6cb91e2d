import { randomUUID } from 'node:crypto';
import type { Autonomy } from '@flyball/contract';
import { inTransaction } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { AuditService } from '../audit/audit.service.ts';
import { PG_POOL } from '../platform/tokens.ts';

/** Overrides end: what is meant to last belongs into the policy. */
const LASTS = '24 hours';

/** A person's word on how much a loop may do by itself, for a while. */
@Injectable()
export class AutonomyOverrides {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  async set(loopId: string, autonomy: Autonomy, actor: string, reason: string): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      await client.query(
        `INSERT INTO override (id, kind, subject, value, author, reason, expires_at)
         VALUES ($1, 'autonomy', $2, $3, $4, $5, now() + $6::interval)
         ON CONFLICT (kind, subject) DO UPDATE SET value = $3, author = $4, reason = $5,
           created_at = now(), expires_at = now() + $6::interval`,
        [
          randomUUID(),
          loopId,
          JSON.stringify({ up: autonomy, down: autonomy }),
          actor,
          reason,
          LASTS,
        ],
      );
      await this.audit.recordIn(client, {
        actor,
        action: 'autonomy.set',
        subject: loopId,
        detail: `${autonomy} for ${LASTS}${reason === '' ? '' : `: ${reason}`}`,
      });
    });
  }
}
