/**
 * Flyball's own tables: figures measured from 100 % of the spans, and the controller's memory.
 *
 * Aggregates are `AggregatingMergeTree` of simple functions: the collector writes increments,
 * several a bucket, and readers sum. Duration histograms are base-2 exponential at scale 4
 * (16 buckets per octave, over nanoseconds), as a map from bucket index to count.
 */
import { type Aggregate, aggregateTable, low } from './aggregate-table.ts';
import { daysOf } from './retention.ts';

const sum = 'SimpleAggregateFunction(sum, UInt64)';
const buckets = 'SimpleAggregateFunction(sumMap, Map(Int16, UInt64))';
/** Any one of them; an empty one never wins. */
const example = 'SimpleAggregateFunction(max, String)';

const aggregates: readonly Aggregate[] = [
  {
    name: 'flyball_red',
    keys: ['service', 'operation', 'kind', 'instance'],
    values: { count: sum, errors: sum, duration_sum_ns: sum, buckets },
  },
  {
    name: 'flyball_edges',
    keys: ['caller', 'callee', 'type'],
    values: { count: sum, errors: sum, duration_sum_ns: sum, buckets },
  },
  {
    name: 'flyball_endpoints',
    keys: ['root_service', 'root_operation'],
    values: { traces: sum, errors: sum, duration_sum_ns: sum, buckets },
  },
  {
    name: 'flyball_critical_path',
    keys: ['root_service', 'root_operation', 'service', 'operation'],
    values: {
      seen: sum,
      traces: sum,
      errors: sum,
      exclusive_ns: sum,
      slack_ns: sum,
      drag_ns: sum,
      buckets,
      example_trace_id: example,
    },
  },
  {
    name: 'flyball_error_origin',
    keys: ['root_service', 'root_operation', 'origin_service', 'origin_operation'],
    values: { traces: sum, example_trace_id: example },
  },
  {
    name: 'flyball_sampling',
    keys: ['policy', 'reason'],
    values: { seen: sum, kept: sum, bytes: sum },
  },
];

const knob = 'Map(LowCardinality(String), Float64)';

function loopSamplesTable(ttlDays: number): string {
  return `CREATE TABLE IF NOT EXISTS flyball_loop_samples (
  time DateTime64(3) CODEC(Delta, ZSTD(1)),
  service ${low},
  loop ${low},
  law ${low},
  setpoint Nullable(Float64),
  measured Nullable(Float64),
  terms ${knob},
  proposed ${knob},
  bounded ${knob},
  applied ${knob},
  unit ${low},
  mode ${low},
  reason ${low},
  text String CODEC(ZSTD(1)),
  evidence_age_ms Nullable(Float64),
  autonomy ${low},
  trace_id String CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (service, loop, time)
TTL toDateTime(time) + toIntervalDay(${ttlDays})
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000`;
}

function modeTables(ttlDays: number): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS flyball_mode_history (
  time DateTime64(3) CODEC(Delta, ZSTD(1)),
  id String,
  service ${low},
  from_mode ${low},
  to_mode ${low},
  dimension ${low},
  cause String CODEC(ZSTD(1)),
  evidence String CODEC(ZSTD(1)),
  dwell_ms Nullable(Float64),
  trace_id String
) ENGINE = MergeTree
ORDER BY (service, time)
TTL toDateTime(time) + toIntervalDay(${ttlDays})`,
    `CREATE TABLE IF NOT EXISTS flyball_mode_samples (
  time DateTime CODEC(Delta, ZSTD(1)),
  service ${low},
  mode ${low}
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (service, time)
TTL time + toIntervalDay(${ttlDays})
SETTINGS ttl_only_drop_parts = 1`,
  ];
}

function eventsTable(ttlDays: number): string {
  return `CREATE TABLE IF NOT EXISTS flyball_events (
  time DateTime64(3) CODEC(Delta, ZSTD(1)),
  kind ${low},
  service ${low},
  actor ${low},
  subject String,
  text String CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  trace_id String
) ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (kind, service, time)
TTL toDateTime(time) + toIntervalDay(${ttlDays})
SETTINGS ttl_only_drop_parts = 1`;
}

export function ownTables(ttlDays: number): string[] {
  return [
    ...aggregates.map((aggregate) => aggregateTable(aggregate, ttlDays)),
    loopSamplesTable(ttlDays),
    ...modeTables(daysOf('flyball_mode_history', ttlDays)),
    eventsTable(daysOf('flyball_events', ttlDays)),
  ];
}
