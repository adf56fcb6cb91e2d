import {
  type ServiceList,
  type TraceDetail,
  type TraceSearch,
  traceQuery,
} from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { rowsOf } from '../../platform/clickhouse-rows.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLICKHOUSE, CLOCK } from '../../platform/tokens.ts';
import { Roles } from '../auth/access.ts';
import { ApiException } from '../http/errors.ts';
import { rangeOf } from '../http/time-range.ts';
import { ZodPipe } from '../http/zod.pipe.ts';
import { spansOfTrace } from './span-rows.ts';
import { traceDetailOf } from './trace-detail.ts';
import { searchTraces } from './trace-search.ts';

const MOST_OPERATIONS = 500;

/** Kept traces: what there is to search for, the search, and one of them. */
@Controller('api')
@Roles('viewer')
export class TracesController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** From the measured figures of the last day: names show before a trace of theirs is kept. */
  @Get('services')
  async services(): Promise<ServiceList> {
    const rows = await rowsOf<{ name: string; operations: string[] }>(
      this.clickhouse,
      `SELECT service AS name, groupUniqArray(${MOST_OPERATIONS})(operation) AS operations
       FROM flyball_red WHERE time > now() - INTERVAL 1 DAY AND service != ''
       GROUP BY service ORDER BY service LIMIT 1000`,
    );
    return {
      services: rows.map(({ name, operations }) => ({
        service: name,
        operations: operations.sort(),
      })),
    };
  }

  @Get('traces')
  async search(
    @Query(new ZodPipe(traceQuery)) query: z.output<typeof traceQuery>,
  ): Promise<TraceSearch> {
    const range = rangeOf(query, this.clock.nowMs());
    return { ...range, ...(await searchTraces(this.clickhouse, query, range)) };
  }

  @Get('traces/:traceId')
  async trace(@Param('traceId') given: string): Promise<TraceDetail> {
    const traceId = given.toLowerCase();
    if (!/^[0-9a-f]{1,32}$/.test(traceId)) {
      throw new ApiException(400, 'bad-request', 'a trace id has 32 hexadecimal digits');
    }
    const { rows, total } = await spansOfTrace(this.clickhouse, traceId.padStart(32, '0'));
    if (rows.length === 0) {
      throw new ApiException(
        404,
        'not-found',
        `trace ${traceId} is not here: it was not sampled, is not decided yet, or has expired`,
      );
    }
    return traceDetailOf(traceId, rows, total);
  }
}
