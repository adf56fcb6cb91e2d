import type { Mode } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { quantileOfBuckets } from '@flyball/tracing';
import { rowsOf } from '../../platform/clickhouse-rows.ts';
import {
  type DependencyFigures,
  type Figures,
  type LoopFigures,
  MINUTE_MS,
  MINUTES,
  type RedFigures,
} from './figures.ts';

const SERVED = `kind IN ('Server', 'Consumer') AND service != ''`;
const MINUTE = 'toUnixTimestamp(toStartOfMinute(time))';
const SINCE = 'time >= toDateTime({fromS:UInt32})';

interface RedRow {
  readonly name: string;
  readonly minute: number;
  readonly n: string;
  readonly failed: string;
  readonly histogram: Record<string, string>;
}

function redOf(row: RedRow): RedFigures {
  const entries = Object.entries(row.histogram).map(([k, v]) => [Number(k), Number(v)] as const);
  const p99 = quantileOfBuckets(entries, 0.99);
  const p99Ms = p99 === undefined ? null : p99 / 1e6;
  return { count: Number(row.n), errors: Number(row.failed), p99Ms };
}

/** Puts per-minute values at their place in the hour; minutes without any stay null. */
function byMinute<Row extends { name: string; minute: number }, Value>(
  rows: readonly Row[],
  fromMs: number,
  pick: (row: Row) => Value,
): Map<string, (Value | null)[]> {
  const strips = new Map<string, (Value | null)[]>();
  for (const row of rows) {
    const strip = strips.get(row.name) ?? new Array<Value | null>(MINUTES).fill(null);
    strips.set(row.name, strip);
    const index = Math.floor((row.minute * 1000 - fromMs) / MINUTE_MS);
    if (index >= 0 && index < MINUTES) strip[index] = pick(row);
  }
  return strips;
}

interface NowRow extends RedRow {
  readonly instances: string;
  readonly newest: number;
}

interface EdgeRow {
  readonly name: string;
  readonly callee: string;
  readonly minute: number;
  readonly n: string;
  readonly failed: string;
}

interface LoopRow {
  readonly name: string;
  readonly loop: string;
  readonly at_ms: string;
  readonly last_reason: string;
  readonly last_text: string;
  readonly last_autonomy: string;
}

const RED_STRIP = `
  SELECT service AS name, ${MINUTE} AS minute, sum(count) AS n, sum(errors) AS failed,
    sumMap(buckets) AS histogram
  FROM flyball_red WHERE ${SINCE} AND ${SERVED} GROUP BY name, minute`;

const RED_NOW = `
  SELECT service AS name, 0 AS minute, sum(count) AS n, sum(errors) AS failed,
    sumMap(buckets) AS histogram, uniqExactIf(instance, instance != '') AS instances,
    toUnixTimestamp(max(time)) AS newest
  FROM flyball_red WHERE time >= toDateTime({nowS:UInt32} - 60) AND ${SERVED} GROUP BY name`;

const SATURATION = `
  SELECT ServiceName AS name, toUnixTimestamp(toStartOfMinute(toDateTime(TimeUnix))) AS minute,
    avg(Value) AS value
  FROM otel_metrics_gauge
  WHERE TimeUnix >= toDateTime({fromS:UInt32}) AND isFinite(Value)
    AND has({signals:Array(String)}, concat(ServiceName, ' ', MetricName))
  GROUP BY name, minute`;

const EDGES = `
  SELECT caller AS name, callee, ${MINUTE} AS minute, sum(count) AS n, sum(errors) AS failed
  FROM flyball_edges WHERE ${SINCE} AND caller != callee GROUP BY name, callee, minute`;

const MODES = `
  SELECT service AS name, ${MINUTE} AS minute, groupUniqArray(mode) AS seen
  FROM flyball_mode_samples WHERE ${SINCE} GROUP BY name, minute`;

const LOOPS = `
  SELECT service AS name, loop, max(toUnixTimestamp64Milli(time)) AS at_ms,
    argMax(reason, time) AS last_reason, argMax(text, time) AS last_text,
    argMax(autonomy, time) AS last_autonomy
  FROM flyball_loop_samples WHERE time >= toDateTime({fromS:UInt32}) GROUP BY name, loop`;

const SLO = `
  SELECT service AS name, sum(count) AS n, sum(errors) AS failed
  FROM flyball_red
  WHERE ${SERVED} AND time >= toDateTime({nowS:UInt32} - transform(toString(service),
    {services:Array(String)}, {windows:Array(UInt32)}, 604800))
  GROUP BY name`;

export interface FiguresQuestion {
  readonly service: string;
  /** The gauge that tells how busy the service is. */
  readonly saturation: string;
  readonly objectiveWindowMs: number;
}

/** One query per family for all services together, never one per service. */
export async function figuresOf(
  clickhouse: ClickHouseClient,
  questions: readonly FiguresQuestion[],
  nowMs: number,
): Promise<Figures> {
  const toMs = Math.ceil(nowMs / MINUTE_MS) * MINUTE_MS;
  const fromMs = toMs - MINUTES * MINUTE_MS;
  const params = {
    fromS: fromMs / 1000,
    nowS: Math.floor(nowMs / 1000),
    signals: questions.map(({ service, saturation }) => `${service} ${saturation}`),
    services: questions.map(({ service }) => service),
    windows: questions.map(({ objectiveWindowMs }) => Math.ceil(objectiveWindowMs / 1000)),
  };
  const ask = <Row>(sql: string) => rowsOf<Row>(clickhouse, sql, params);
  const [strip, now, gauges, edges, modes, loops, slo] = await Promise.all([
    ask<RedRow>(RED_STRIP),
    ask<NowRow>(RED_NOW),
    ask<{ name: string; minute: number; value: number | null }>(SATURATION),
    ask<EdgeRow>(EDGES),
    ask<{ name: string; minute: number; seen: Mode[] }>(MODES),
    ask<LoopRow>(LOOPS),
    ask<{ name: string; n: string; failed: string }>(SLO),
  ]);
  const minutes = byMinute(strip, fromMs, redOf);
  const saturation = byMinute(gauges, fromMs, ({ value }) => value ?? null);
  const modeStrips = byMinute(modes, fromMs, ({ seen }) => worstOf(seen));
  const dependencies = dependenciesOf(edges, params.nowS);
  const dependencyErrors = worstDependency(edges, fromMs);
  const loopsBy = Map.groupBy(loops, ({ name }) => name);
  const nowBy = new Map(now.map((row) => [row.name, row]));
  const sloBy = new Map(slo.map((row) => [row.name, row]));
  const names = new Set([...minutes.keys(), ...params.services]);
  const empty = <Value>() => new Array<Value | null>(MINUTES).fill(null);
  const services = [...names].sort().map((service) => {
    const current = nowBy.get(service);
    const total = sloBy.get(service);
    const hour = minutes.get(service) ?? empty<RedFigures>();
    return {
      service,
      now: current === undefined ? null : redOf(current),
      minutes: hour,
      saturation: saturation.get(service) ?? empty<number>(),
      dependencies: dependencies.get(service) ?? [],
      dependencyErrors: dependencyErrors.get(service) ?? empty<number>(),
      modes: modeStrips.get(service) ?? empty<Mode>(),
      loops: (loopsBy.get(service) ?? []).map(loopOf),
      instances: Number(current?.instances ?? 0),
      slo: { total: Number(total?.n ?? 0), errors: Number(total?.failed ?? 0) },
      lastHour: {
        total: hour.reduce((sum, minute) => sum + (minute?.count ?? 0), 0),
        errors: hour.reduce((sum, minute) => sum + (minute?.errors ?? 0), 0),
      },
    };
  });
  return { fromMs, toMs, services, newestMs: newestOf(now, strip) };
}

function loopOf(row: LoopRow): LoopFigures {
  return {
    loop: row.loop,
    atMs: Number(row.at_ms),
    reason: row.last_reason,
    text: row.last_text,
    autonomy: row.last_autonomy,
  };
}

const RANK: Readonly<Record<Mode, number>> = { target: 0, recovery: 1, degraded: 2, floor: 3 };

function worstOf(modes: readonly Mode[]): Mode | null {
  return modes.reduce<Mode | null>(
    (worst, mode) => (worst === null || RANK[mode] > RANK[worst] ? mode : worst),
    null,
  );
}

/** Sums over the last five minutes, busiest first. */
function dependenciesOf(rows: readonly EdgeRow[], nowS: number): Map<string, DependencyFigures[]> {
  const recent = rows.filter(({ minute }) => minute > nowS - 300);
  const byCaller = Map.groupBy(recent, ({ name }) => name);
  return new Map(
    [...byCaller].map(([caller, calls]) => {
      const sums = [...Map.groupBy(calls, ({ callee }) => callee)].map(([callee, parts]) => ({
        callee,
        count: parts.reduce((sum, part) => sum + Number(part.n), 0),
        errors: parts.reduce((sum, part) => sum + Number(part.failed), 0),
      }));
      return [caller, sums.sort((a, b) => b.count - a.count)];
    }),
  );
}

function worstDependency(rows: readonly EdgeRow[], fromMs: number): Map<string, (number | null)[]> {
  const worst = new Map<string, { name: string; minute: number; ratio: number }>();
  for (const { name, minute, n, failed } of rows) {
    const ratio = Number(n) === 0 ? 0 : Number(failed) / Number(n);
    const key = `${minute} ${name}`;
    if (ratio >= (worst.get(key)?.ratio ?? 0)) worst.set(key, { name, minute, ratio });
  }
  return byMinute([...worst.values()], fromMs, ({ ratio }) => ratio);
}

function newestOf(now: readonly NowRow[], strip: readonly RedRow[]): number | null {
  const newest = now.map((row) => (row.newest + 10) * 1000);
  const minutes = strip.map((row) => row.minute * 1000 + MINUTE_MS);
  const all = newest.length > 0 ? newest : minutes;
  return all.length === 0 ? null : all.reduce((a, b) => Math.max(a, b));
}
