import type { ClickHouseClient } from '@clickhouse/client';

/** Transitions and events are few and are what people look back for: they are kept longer. */
const LONG_FACTOR = 13;
const LONG = new Set(['flyball_mode_history', 'flyball_mode_samples', 'flyball_events']);

/** `TTL <time> + toIntervalDay(N)`, as ClickHouse writes back what the tables were made with. */
const TTL = /\bTTL (.+?) \+ toIntervalDay\((\d+)\)/;

/** How long rows of a table are kept. */
export function daysOf(table: string, retentionDays: number): number {
  return LONG.has(table) ? retentionDays * LONG_FACTOR : retentionDays;
}

export interface RetentionOptions {
  /** Of telemetry and figures. */
  readonly days: number;
  /** The cluster that the tables are on; left out: one server. */
  readonly cluster?: string | undefined;
}

/**
 * Sets how long telemetry and Flyball's own tables keep their rows, where they do otherwise, and
 * returns the tables changed. ClickHouse works out the end of what is stored already by itself, in
 * the background.
 *
 * @throws when ClickHouse is away or refuses; calling again is safe
 */
export async function applyRetention(
  client: ClickHouseClient,
  { days, cluster }: RetentionOptions,
): Promise<string[]> {
  const result = await client.query({
    query: `SELECT name, engine_full FROM system.tables
      WHERE database = currentDatabase() AND match(name, '^(otel|flyball)_')
        AND engine_full LIKE '%toIntervalDay(%' ORDER BY name`,
    format: 'JSONEachRow',
  });
  const changed: string[] = [];
  for (const { name, engine_full } of await result.json<{ name: string; engine_full: string }>()) {
    const [, time, present] = TTL.exec(engine_full) ?? [];
    const wanted = daysOf(name.replace(/_local$/, ''), days);
    if (time === undefined || Number(present) === wanted) continue;
    const everywhere = cluster === undefined ? '' : ` ON CLUSTER '${cluster}'`;
    const query = `ALTER TABLE ${name}${everywhere} MODIFY TTL ${time} + toIntervalDay(${wanted})`;
    await client.command({ query });
    changed.push(name);
  }
  return changed;
}
