/** Series of one service between two instants; the buckets are those of the collector. */
export const BUCKET_S = 10;

export interface RequestRow {
  readonly at: number;
  readonly requests: string | number;
  readonly failed: string | number;
  readonly total_ns: string | number;
  readonly hist: Record<string, string | number>;
  readonly instances: string | number;
}

export const REQUESTS = `
SELECT toUnixTimestamp(time) AS at, sum(count) AS requests, sum(errors) AS failed,
       sum(duration_sum_ns) AS total_ns, sumMap(buckets) AS hist,
       uniqExactIf(instance, count > 0) AS instances
FROM flyball_red
WHERE service = {service:String} AND kind IN ('Server', 'Consumer')
  AND time >= fromUnixTimestamp({from:UInt32}) AND time < fromUnixTimestamp({to:UInt32})
GROUP BY at
ORDER BY at
LIMIT 1000000`;

export interface GaugeRow {
  readonly at: number;
  readonly value: number | null;
  readonly instances: string | number;
}

/** CPU time comes as a series per state (user, system), which add up; the rest is averaged. */
export const GAUGE = `
SELECT at, avg(of_instance) AS value, uniqExact(instance) AS instances
FROM (
  SELECT at, instance,
         if({metric:String} = 'process.cpu.utilization', sum(mean), avg(mean)) AS of_instance
  FROM (
    SELECT toUnixTimestamp(toStartOfInterval(toDateTime(TimeUnix), INTERVAL ${BUCKET_S} SECOND))
             AS at,
           ResourceAttributes['service.instance.id'] AS instance, avg(Value) AS mean
    FROM otel_metrics_gauge
    WHERE ServiceName = {service:String} AND MetricName = {metric:String} AND isFinite(Value)
      AND TimeUnix >= fromUnixTimestamp({from:UInt32})
      AND TimeUnix < fromUnixTimestamp({to:UInt32})
    GROUP BY at, instance, cityHash64(Attributes)
  )
  GROUP BY at, instance
)
GROUP BY at
ORDER BY at
LIMIT 1000000`;

export interface SampleRow {
  readonly at_ms: string | number;
  readonly replicas: number | null;
}

/** A single number stands under the empty key; nothing stands there when it could not be read. */
export const SAMPLES = `
SELECT toUnixTimestamp64Milli(time) AS at_ms,
       if(mapContains(applied, ''), applied[''], NULL) AS replicas
FROM flyball_loop_samples
WHERE service = {service:String} AND loop = 'replicas'
  AND time >= fromUnixTimestamp({from:UInt32}) AND time < fromUnixTimestamp({to:UInt32})
ORDER BY time
LIMIT 1000000`;
