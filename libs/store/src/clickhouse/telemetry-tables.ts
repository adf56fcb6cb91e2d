/**
 * Telemetry tables: those of the OpenTelemetry ClickHouse exporter, column by column, so that
 * Grafana's ClickHouse data source and ClickStack read them without configuration.
 * Source: schema of opentelemetry-collector-contrib `exporter/clickhouseexporter`.
 */

const map = 'Map(LowCardinality(String), String) CODEC(ZSTD(1))';
const text = 'String CODEC(ZSTD(1))';
const low = 'LowCardinality(String) CODEC(ZSTD(1))';
const nanos = 'DateTime64(9) CODEC(Delta, ZSTD(1))';

/** Blocks are deduplicated by `insert_deduplication_token`: a retried insert counts once. */
const dedup = 'non_replicated_deduplication_window = 10000';

/** Bloom filters over the keys and the values of map columns. */
function mapIndexes(columns: Record<string, string>): string {
  return Object.entries(columns)
    .flatMap(([name, column]) => [
      `INDEX idx_${name}_key mapKeys(${column}) TYPE bloom_filter(0.01) GRANULARITY 1`,
      `INDEX idx_${name}_value mapValues(${column}) TYPE bloom_filter(0.01) GRANULARITY 1`,
    ])
    .join(',\n  ');
}

export function tracesTable(ttlDays: number): string {
  return `CREATE TABLE IF NOT EXISTS otel_traces (
  Timestamp ${nanos},
  TraceId ${text},
  SpanId ${text},
  ParentSpanId ${text},
  TraceState ${text},
  SpanName ${low},
  SpanKind ${low},
  ServiceName ${low},
  ResourceAttributes ${map},
  ScopeName ${text},
  ScopeVersion ${text},
  SpanAttributes ${map},
  Duration UInt64 CODEC(ZSTD(1)),
  StatusCode ${low},
  StatusMessage ${text},
  Events Nested(
    Timestamp DateTime64(9),
    Name LowCardinality(String),
    Attributes Map(LowCardinality(String), String)
  ) CODEC(ZSTD(1)),
  Links Nested(
    TraceId String,
    SpanId String,
    TraceState String,
    Attributes Map(LowCardinality(String), String)
  ) CODEC(ZSTD(1)),
  INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
  ${mapIndexes({ res_attr: 'ResourceAttributes', span_attr: 'SpanAttributes' })},
  INDEX idx_duration Duration TYPE minmax GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
TTL toDateTime(Timestamp) + toIntervalDay(${ttlDays})
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, ${dedup}`;
}

export function traceIdTable(ttlDays: number): string {
  return `CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
  TraceId ${text},
  Start DateTime CODEC(Delta, ZSTD(1)),
  End DateTime CODEC(Delta, ZSTD(1)),
  INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = MergeTree
PARTITION BY toDate(Start)
ORDER BY (TraceId, Start)
TTL toDateTime(Start) + toIntervalDay(${ttlDays})
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, ${dedup}`;
}

export const TRACE_ID_VIEW = `CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv
TO otel_traces_trace_id_ts AS
SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End
FROM otel_traces WHERE TraceId != '' GROUP BY TraceId`;

const exemplars = `Exemplars Nested(
    FilteredAttributes Map(LowCardinality(String), String),
    TimeUnix DateTime64(9),
    Value Float64,
    SpanId String,
    TraceId String
  ) CODEC(ZSTD(1))`;

/** Columns that all five metric tables begin with. */
const metricColumns = `ResourceAttributes ${map},
  ResourceSchemaUrl ${text},
  ScopeName ${text},
  ScopeVersion ${text},
  ScopeAttributes ${map},
  ScopeDroppedAttrCount UInt32 CODEC(ZSTD(1)),
  ScopeSchemaUrl ${text},
  ServiceName ${low},
  MetricName ${low},
  MetricDescription ${text},
  MetricUnit ${text},
  Attributes ${map},
  StartTimeUnix ${nanos},
  TimeUnix ${nanos}`;

const metricMaps = {
  res_attr: 'ResourceAttributes',
  scope_attr: 'ScopeAttributes',
  attr: 'Attributes',
};

const logMaps = {
  res_attr: 'ResourceAttributes',
  scope_attr: 'ScopeAttributes',
  log_attr: 'LogAttributes',
};

const metricKinds: Record<string, string> = {
  gauge: `Value Float64 CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1)),
  ${exemplars}`,
  sum: `Value Float64 CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1)),
  ${exemplars},
  AggregationTemporality Int32 CODEC(ZSTD(1)),
  IsMonotonic Boolean CODEC(Delta, ZSTD(1))`,
  histogram: `Count UInt64 CODEC(Delta, ZSTD(1)),
  Sum Float64 CODEC(ZSTD(1)),
  BucketCounts Array(UInt64) CODEC(ZSTD(1)),
  ExplicitBounds Array(Float64) CODEC(ZSTD(1)),
  ${exemplars},
  Flags UInt32 CODEC(ZSTD(1)),
  Min Float64 CODEC(ZSTD(1)),
  Max Float64 CODEC(ZSTD(1)),
  AggregationTemporality Int32 CODEC(ZSTD(1))`,
  exponential_histogram: `Count UInt64 CODEC(Delta, ZSTD(1)),
  Sum Float64 CODEC(ZSTD(1)),
  Scale Int32 CODEC(ZSTD(1)),
  ZeroCount UInt64 CODEC(ZSTD(1)),
  PositiveOffset Int32 CODEC(ZSTD(1)),
  PositiveBucketCounts Array(UInt64) CODEC(ZSTD(1)),
  NegativeOffset Int32 CODEC(ZSTD(1)),
  NegativeBucketCounts Array(UInt64) CODEC(ZSTD(1)),
  ${exemplars},
  Flags UInt32 CODEC(ZSTD(1)),
  Min Float64 CODEC(ZSTD(1)),
  Max Float64 CODEC(ZSTD(1)),
  AggregationTemporality Int32 CODEC(ZSTD(1))`,
  summary: `Count UInt64 CODEC(Delta, ZSTD(1)),
  Sum Float64 CODEC(ZSTD(1)),
  ValueAtQuantiles Nested(Quantile Float64, Value Float64) CODEC(ZSTD(1)),
  Flags UInt32 CODEC(ZSTD(1))`,
};

export function metricTables(ttlDays: number): string[] {
  const tables = Object.entries(metricKinds).map(
    ([kind, columns]) => `CREATE TABLE IF NOT EXISTS otel_metrics_${kind} (
  ${metricColumns},
  ${columns},
  ${mapIndexes(metricMaps)}
) ENGINE = MergeTree
PARTITION BY toDate(TimeUnix)
ORDER BY (ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)
TTL toDateTime(TimeUnix) + toIntervalDay(${ttlDays})
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, ${dedup}`,
  );
  // Older readers know the exponential histograms by this name.
  const view =
    'CREATE VIEW IF NOT EXISTS otel_metrics_exp_histogram AS ' +
    'SELECT * FROM otel_metrics_exponential_histogram';
  return [...tables, view];
}

export function logsTable(ttlDays: number): string {
  return `CREATE TABLE IF NOT EXISTS otel_logs (
  Timestamp ${nanos},
  TraceId ${text},
  SpanId ${text},
  TraceFlags UInt8,
  SeverityText ${low},
  SeverityNumber UInt8,
  ServiceName ${low},
  Body ${text},
  ResourceSchemaUrl ${low},
  ResourceAttributes ${map},
  ScopeSchemaUrl ${low},
  ScopeName ${text},
  ScopeVersion ${low},
  ScopeAttributes ${map},
  LogAttributes ${map},
  EventName ${text},
  INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
  ${mapIndexes(logMaps)},
  INDEX idx_body Body TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8
) ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)
TTL toDateTime(Timestamp) + toIntervalDay(${ttlDays})
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1, ${dedup}`;
}
