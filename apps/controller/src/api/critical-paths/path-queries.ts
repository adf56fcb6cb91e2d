import type { PathBreakdown, PathEndpoints, PathErrorOrigin, PathRow } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { quantileOfBuckets } from '@flyball/tracing';
import { rowsOf } from '../../platform/clickhouse-rows.ts';

type Buckets = Record<string, string>;

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

interface EndpointRow {
  readonly root_service: string;
  readonly root_operation: string;
  readonly n: string;
  readonly failed: string;
  readonly total_ns: string;
  readonly histogram: Buckets;
}

interface OperationRow {
  readonly service: string;
  readonly operation: string;
  readonly n: string;
  /** Traces in which something waited for it, on the path or not. */
  readonly waited: string;
  readonly failed: string;
  readonly own_ns: string;
  readonly slack: string;
  readonly drag: string;
  readonly histogram: Buckets;
  readonly examples: string[];
}

const TIME = `time >= toDateTime({fromS:UInt32}) AND time < toDateTime({toS:UInt32})`;
const ENDPOINT = 'root_service = {service:String} AND root_operation = {operation:String}';
const MOST_ENDPOINTS = 200;
const MOST_OPERATIONS = 100;
const MOST_ORIGINS = 20;
/** More bands than this cannot be told apart in a chart; the rest is one band. */
const MOST_BANDS = 8;
export const REST_KEY = 'everything else';

function seconds({ fromMs, toMs }: Range): { fromS: number; toS: number } {
  return { fromS: Math.floor(fromMs / 1000), toS: Math.ceil(toMs / 1000) };
}

function quantileMs(histogram: Buckets, q: number): number | null {
  const entries = Object.entries(histogram).map(([k, v]) => [Number(k), Number(v)] as const);
  const ns = quantileOfBuckets(entries, q);
  return ns === undefined ? null : ns / 1e6;
}

const ratio = (part: string, whole: string) =>
  Number(whole) === 0 ? null : Number(part) / Number(whole);

/** Root endpoints of the range, the one that costs most time first. */
export async function pathEndpointsOf(
  clickhouse: ClickHouseClient,
  range: Range,
): Promise<PathEndpoints> {
  const sql = `
    SELECT root_service, root_operation, sum(traces) AS n, sum(errors) AS failed,
      sum(duration_sum_ns) AS total_ns, sumMap(buckets) AS histogram
    FROM flyball_endpoints WHERE ${TIME}
    GROUP BY root_service, root_operation ORDER BY total_ns DESC LIMIT ${MOST_ENDPOINTS}`;
  const rows = await rowsOf<EndpointRow>(clickhouse, sql, seconds(range));
  const endpoints = rows.map((row) => ({
    service: row.root_service,
    operation: row.root_operation,
    traces: Number(row.n),
    totalMs: Number(row.total_ns) / 1e6,
    meanMs: Number(row.total_ns) / 1e6 / Math.max(1, Number(row.n)),
    p99Ms: quantileMs(row.histogram, 0.99),
    errorRatio: ratio(row.failed, row.n),
  }));
  return { ...range, endpoints };
}

/** Where the time of one endpoint goes: by operation, and over time. */
export async function pathBreakdownOf(
  clickhouse: ClickHouseClient,
  endpoint: { service: string; operation: string },
  range: Range,
  stepMs: number,
): Promise<PathBreakdown> {
  const params = { ...endpoint, ...seconds(range) };
  const totals = `SELECT sum(traces) AS n, sum(duration_sum_ns) AS total_ns
    FROM flyball_endpoints WHERE ${TIME} AND ${ENDPOINT}`;
  const operations = `
    SELECT service, operation, sum(traces) AS n, sum(seen) AS waited, sum(errors) AS failed,
      sum(exclusive_ns) AS own_ns, sum(slack_ns) AS slack, sum(drag_ns) AS drag,
      sumMap(buckets) AS histogram,
      groupUniqArrayIf(5)(example_trace_id, example_trace_id != '') AS examples
    FROM flyball_critical_path WHERE ${TIME} AND ${ENDPOINT}
    GROUP BY service, operation ORDER BY own_ns DESC LIMIT ${MOST_OPERATIONS}`;
  const [[total], rows, series, errorOrigins] = await Promise.all([
    rowsOf<{ n: string; total_ns: string }>(clickhouse, totals, params),
    rowsOf<OperationRow>(clickhouse, operations, params),
    shareSeries(clickhouse, params, stepMs),
    errorOriginsOf(clickhouse, params),
  ]);
  const traces = Number(total?.n ?? 0);
  const totalNs = Number(total?.total_ns ?? 0);
  return {
    ...endpoint,
    ...range,
    traces,
    meanMs: totalNs / 1e6 / Math.max(1, traces),
    rows: rows.map((row) => pathRow(row, totalNs)),
    errorOrigins,
    series,
  };
}

/** Counted from all failed traces, kept or not; the examples are kept ones. */
async function errorOriginsOf(
  clickhouse: ClickHouseClient,
  params: Record<string, unknown>,
): Promise<PathErrorOrigin[]> {
  const sql = `
    SELECT origin_service, origin_operation, sum(traces) AS n,
      groupUniqArrayIf(5)(example_trace_id, example_trace_id != '') AS examples
    FROM flyball_error_origin WHERE ${TIME} AND ${ENDPOINT}
    GROUP BY origin_service, origin_operation ORDER BY n DESC LIMIT ${MOST_ORIGINS}`;
  const rows = await rowsOf<{
    origin_service: string;
    origin_operation: string;
    n: string;
    examples: string[];
  }>(clickhouse, sql, params);
  return rows.map((row) => ({
    service: row.origin_service,
    operation: row.origin_operation,
    traces: Number(row.n),
    exampleTraceIds: row.examples,
  }));
}

function pathRow(row: OperationRow, totalNs: number): PathRow {
  const traces = Math.max(1, Number(row.n));
  return {
    service: row.service,
    operation: row.operation,
    share: totalNs === 0 ? 0 : Number(row.own_ns) / totalNs,
    traces: Number(row.n),
    exclusiveMs: Number(row.own_ns) / 1e6,
    p50Ms: quantileMs(row.histogram, 0.5),
    p95Ms: quantileMs(row.histogram, 0.95),
    p99Ms: quantileMs(row.histogram, 0.99),
    slackMs: Number(row.waited) === 0 ? null : Number(row.slack) / 1e6 / Number(row.waited),
    dragMs: Number(row.drag) / 1e6 / traces,
    errorRatio: ratio(row.failed, row.n),
    exampleTraceIds: row.examples,
  };
}

async function shareSeries(
  clickhouse: ClickHouseClient,
  params: Record<string, unknown>,
  stepMs: number,
): Promise<PathBreakdown['series']> {
  const step = `toUnixTimestamp(toStartOfInterval(time, toIntervalSecond({stepS:UInt32})))`;
  const sql = `
    SELECT ${step} AS at, concat(service, ' ', operation) AS key, sum(exclusive_ns) AS own_ns,
      0 AS n
    FROM flyball_critical_path WHERE ${TIME} AND ${ENDPOINT} GROUP BY at, key
    UNION ALL
    SELECT ${step} AS at, '' AS key, sum(duration_sum_ns) AS own_ns, sum(traces) AS n
    FROM flyball_endpoints WHERE ${TIME} AND ${ENDPOINT} GROUP BY at`;
  const rows = await rowsOf<{ at: number; key: string; own_ns: string; n: string }>(
    clickhouse,
    sql,
    { ...params, stepS: stepMs / 1000 },
  );
  const byKey = new Map<string, number>();
  for (const { key, own_ns } of rows) {
    if (key !== '') byKey.set(key, (byKey.get(key) ?? 0) + Number(own_ns));
  }
  const ranked = [...byKey].sort(([, a], [, b]) => b - a).map(([key]) => key);
  const keys = ranked.slice(0, MOST_BANDS);
  const points = new Map<number, { totalNs: number; traces: number; own: Map<string, number> }>();
  for (const { at, key, own_ns, n } of rows) {
    const point = points.get(at) ?? { totalNs: 0, traces: 0, own: new Map<string, number>() };
    points.set(at, point);
    if (key === '') {
      point.totalNs = Number(own_ns);
      point.traces = Number(n);
      continue;
    }
    const band = keys.includes(key) ? key : REST_KEY;
    point.own.set(band, (point.own.get(band) ?? 0) + Number(own_ns));
  }
  return {
    stepMs,
    keys: ranked.length > MOST_BANDS ? [...keys, REST_KEY] : keys,
    points: [...points]
      .filter(([, point]) => point.totalNs > 0)
      .sort(([a], [b]) => a - b)
      .map(([at, { totalNs, traces, own }]) => ({
        atMs: at * 1000,
        meanMs: totalNs / 1e6 / Math.max(1, traces),
        shares: Object.fromEntries([...own].map(([key, ns]) => [key, ns / totalNs])),
      })),
  };
}
