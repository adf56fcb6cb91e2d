import type { TraceQuery, TraceSummary } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { rowsOf } from '../../platform/clickhouse-rows.ts';
import { ApiException } from '../http/errors.ts';

/** More candidates than this and the oldest are left out; narrow the range to see them. */
const MOST_CANDIDATES = 20_000;
/** A trace that touches the range may begin before it and end after it. */
const MARGIN_MS = 3_600_000;

interface SummaryRow {
  readonly trace_id: string;
  readonly start_ns: string;
  readonly end_ns: string;
  readonly spans: string;
  readonly errors: string;
  readonly root_service: string;
  readonly root_operation: string;
  readonly rooted: 0 | 1;
  readonly service_spans: Record<string, string>;
  readonly service_errors: Record<string, string>;
  readonly sample_rate: string;
}

interface Where {
  readonly conditions: string[];
  readonly params: Record<string, unknown>;
}

/** What must hold on one span: service, operation, status and all attributes together. */
function spanConditions(query: TraceQuery): Where {
  const conditions: string[] = [];
  const params: Record<string, unknown> = {};
  if (query.service !== undefined) {
    conditions.push('ServiceName = {service:String}');
    params.service = query.service;
  }
  if (query.operation !== undefined) {
    conditions.push('SpanName = {operation:String}');
    params.operation = query.operation;
  }
  if (query.status === 'error') conditions.push(`StatusCode = 'Error'`);
  for (const [index, text] of (query.attribute ?? []).entries()) {
    const equals = text.indexOf('=');
    if (equals < 1) {
      throw new ApiException(400, 'bad-request', `attribute "${text}" must read key=value`);
    }
    const [key, value] = [`{key${index}:String}`, `{value${index}:String}`];
    conditions.push(`(SpanAttributes[${key}] = ${value} OR ResourceAttributes[${key}] = ${value})`);
    params[`key${index}`] = text.slice(0, equals).trim();
    params[`value${index}`] = text.slice(equals + 1).trim();
  }
  return { conditions, params };
}

/** What must hold on the trace as a whole: its duration, no error at all, the page. */
function traceConditions(query: TraceQuery): Where {
  const conditions = ['1'];
  const params: Record<string, unknown> = {};
  if (query.minDurationMs !== undefined) {
    conditions.push('end_ns - start_ns >= {minNs:Int64}');
    params.minNs = Math.round(query.minDurationMs * 1e6);
  }
  if (query.maxDurationMs !== undefined) {
    conditions.push('end_ns - start_ns <= {maxNs:Int64}');
    params.maxNs = Math.round(query.maxDurationMs * 1e6);
  }
  if (query.status === 'ok') conditions.push('errors = 0');
  if (query.cursor !== undefined) {
    const parts = /^(\d{1,19})-([0-9a-f]{1,32})$/.exec(query.cursor);
    if (parts === null) {
      throw new ApiException(400, 'bad-request', 'cursor: pass nextCursor on as it came');
    }
    conditions.push('(start_ns, trace_id) < ({beforeNs:Int64}, {beforeId:String})');
    params.beforeNs = parts[1];
    params.beforeId = parts[2];
  }
  return { conditions, params };
}

/** Kept traces that match, newest first. */
export async function searchTraces(
  clickhouse: ClickHouseClient,
  query: TraceQuery,
  range: { fromMs: number; toMs: number },
): Promise<{ traces: TraceSummary[]; nextCursor: string | null }> {
  const span = spanConditions(query);
  const trace = traceConditions(query);
  const time = (from: string, to: string) =>
    `Timestamp >= fromUnixTimestamp64Milli({${from}:Int64})
     AND Timestamp <= fromUnixTimestamp64Milli({${to}:Int64})`;
  const sql = `
    SELECT TraceId AS trace_id,
      min(toUnixTimestamp64Nano(Timestamp)) AS start_ns,
      max(toUnixTimestamp64Nano(Timestamp) + toInt64(Duration)) AS end_ns,
      count() AS spans,
      countIf(StatusCode = 'Error') AS errors,
      argMin(ServiceName, (ParentSpanId != '', Timestamp)) AS root_service,
      argMin(SpanName, (ParentSpanId != '', Timestamp)) AS root_operation,
      max(ParentSpanId = '') AS rooted,
      sumMap(map(ServiceName, toUInt64(1))) AS service_spans,
      sumMap(map(ServiceName, toUInt64(StatusCode = 'Error'))) AS service_errors,
      max(toUInt64OrZero(SpanAttributes['SampleRate'])) AS sample_rate
    FROM otel_traces
    WHERE ${time('marginFrom', 'marginTo')} AND TraceId IN (
      SELECT TraceId FROM otel_traces
      WHERE ${[time('from', 'to'), ...span.conditions].join(' AND ')}
      GROUP BY TraceId ORDER BY max(Timestamp) DESC LIMIT ${MOST_CANDIDATES})
    GROUP BY TraceId
    HAVING ${trace.conditions.join(' AND ')}
    ORDER BY start_ns DESC, trace_id DESC
    LIMIT {limit:UInt32}`;
  const rows = await rowsOf<SummaryRow>(clickhouse, sql, {
    ...span.params,
    ...trace.params,
    from: range.fromMs,
    to: range.toMs,
    marginFrom: range.fromMs - MARGIN_MS,
    marginTo: range.toMs + MARGIN_MS,
    limit: query.limit + 1,
  });
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const more = rows.length > page.length && last !== undefined;
  return {
    traces: page.map(summary),
    nextCursor: more ? `${last.start_ns}-${last.trace_id}` : null,
  };
}

function summary(row: SummaryRow): TraceSummary {
  const spans = Object.entries(row.service_spans);
  return {
    traceId: row.trace_id,
    rootService: row.rooted === 1 ? row.root_service : null,
    rootOperation: row.rooted === 1 ? row.root_operation : null,
    startMs: Number(BigInt(row.start_ns) / 1000n) / 1000,
    durationMs: Number(BigInt(row.end_ns) - BigInt(row.start_ns)) / 1e6,
    spanCount: Number(row.spans),
    errorCount: Number(row.errors),
    services: spans.map(([service, count]) => ({
      service,
      spans: Number(count),
      errors: Number(row.service_errors[service] ?? 0),
    })),
    sampleRate: Math.max(1, Number(row.sample_rate)),
  };
}
