import { gaugeMetric } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import {
  BUCKET_S,
  GAUGE,
  type GaugeRow,
  REQUESTS,
  type RequestRow,
  SAMPLES,
  type SampleRow,
} from './queries.ts';
import type { Recording } from './recording.ts';

export interface Asked {
  readonly service: string;
  /** Null: the policy names no gauge. */
  readonly metric: string | null;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The gauge a policy's word stands for; null when it names none. */
export function metricOf(saturation: string): string | null {
  return saturation === 'none' ? null : gaugeMetric(saturation);
}

export async function readRecording(
  clickhouse: ClickHouseClient,
  asked: Asked,
): Promise<Recording> {
  const params = {
    service: asked.service,
    metric: asked.metric ?? '',
    from: Math.floor(asked.fromMs / 1_000),
    to: Math.ceil(asked.toMs / 1_000),
  };
  const ask = async <Row>(query: string): Promise<Row[]> => {
    const result = await clickhouse.query({ query, query_params: params, format: 'JSONEachRow' });
    return result.json<Row>();
  };
  const requests = await ask<RequestRow>(REQUESTS);
  const gauges = asked.metric === null ? [] : await ask<GaugeRow>(GAUGE);
  const samples = await ask<SampleRow>(SAMPLES);
  return {
    bucketMs: BUCKET_S * 1_000,
    requests: requests.map((row) => ({
      atMs: row.at * 1_000,
      requests: Number(row.requests),
      errors: Number(row.failed),
      totalMs: Number(row.total_ns) / 1e6,
      histogram: new Map(
        Object.entries(row.hist).map(([bucket, count]) => [Number(bucket), Number(count)]),
      ),
      instances: Number(row.instances),
    })),
    gauges: gauges.flatMap(({ at, value, instances }) =>
      value === null ? [] : [{ atMs: at * 1_000, value, instances: Number(instances) }],
    ),
    samples: samples.map((row) => ({ atMs: Number(row.at_ms), applied: row.replicas })),
  };
}
