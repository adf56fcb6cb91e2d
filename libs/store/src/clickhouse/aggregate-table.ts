/** Grain of every aggregate is 10 s; the keys are names, the values add up. */
export const low = 'LowCardinality(String)';

export interface Aggregate {
  readonly name: string;
  readonly keys: readonly string[];
  readonly values: Readonly<Record<string, string>>;
}

export function aggregateTable({ name, keys, values }: Aggregate, ttlDays: number): string {
  const columns = [
    'time DateTime CODEC(Delta, ZSTD(1))',
    ...keys.map((key) => `${key} ${low}`),
    ...Object.entries(values).map(([value, type]) => `${value} ${type} CODEC(ZSTD(1))`),
  ];
  return `CREATE TABLE IF NOT EXISTS ${name} (
  ${columns.join(',\n  ')}
) ENGINE = AggregatingMergeTree
PARTITION BY toDate(time)
ORDER BY (${[...keys, 'time'].join(', ')})
TTL time + toIntervalDay(${ttlDays})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000`;
}
