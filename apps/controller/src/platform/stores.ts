import { type ClickHouseClient, migrateClickHouse, migratePostgres } from '@flyball/store';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type pg from 'pg';
import type { Config } from '../config.ts';
import { untilItSucceeds } from './backoff.ts';
import type { Logger } from './logger.ts';
import { CLICKHOUSE, CONFIG, LOGGER, PG_POOL } from './tokens.ts';

/**
 * Brings both schemas up to date after the start, for as long as it takes: the process serves
 * health checks meanwhile and says what it waits for. `ready` resolves when both are usable.
 */
@Injectable()
export class Stores implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #clickhouse: ClickHouseClient;
  readonly #cluster: string | undefined;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #waiting = new Set(['postgresql', 'clickhouse']);
  #settle: () => void = () => {};
  /** Resolves once both schemas are there; never rejects. */
  readonly ready = new Promise<void>((resolve) => {
    this.#settle = resolve;
  });

  constructor(
    @Inject(PG_POOL) pool: pg.Pool,
    @Inject(CLICKHOUSE) clickhouse: ClickHouseClient,
    @Inject(LOGGER) logger: Logger,
    @Inject(CONFIG) config: Config,
  ) {
    this.#pool = pool;
    this.#clickhouse = clickhouse;
    this.#cluster = config.clickhouseCluster;
    this.#logger = logger;
  }

  /** Stores whose schema has not been brought up to date yet. */
  waitingFor(): string[] {
    return [...this.#waiting];
  }

  onApplicationBootstrap(): void {
    const cluster = this.#cluster;
    const migrations = [
      this.#migrate('postgresql', () => migratePostgres(this.#pool)),
      this.#migrate('clickhouse', () => migrateClickHouse(this.#clickhouse, { cluster })),
    ];
    Promise.all(migrations).then(this.#settle, (error: unknown) => {
      if (!this.#stop.signal.aborted) this.#logger.error({ error }, 'migrations ended early');
    });
  }

  beforeApplicationShutdown(): void {
    this.#stop.abort();
  }

  async #migrate(store: string, work: () => Promise<number[]>): Promise<void> {
    const applied = await untilItSucceeds(work, {
      firstMs: 250,
      mostMs: 5_000,
      signal: this.#stop.signal,
      onFailure: (error, waitMs) =>
        this.#logger.warn({ store, waitMs, reason: messageOf(error) }, 'store is away, will retry'),
    });
    this.#waiting.delete(store);
    if (applied.length > 0) this.#logger.info({ store, versions: applied }, 'schema brought up');
  }
}

/** What went wrong, in one line. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message || error.name : String(error);
}
