/**
 * One query per signal family and cycle, for all services. Windows differ between services:
 * `transform` looks up each row's own. Buckets are 10 s; a window takes in the bucket it begins in.
 */
export const BUCKET_S = 10;

/** Rows the aggregates of one service's instances come in. */
export interface RedRow {
  readonly service: string;
  readonly instance: string;
  readonly requests: string | number;
  readonly failed: string | number;
  readonly total_ns: string | number;
  readonly hist: Record<string, string | number>;
  readonly newest: number;
}

export const RED = `
SELECT service, instance, sum(count) AS requests, sum(errors) AS failed,
       sum(duration_sum_ns) AS total_ns, sumMap(buckets) AS hist,
       toUnixTimestamp(max(time)) AS newest
FROM flyball_red
WHERE kind IN ('Server', 'Consumer')
  AND time >= toStartOfInterval(fromUnixTimestamp({now:UInt32})
        - toIntervalSecond(transform(toString(service), {services:Array(String)},
            {windows:Array(UInt32)}, 20)), INTERVAL 10 SECOND)
  AND time >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond({longest:UInt32})
GROUP BY service, instance
LIMIT 100000`;

export interface GaugeRow {
  readonly service: string;
  readonly metric: string;
  readonly instance: string;
  readonly value: number | null;
  readonly newest_ms: string | number;
}

/** CPU time comes as a series per state (user, system), which add up; the rest is averaged. */
export const GAUGES = `
SELECT service, metric, instance,
       if(metric = 'process.cpu.utilization', sum(series_mean), avg(series_mean)) AS value,
       toUnixTimestamp64Milli(max(series_newest)) AS newest_ms
FROM (
  SELECT toString(ServiceName) AS service, toString(MetricName) AS metric,
         ResourceAttributes['service.instance.id'] AS instance,
         avg(Value) AS series_mean, toDateTime64(max(TimeUnix), 3) AS series_newest
  FROM otel_metrics_gauge
  WHERE ServiceName IN {services:Array(String)} AND MetricName IN {metrics:Array(String)}
    AND isFinite(Value)
    AND TimeUnix >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond({longest:UInt32})
    AND TimeUnix >= fromUnixTimestamp({now:UInt32})
          - toIntervalSecond(transform(toString(ServiceName), {services:Array(String)},
              {windows:Array(UInt32)}, 20))
  GROUP BY service, metric, instance, cityHash64(Attributes)
)
GROUP BY service, metric, instance
LIMIT 100000`;

export interface EdgeRow {
  readonly caller: string;
  readonly callee: string;
  readonly requests: string | number;
  readonly failed: string | number;
  readonly requests_before: string | number;
}

export const EDGES = `
SELECT caller, callee, sumIf(count, time >= split) AS requests,
       sumIf(errors, time >= split) AS failed,
       sumIf(count, time < split) AS requests_before,
       fromUnixTimestamp({now:UInt32}) - toIntervalSecond(60) AS split
FROM flyball_edges
WHERE time >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond(660)
GROUP BY caller, callee
LIMIT 100000`;

/** Columns `r0, e0, s0, r1, ...`: requests, errors and slow requests of each window. */
export type SloRow = Readonly<Record<string, string | number>> & { readonly service: string };

/** The windows are numbers of our own, so that they may stand in the text. */
export function sloQuery(windowsS: readonly number[]): string {
  const columns = windowsS.flatMap((seconds, index) => {
    const inside = `time >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond(${seconds})`;
    return [
      `sumIf(count, ${inside}) AS r${index}`,
      `sumIf(errors, ${inside}) AS e${index}`,
      `sumIf(too_slow, ${inside}) AS s${index}`,
    ];
  });
  return `
SELECT service, ${columns.join(', ')}
FROM (
  SELECT toString(service) AS service, time, count, errors,
         arraySum(mapValues(mapFilter((bucket, n) -> bucket > transform(toString(service),
           {services:Array(String)}, {limits:Array(Int32)}, 32767), buckets))) AS too_slow
  FROM flyball_red
  WHERE kind IN ('Server', 'Consumer') AND service IN {services:Array(String)}
    AND time >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond(${Math.max(...windowsS)})
)
GROUP BY service`;
}

export interface QualityRow {
  readonly service: string;
  readonly received: string | number;
  readonly refused: string | number;
  readonly backwards: string | number;
}

/** How good the spans of the last minute are, by the collector's own judgement. */
export const QUALITY = `
SELECT service, sum(spans) AS received, sum(rejected) AS refused, sum(negative) AS backwards
FROM flyball_ingest_quality
WHERE time >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond(60)
GROUP BY service
HAVING refused > 0 OR backwards > 0
LIMIT 100000`;

/** The slowest kept traces through a service, one of each operation; for a person to look at. */
export const EXAMPLES = `
SELECT worst.2 AS trace, worst.1 AS slowest
FROM (
  SELECT max(slowest) AS worst
  FROM flyball_exemplars
  WHERE service = {service:String}
    AND time >= fromUnixTimestamp({now:UInt32}) - toIntervalSecond(300)
  GROUP BY operation, kind
)
WHERE trace != ''
ORDER BY slowest DESC
LIMIT 1 BY trace
LIMIT 3`;
