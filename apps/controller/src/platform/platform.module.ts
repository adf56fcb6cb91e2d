import { clickhouseClient, postgresPool } from '@flyball/store';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Config } from '../config.ts';
import { systemClock } from './clock.ts';
import type { Logger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { Shutdown } from './shutdown.ts';
import { Stores } from './stores.ts';
import { CLICKHOUSE, CLOCK, CONFIG, LOGGER, PG_POOL, TRACER, TRACING } from './tokens.ts';
import { startTracing, type Tracing } from './tracing.ts';

@Global()
@Module({})
class PlatformModule {}

/** Configuration, clock, logger, stores and tracer, for every module. */
export function platformModule(config: Config, logger: Logger): DynamicModule {
  return {
    module: PlatformModule,
    providers: [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: CLOCK, useValue: systemClock },
      {
        provide: PG_POOL,
        useFactory: () => postgresPool(config.databaseUrl, { application: 'flyball-controller' }),
      },
      {
        provide: CLICKHOUSE,
        useFactory: () =>
          clickhouseClient(config.clickhouseUrl, {
            application: 'flyball-controller',
            cluster: config.clickhouseCluster,
            requestTimeoutMs: 10_000,
          }),
      },
      { provide: TRACING, useFactory: () => startTracing(config) },
      {
        provide: TRACER,
        inject: [TRACING],
        useFactory: (tracing: Tracing) => tracing.tracer,
      },
      Metrics,
      Stores,
      Shutdown,
    ],
    exports: [CONFIG, LOGGER, CLOCK, PG_POOL, CLICKHOUSE, TRACER, Metrics, Stores],
  };
}
