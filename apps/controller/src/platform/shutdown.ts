import type { ClickHouseClient } from '@flyball/store';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import type { Logger } from './logger.ts';
import { messageOf } from './stores.ts';
import { CLICKHOUSE, LOGGER, PG_POOL, TRACING } from './tokens.ts';
import type { Tracing } from './tracing.ts';

/** Last of all: spans out, connections closed. */
@Injectable()
export class Shutdown implements OnApplicationShutdown {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(TRACING) private readonly tracing: Tracing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    const ends = [this.tracing.shutdown(), this.pool.end(), this.clickhouse.close()];
    for (const end of await Promise.allSettled(ends)) {
      if (end.status === 'rejected') {
        this.logger.warn({ reason: messageOf(end.reason) }, 'a connection did not close cleanly');
      }
    }
  }
}
