import { type PathBreakdown, type PathEndpoints, pathQuery, timeRange } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { CLICKHOUSE, CLOCK } from '../../platform/tokens.ts';
import { Roles } from '../auth/access.ts';
import { rangeOf, stepFor } from '../http/time-range.ts';
import { ZodPipe } from '../http/zod.pipe.ts';
import { pathBreakdownOf, pathEndpointsOf } from './path-queries.ts';

const CHART_POINTS = 120;

/** Where an endpoint's time goes, over all its traces, kept or not. */
@Controller('api/critical-paths')
@Roles('viewer')
export class CriticalPathsController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('endpoints')
  endpoints(
    @Query(new ZodPipe(timeRange)) query: z.output<typeof timeRange>,
  ): Promise<PathEndpoints> {
    return pathEndpointsOf(this.clickhouse, rangeOf(query, this.clock.nowMs()));
  }

  @Get()
  breakdown(
    @Query(new ZodPipe(pathQuery)) query: z.output<typeof pathQuery>,
  ): Promise<PathBreakdown> {
    const range = rangeOf(query, this.clock.nowMs());
    const { service, operation } = query;
    const stepMs = stepFor(range.toMs - range.fromMs, CHART_POINTS);
    return pathBreakdownOf(this.clickhouse, { service, operation }, range, stepMs);
  }
}
