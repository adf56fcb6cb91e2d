import type { AuditLog } from '@flyball/contract';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type pg from 'pg';
import { z } from 'zod';
import { AuditService } from '../../audit/audit.service.ts';
import { PG_POOL } from '../../platform/tokens.ts';
import { Roles } from '../auth/access.ts';
import { ZodPipe } from '../http/zod.pipe.ts';

const auditQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) });

interface EntryRow {
  readonly seq: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
  readonly hash: string;
}

/** Who did what, and whether the record is whole. */
@Controller('api/audit')
@Roles('operator')
export class AuditController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  async list(
    @Query(new ZodPipe(auditQuery)) query: z.output<typeof auditQuery>,
  ): Promise<AuditLog> {
    const [{ rows }, { intact }] = await Promise.all([
      this.pool.query<EntryRow>(
        `SELECT seq, at, actor, action, subject, detail, hash
         FROM audit ORDER BY seq DESC LIMIT $1`,
        [query.limit],
      ),
      this.audit.verify(),
    ]);
    const entries = rows.map(({ seq, at, ...rest }) => ({ id: seq, atMs: at.getTime(), ...rest }));
    return { entries, intact };
  }
}
