import type { ClickHouseClient } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '../platform/logger.ts';
import { Metrics } from '../platform/metrics.ts';
import { messageOf } from '../platform/stores.ts';
import { CLICKHOUSE, LOGGER } from '../platform/tokens.ts';

export type RecordTable =
  | 'flyball_loop_samples'
  | 'flyball_mode_history'
  | 'flyball_mode_samples'
  | 'flyball_events';

type Row = Readonly<Record<string, unknown>>;

export interface Recording {
  write(table: RecordTable, row: Row): void;
  flush(): Promise<void>;
}

/** Rows wait here while ClickHouse is away; the oldest go first when there are too many. */
const MOST_ROWS = 20_000;
const DROPPED = 'flyball_controller_records_dropped_total';

/** The controller's memory for the dashboards: written in blocks, once a cycle. */
@Injectable()
export class Recorder implements Recording {
  readonly #waiting = new Map<RecordTable, Row[]>();

  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    metrics.declare('counter', DROPPED, 'Rows that could not be kept while ClickHouse was away.');
  }

  write(table: RecordTable, row: Row): void {
    const rows = this.#waiting.get(table) ?? [];
    rows.push(row);
    this.#waiting.set(table, rows);
    if (rows.length > MOST_ROWS) {
      rows.shift();
      this.metrics.add(DROPPED, { table });
    }
  }

  /** Never rejects: what cannot be written waits for the next time. */
  async flush(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((table) => this.#flushTable(table)));
  }

  async #flushTable(table: RecordTable): Promise<void> {
    const rows = this.#waiting.get(table) ?? [];
    if (rows.length === 0) return;
    this.#waiting.set(table, []);
    try {
      await this.clickhouse.insert({ table, values: rows, format: 'JSONEachRow' });
    } catch (error) {
      this.logger.warn({ table, rows: rows.length, reason: messageOf(error) }, 'records wait');
      const since = this.#waiting.get(table) ?? [];
      this.#waiting.set(table, [...rows, ...since].slice(-MOST_ROWS));
    }
  }
}
