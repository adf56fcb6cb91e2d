import type { ClickHouseClient } from '@flyball/store';
import { rowsOf } from '../../platform/clickhouse-rows.ts';

/** A span as stored; nanoseconds as text, because they do not fit a double. */
export interface SpanRow {
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly ServiceName: string;
  readonly SpanName: string;
  readonly SpanKind: string;
  readonly StatusCode: string;
  readonly StatusMessage: string;
  readonly TraceState: string;
  readonly ScopeName: string;
  readonly start_ns: string;
  readonly duration_ns: string;
  readonly SpanAttributes: Record<string, string>;
  readonly ResourceAttributes: Record<string, string>;
  readonly event_ns: string[];
  readonly event_names: string[];
  readonly event_attributes: Record<string, string>[];
  readonly link_traces: string[];
  readonly link_spans: string[];
  readonly link_attributes: Record<string, string>[];
}

/** The dashboard draws this many; a larger trace is cut, and says so. */
const MOST_SPANS = 20_000;

/** The spans of one trace, earliest first; empty when it was not kept. */
export async function spansOfTrace(
  clickhouse: ClickHouseClient,
  traceId: string,
): Promise<{ rows: SpanRow[]; total: number }> {
  // The small table knows the trace's time, so that the large one is read by partition.
  const [range] = await rowsOf<{ from: string; to: string; known: string }>(
    clickhouse,
    `SELECT toString(min(Start), 'UTC') AS from, toString(max(End), 'UTC') AS to, count() AS known
     FROM otel_traces_trace_id_ts WHERE TraceId = {traceId:String}`,
    { traceId },
  );
  if (range === undefined || range.known === '0') return { rows: [], total: 0 };
  // DateTime64 on both sides: against a plain DateTime, ClickHouse's key analysis loses rows.
  const where = `TraceId = {traceId:String}
    AND Timestamp >= toDateTime64({from:String}, 9, 'UTC')
    AND Timestamp < toDateTime64({to:String}, 9, 'UTC') + 1`;
  const params = { traceId, from: range.from, to: range.to };
  const rows = await rowsOf<SpanRow>(
    clickhouse,
    `SELECT SpanId, ParentSpanId, ServiceName, SpanName, SpanKind, StatusCode, StatusMessage,
       TraceState, ScopeName, toUnixTimestamp64Nano(Timestamp) AS start_ns,
       Duration AS duration_ns, SpanAttributes, ResourceAttributes,
       arrayMap(t -> toUnixTimestamp64Nano(t), Events.Timestamp) AS event_ns,
       Events.Name AS event_names, Events.Attributes AS event_attributes,
       Links.TraceId AS link_traces, Links.SpanId AS link_spans,
       Links.Attributes AS link_attributes
     FROM otel_traces WHERE ${where} ORDER BY Timestamp, SpanId LIMIT ${MOST_SPANS}`,
    params,
  );
  if (rows.length < MOST_SPANS) return { rows, total: rows.length };
  const sql = `SELECT count() AS total FROM otel_traces WHERE ${where}`;
  const [count] = await rowsOf<{ total: string }>(clickhouse, sql, params);
  return { rows, total: Number(count?.total ?? rows.length) };
}
