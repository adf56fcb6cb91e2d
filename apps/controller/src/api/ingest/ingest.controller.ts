import { type ExemplarList, exemplarQuery, type IngestQuality, timeRange } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { CLICKHOUSE, CLOCK } from '../../platform/tokens.ts';
import { Roles } from '../auth/access.ts';
import { rangeOf } from '../http/time-range.ts';
import { ZodPipe } from '../http/zod.pipe.ts';
import { exemplarsOf, qualityOf } from './ingest-queries.ts';

/** What the collector says of what it is sent, and the kept traces that stand for it. */
@Controller('api/ingest')
@Roles('viewer')
export class IngestController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('quality')
  async quality(
    @Query(new ZodPipe(timeRange)) query: z.output<typeof timeRange>,
  ): Promise<IngestQuality> {
    const range = rangeOf(query, this.clock.nowMs());
    return { services: await qualityOf(this.clickhouse, range) };
  }

  @Get('exemplars')
  async exemplars(
    @Query(new ZodPipe(exemplarQuery)) query: z.output<typeof exemplarQuery>,
  ): Promise<ExemplarList> {
    const range = rangeOf(query, this.clock.nowMs());
    return { exemplars: await exemplarsOf(this.clickhouse, query.service, range) };
  }
}
