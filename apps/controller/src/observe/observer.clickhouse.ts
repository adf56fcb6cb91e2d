import type { ClickHouseClient } from '@flyball/store';
import { bucketIndex } from '@flyball/tracing';
import type { Span, Tracer } from '@opentelemetry/api';
import { messageOf } from '../platform/stores.ts';
import { inSpan } from '../platform/tracing.ts';
import type { Observer, Question } from './observer.port.ts';
import {
  EDGES,
  type EdgeRow,
  EXAMPLES,
  GAUGES,
  type GaugeRow,
  QUALITY,
  type QualityRow,
  RED,
  type RedRow,
  type SloRow,
  sloQuery,
} from './queries.ts';
import { gaugesByService, qualityByService, redByService, sloByService } from './rows.ts';
import type { Family, ServiceView, Snapshot } from './snapshot.ts';

type Params = Record<string, unknown>;

/** A look at ClickHouse must be over well before the next cycle. */
const TIMEOUT_MS = 4_000;
/** Above every histogram bucket: nothing is too slow. */
const NO_LIMIT = 32_767;

export class ClickHouseObserver implements Observer {
  constructor(
    private readonly clickhouse: ClickHouseClient,
    private readonly tracer: Tracer,
  ) {}

  async observe(questions: readonly Question[], nowMs: number, parent: Span): Promise<Snapshot> {
    const failures: Partial<Record<Family, string>> = {};
    const ask = async <Row>(family: Family, query: string, params: Params): Promise<Row[]> => {
      try {
        return await this.#query<Row>(family, query, params, parent);
      } catch (error) {
        failures[family] = messageOf(error);
        return [];
      }
    };
    const params = paramsOf(questions, nowMs);
    const metrics = [...new Set(questions.flatMap(({ gauges }) => gauges))];
    const windowsS = [...new Set(questions.flatMap(({ sloWindowsMs }) => sloWindowsMs))].map((ms) =>
      Math.ceil(ms / 1000),
    );
    const [red, gauges, edges, slo, quality] = await Promise.all([
      ask<RedRow>('red', RED, params),
      metrics.length === 0 ? [] : ask<GaugeRow>('gauges', GAUGES, { ...params, metrics }),
      ask<EdgeRow>('edges', EDGES, params),
      windowsS.length === 0 ? [] : ask<SloRow>('slo', sloQuery(windowsS), params),
      ask<QualityRow>('quality', QUALITY, params),
    ]);
    const redViews = redByService(red, questions, nowMs);
    const gaugeViews = gaugesByService(gauges);
    const sloViews = sloByService(slo, questions, windowsS);
    const qualityViews = qualityByService(quality);
    const names = new Set([...redViews.keys(), ...questions.map(({ service }) => service)]);
    const services = new Map<string, ServiceView>();
    for (const service of names) {
      services.set(service, {
        service,
        red: redViews.get(service)?.whole ?? null,
        instances: redViews.get(service)?.instances ?? new Map(),
        gauges: gaugeViews.get(service) ?? new Map(),
        slo: sloViews.get(service) ?? [],
        ...qualityViews.get(service),
      });
    }
    return {
      atMs: nowMs,
      services,
      edges: edges.map((row) => ({
        caller: row.caller,
        callee: row.callee,
        requests: Number(row.requests),
        errors: Number(row.failed),
        requestsBefore: Number(row.requests_before),
      })),
      failures,
    };
  }

  async examples(service: string, nowMs: number): Promise<readonly string[]> {
    try {
      const result = await this.clickhouse.query({
        query: EXAMPLES,
        query_params: { service, now: Math.floor(nowMs / 1000) },
        format: 'JSONEachRow',
        abort_signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return (await result.json<{ trace: string }>()).map(({ trace }) => trace);
    } catch {
      return [];
    }
  }

  async #query<Row>(family: Family, query: string, params: Params, parent: Span): Promise<Row[]> {
    return inSpan(this.tracer, parent, `clickhouse ${family}`, async (span) => {
      span.setAttribute('db.system.name', 'clickhouse');
      const result = await this.clickhouse.query({
        query,
        query_params: params,
        format: 'JSONEachRow',
        abort_signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const rows = await result.json<Row>();
      span.setAttribute('db.response.returned_rows', rows.length);
      return rows;
    });
  }
}

function paramsOf(questions: readonly Question[], nowMs: number): Params {
  const windows = questions.map(({ windowMs }) => Math.ceil(windowMs / 1000));
  return {
    now: Math.floor(nowMs / 1000),
    services: questions.map(({ service }) => service),
    windows,
    // The bucket a window begins in reaches back up to ten seconds more.
    longest: Math.max(20, ...windows) + 10,
    limits: questions.map(({ latencyObjectiveMs }) =>
      latencyObjectiveMs === null ? NO_LIMIT : bucketIndex(latencyObjectiveMs * 1e6),
    ),
  };
}
