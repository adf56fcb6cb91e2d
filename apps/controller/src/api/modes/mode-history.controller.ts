import { type ModeHistory, timeRange } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type pg from 'pg';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { CLICKHOUSE, CLOCK, PG_POOL } from '../../platform/tokens.ts';
import { Roles } from '../auth/access.ts';
import { rangeOf } from '../http/time-range.ts';
import { ZodPipe } from '../http/zod.pipe.ts';
import { modeSamplesIn, transitionsIn } from './mode-queries.ts';
import { segmentsOf } from './mode-segments.ts';

const historyQuery = timeRange.extend({ service: z.string().optional() });
const MOST_ACTIONS = 500;

interface ActionRow {
  readonly id: string;
  readonly service: string;
  readonly loop_id: string;
  readonly finished_at: Date;
  readonly title: string | null;
}

/** Modes over time, with what caused them and what was done meanwhile. */
@Controller('api/modes/history')
@Roles('viewer')
export class ModeHistoryController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  async history(
    @Query(new ZodPipe(historyQuery)) query: z.output<typeof historyQuery>,
  ): Promise<ModeHistory> {
    const nowMs = this.clock.nowMs();
    const range = rangeOf(query, nowMs);
    const service = query.service ?? '';
    const [samples, transitions, actions] = await Promise.all([
      modeSamplesIn(this.clickhouse, range, service),
      transitionsIn(this.clickhouse, range, service),
      this.#actions(range, service),
    ]);
    const services = [...samples].map(([name, runs]) => ({
      service: name,
      segments: segmentsOf(
        runs,
        transitions.filter((one) => one.service === name),
        { fromMs: range.fromMs, toMs: Math.min(range.toMs, nowMs) },
      ),
    }));
    return { ...range, services, transitions, actions };
  }

  async #actions(
    range: { fromMs: number; toMs: number },
    service: string,
  ): Promise<ModeHistory['actions']> {
    const { rows } = await this.pool.query<ActionRow>(
      `SELECT a.id, a.service, a.loop_id, a.finished_at, p.content->>'title' AS title
       FROM action a LEFT JOIN proposal p ON p.id = a.proposal_id
       WHERE a.state = 'succeeded' AND ($3 = '' OR a.service = $3)
         AND a.finished_at BETWEEN to_timestamp($1 / 1000.0) AND to_timestamp($2 / 1000.0)
       ORDER BY a.finished_at DESC LIMIT ${MOST_ACTIONS}`,
      [range.fromMs, range.toMs, service],
    );
    return rows.map((row) => ({
      id: row.id,
      service: row.service,
      loop: row.loop_id,
      atMs: row.finished_at.getTime(),
      text: row.title ?? row.loop_id,
    }));
  }
}
