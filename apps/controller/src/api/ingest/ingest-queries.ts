import type { Exemplar, ServiceQuality } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { rowsOf } from '../../platform/clickhouse-rows.ts';

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Buckets of 10 s that begin in the range. */
const INSIDE = 'time >= toDateTime({fromS:UInt32}) AND time < toDateTime({toS:UInt32})';

function secondsOf({ fromMs, toMs }: Range): { fromS: number; toS: number } {
  return { fromS: Math.floor(fromMs / 10_000) * 10, toS: Math.ceil(toMs / 1000) };
}

type QualityRow = Record<keyof ServiceQuality, string> & { readonly service: string };

export async function qualityOf(
  clickhouse: ClickHouseClient,
  range: Range,
): Promise<ServiceQuality[]> {
  const rows = await rowsOf<QualityRow>(
    clickhouse,
    `SELECT service, sum(spans) AS spans, sum(traces) AS traces,
       sum(missing_roots) AS missingRoots, sum(missing_parents) AS missingParents,
       sum(late) AS late, sum(duplicates) AS duplicates, sum(rejected) AS rejected,
       sum(skewed) AS skewed, toString(max(skew_max_ns) / 1e6) AS skewMaxMs,
       sum(negative) AS negative, sum(future) AS future, sum(past) AS past
     FROM flyball_ingest_quality AS quality WHERE ${INSIDE}
     GROUP BY service
     ORDER BY missingRoots + late + rejected + skewed + negative + future + past DESC, service
     LIMIT 1000`,
    secondsOf(range),
  );
  return rows.map(({ service, ...counts }) => {
    const numbers = Object.entries(counts).map(([name, value]) => [name, Number(value)]);
    return { service, ...Object.fromEntries(numbers) } as ServiceQuality;
  });
}

interface ExemplarRow {
  readonly operation: string;
  readonly kind: string;
  readonly worst: readonly [durationNs: string, traceId: string, spanId: string];
  readonly bad: readonly [traceId: string, spanId: string];
  readonly last: number;
}

export async function exemplarsOf(
  clickhouse: ClickHouseClient,
  service: string,
  range: Range,
): Promise<Exemplar[]> {
  const rows = await rowsOf<ExemplarRow>(
    clickhouse,
    `SELECT operation, kind, max(slowest) AS worst, max(failed) AS bad,
       toUnixTimestamp(max(time)) AS last
     FROM flyball_exemplars WHERE service = {service:String} AND ${INSIDE}
     GROUP BY operation, kind
     ORDER BY worst.1 DESC
     LIMIT 1000`,
    { ...secondsOf(range), service },
  );
  return rows.map(({ operation, kind, worst, bad, last }) => {
    const [durationNs, traceId, spanId] = worst;
    return {
      service,
      operation,
      kind,
      slowest: { durationMs: Number(durationNs) / 1e6, traceId, spanId },
      failed: bad[0] === '' ? null : { traceId: bad[0], spanId: bad[1] },
      lastAtMs: last * 1000,
    };
  });
}
