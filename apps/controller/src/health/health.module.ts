import type { ClickHouseClient } from '@flyball/store';
import { Global, Inject, Module } from '@nestjs/common';
import type pg from 'pg';
import { Stores } from '../platform/stores.ts';
import { CLICKHOUSE, PG_POOL } from '../platform/tokens.ts';
import { HealthController } from './health.controller.ts';
import { HealthService } from './health.service.ts';

@Global()
@Module({ controllers: [HealthController], providers: [HealthService], exports: [HealthService] })
export class HealthModule {
  constructor(
    @Inject(HealthService) health: HealthService,
    @Inject(Stores) stores: Stores,
    @Inject(PG_POOL) pool: pg.Pool,
    @Inject(CLICKHOUSE) clickhouse: ClickHouseClient,
  ) {
    health.register({
      name: 'postgresql',
      critical: true,
      check: async () => {
        await pool.query('SELECT 1');
      },
    });
    health.register({
      name: 'clickhouse',
      critical: true,
      check: async () => {
        const answer = await clickhouse.ping();
        if (!answer.success) throw answer.error;
      },
    });
    health.register({
      name: 'schema',
      critical: true,
      check: async () => {
        const waiting = stores.waitingFor();
        if (waiting.length > 0) throw new Error(`schema of ${waiting.join(' and ')} not ready yet`);
      },
    });
  }
}
