import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { traceQuery } from '@flyball/contract';
import { type ClickHouseClient, migrateClickHouse } from '@flyball/store';
import { bucketIndex } from '@flyball/tracing';
import { createChdbConnection } from 'chdb/connection';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathBreakdownOf, pathEndpointsOf, REST_KEY } from './critical-paths/path-queries.ts';
import { figuresOf } from './figures/figures.queries.ts';
import { modesNow } from './figures/modes-now.ts';
import { exemplarsOf, qualityOf } from './ingest/ingest-queries.ts';
import { modeSamplesIn, transitionsIn } from './modes/mode-queries.ts';
import { needsOfQuality } from './overview/needs.ts';
import { spansOfTrace } from './traces/span-rows.ts';
import { searchTraces } from './traces/trace-search.ts';

/** The queries against the real engine. Times are in the future, so that no TTL takes the rows. */
const NOW_MS = Date.UTC(2099, 0, 1, 12, 0, 30);
const HOUR = { fromMs: NOW_MS - 3_600_000, toMs: NOW_MS };

let folder: string;
let clickhouse: ClickHouseClient;

const seconds = (agoS: number) => Math.floor(NOW_MS / 1000) - agoS;

async function insert(table: string, values: readonly object[]): Promise<void> {
  await clickhouse.insert({ table, values, format: 'JSONEachRow' });
}

function red(agoS: number, service: string, count: number, errors: number, ms: number): object {
  const buckets = { [bucketIndex(ms * 1e6)]: count };
  const key = { operation: 'GET /', kind: 'Server', instance: `${service}-1` };
  const total = { count, errors, duration_sum_ns: ms * 1e6 * count, buckets };
  return { time: seconds(agoS), service, ...key, ...total };
}

interface SpanOptions {
  readonly error?: boolean;
  readonly attributes?: Record<string, string>;
}

function span(
  trace: string,
  id: string,
  parent: string,
  service: string,
  startMs: number,
  durationMs: number,
  { error = false, attributes = {} }: SpanOptions = {},
): object {
  return {
    Timestamp: `${Math.floor(startMs / 1000)}.${String(startMs % 1000).padStart(3, '0')}000001`,
    TraceId: trace.repeat(32),
    SpanId: id.repeat(16),
    ParentSpanId: parent.repeat(16),
    ServiceName: service,
    SpanName: `${service} op`,
    SpanKind: 'Server',
    StatusCode: error ? 'Error' : 'Unset',
    Duration: durationMs * 1e6,
    SpanAttributes: { SampleRate: '10', ...attributes },
  };
}

async function fillIngest(): Promise<void> {
  await insert('flyball_ingest_quality', [
    { time: seconds(20), service: 'checkout', spans: 90, traces: 9, missing_roots: 3 },
    { time: seconds(10), service: 'checkout', spans: 10, skewed: 1, skew_max_ns: 25e6 },
    { time: seconds(10), service: 'payments', spans: 5 },
    { time: seconds(9000), service: 'checkout', spans: 1000, late: 1000 },
  ]);
  const charge = { service: 'payments', operation: 'POST /charge', kind: 'Server' };
  await insert('flyball_exemplars', [
    { time: seconds(30), ...charge, slowest: [5e6, 'quick', 'a'], failed: ['bad', 'b'] },
    { time: seconds(20), ...charge, slowest: [90e6, 'slow', 'c'], failed: ['', ''] },
    { time: seconds(20), ...charge, operation: 'GET /', slowest: [1e6, 'get', 'd'] },
  ]);
}

async function fill(): Promise<void> {
  await insert('flyball_red', [
    red(5, 'checkout', 600, 60, 400),
    red(700, 'checkout', 1200, 0, 100),
    red(5, 'payments', 600, 60, 50),
  ]);
  await insert('flyball_edges', [
    {
      time: seconds(5),
      caller: 'checkout',
      callee: 'payments',
      type: 'http',
      count: 600,
      errors: 60,
    },
    { time: seconds(5), caller: 'checkout', callee: 'inventory', type: 'http', count: 600 },
  ]);
  await insert('flyball_mode_samples', [
    { time: seconds(500), service: 'checkout', mode: 'target' },
    { time: seconds(10), service: 'checkout', mode: 'degraded' },
    { time: seconds(900), service: 'payments', mode: 'target' },
  ]);
  await insert('flyball_mode_history', [
    {
      time: `${seconds(60)}.000`,
      id: 't1',
      service: 'checkout',
      from_mode: 'target',
      to_mode: 'degraded',
      dimension: 'resilience',
      cause: 'the error budget burns',
      evidence: '[]',
    },
  ]);
  await insert('otel_traces', [
    span('a', '1', '', 'gateway', NOW_MS - 60_000, 300),
    span('a', '2', '1', 'checkout', NOW_MS - 59_990, 200, {
      error: true,
      attributes: { 'user.id': '42' },
    }),
    span('b', '3', '', 'gateway', NOW_MS - 50_000, 20),
    span('c', '4', '9', 'checkout', NOW_MS - 40_000, 30),
  ]);
  const endpoint = { root_service: 'gateway', root_operation: 'POST /checkout' };
  await insert('flyball_endpoints', [
    { time: seconds(60), ...endpoint, traces: 10, errors: 1, duration_sum_ns: 1e9 },
  ]);
  await insert('flyball_error_origin', [
    {
      time: seconds(60),
      ...endpoint,
      origin_service: 'payments',
      origin_operation: 'POST /charge',
      traces: 1,
      example_trace_id: 'a'.repeat(32),
    },
  ]);
  const operation = { traces: 10, seen: 20, exclusive_ns: 1e8, slack_ns: 4e7, drag_ns: 5e7 };
  await insert(
    'flyball_critical_path',
    Array.from({ length: 10 }, (_, i) => ({
      time: seconds(60),
      ...endpoint,
      service: `s${i}`,
      operation: 'op',
      ...operation,
      example_trace_id: i === 0 ? 'a'.repeat(32) : '',
    })),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flyball-queries-'));
  clickhouse = createClient({ connection: createChdbConnection({ path: folder }) } as never);
  await migrateClickHouse(clickhouse);
  await fill();
  await fillIngest();
});

afterAll(async () => {
  await clickhouse.close();
  rmSync(folder, { recursive: true, force: true });
});

const search = (query: object) =>
  searchTraces(clickhouse, traceQuery.parse(query), HOUR).then(({ traces, nextCursor }) => ({
    ids: traces.map(({ traceId }) => traceId[0]).join(''),
    nextCursor,
    traces,
  }));

test('figures of the last minute, by minute, of dependencies and of the objective', async () => {
  const questions = [
    { service: 'checkout', saturation: 'worker.utilization', objectiveWindowMs: 7 * 86_400_000 },
  ];
  const figures = await figuresOf(clickhouse, questions, NOW_MS);
  const checkout = figures.services.find(({ service }) => service === 'checkout');
  expect(checkout?.now).toMatchObject({ count: 600, errors: 60 });
  expect(checkout?.now?.p99Ms).toBeGreaterThan(390);
  expect(checkout?.now?.p99Ms).toBeLessThan(410);
  expect(checkout?.minutes.filter((minute) => minute !== null)).toHaveLength(2);
  expect(checkout?.minutes.at(-1)?.count).toBe(600);
  expect(checkout?.slo).toEqual({ total: 1800, errors: 60 });
  expect(checkout?.dependencies).toEqual(
    expect.arrayContaining([{ callee: 'payments', count: 600, errors: 60 }]),
  );
  expect(checkout?.dependencyErrors.at(-1)).toBeCloseTo(0.1);
  expect(checkout?.instances).toBe(1);
  expect(figures.newestMs).toBeGreaterThan(NOW_MS - 10_000);
});

test('the mode now, with what led to it; a silent service has none', async () => {
  const modes = await modesNow(clickhouse, NOW_MS);
  expect(modes.get('checkout')).toMatchObject({
    mode: 'degraded',
    cause: 'the error budget burns',
    sinceMs: seconds(60) * 1000,
  });
  expect(modes.has('payments')).toBe(false);
});

test('mode history: what was seen, and the transitions', async () => {
  const samples = await modeSamplesIn(clickhouse, HOUR, 'checkout');
  expect(samples.get('checkout')?.map(({ mode }) => mode)).toEqual(['target', 'degraded']);
  const transitions = await transitionsIn(clickhouse, HOUR, '');
  expect(transitions).toMatchObject([{ id: 't1', from: 'target', to: 'degraded', evidence: [] }]);
});

test('traces are found by what their spans and they themselves are', async () => {
  expect((await search({})).ids).toBe('cba');
  expect((await search({ service: 'gateway' })).ids).toBe('ba');
  expect((await search({ service: 'checkout', status: 'error' })).ids).toBe('a');
  expect((await search({ status: 'ok' })).ids).toBe('cb');
  expect((await search({ minDurationMs: 100 })).ids).toBe('a');
  expect((await search({ maxDurationMs: 100 })).ids).toBe('cb');
  expect((await search({ attribute: 'user.id=42' })).ids).toBe('a');
  expect((await search({ attribute: ['user.id=42', 'x=1'] })).ids).toBe('');
  expect((await search({ service: "'; DROP TABLE otel_traces" })).ids).toBe('');
  await expect(search({ attribute: 'nonsense' })).rejects.toThrow('key=value');
});

test('a trace summary counts the whole trace, and pages go on where they ended', async () => {
  const first = await search({ limit: 2 });
  expect(first.ids).toBe('cb');
  const second = await search({ limit: 2, cursor: first.nextCursor ?? '' });
  expect(second.ids).toBe('a');
  expect(second.nextCursor).toBeNull();
  expect(second.traces[0]).toMatchObject({
    rootService: 'gateway',
    spanCount: 2,
    errorCount: 1,
    durationMs: 300,
    sampleRate: 10,
    services: [
      { service: 'checkout', spans: 1, errors: 1 },
      { service: 'gateway', spans: 1, errors: 0 },
    ],
  });
  expect(first.traces[0]).toMatchObject({ rootService: null });
});

test('one trace with all its spans; an unknown one has none', async () => {
  const { rows, total } = await spansOfTrace(clickhouse, 'a'.repeat(32));
  expect(total).toBe(2);
  expect(rows[0]?.start_ns).toMatch(/000001$/);
  expect(rows[1]?.SpanAttributes).toMatchObject({ 'user.id': '42' });
  expect(await spansOfTrace(clickhouse, 'f'.repeat(32))).toEqual({ rows: [], total: 0 });
});

test("an endpoint's time: shares, drag, examples, and the rest as one band", async () => {
  const { endpoints } = await pathEndpointsOf(clickhouse, HOUR);
  expect(endpoints).toMatchObject([
    { service: 'gateway', traces: 10, meanMs: 100, errorRatio: 0.1 },
  ]);
  const endpoint = { service: 'gateway', operation: 'POST /checkout' };
  const path = await pathBreakdownOf(clickhouse, endpoint, HOUR, 60_000);
  expect(path.rows).toHaveLength(10);
  expect(path.rows[0]).toMatchObject({ share: 0.1, traces: 10, slackMs: 2, dragMs: 5 });
  expect(path.rows.flatMap((row) => row.exampleTraceIds)).toEqual(['a'.repeat(32)]);
  expect(path.errorOrigins).toEqual([
    {
      service: 'payments',
      operation: 'POST /charge',
      traces: 1,
      exampleTraceIds: ['a'.repeat(32)],
    },
  ]);
  expect(path.series.keys).toHaveLength(9);
  const [point] = path.series.points;
  expect(point?.shares[REST_KEY]).toBeCloseTo(0.2);
  expect(Object.values(point?.shares ?? {}).reduce((a, b) => a + b, 0)).toBeCloseTo(1);
});

test('a service whose spans are too often broken needs somebody', async () => {
  const services = await qualityOf(clickhouse, HOUR);
  expect(needsOfQuality(services, NOW_MS)).toEqual([]);
  const broken = services.map((service) => ({ ...service, rejected: 20, negative: 5 }));
  expect(needsOfQuality(broken, NOW_MS)).toMatchObject([
    { kind: 'ingest', service: 'checkout', detail: expect.stringContaining('20.8 % of its spans') },
    { kind: 'ingest', service: 'payments' },
  ]);
});

test('ingest tells the services with faults first, and by how much clocks differ', async () => {
  const [first, second, ...more] = await qualityOf(clickhouse, HOUR);
  expect(first).toMatchObject({
    service: 'checkout',
    spans: 100,
    traces: 9,
    missingRoots: 3,
    late: 0,
    skewed: 1,
    skewMaxMs: 25,
  });
  expect(second).toMatchObject({ service: 'payments', spans: 5, missingRoots: 0 });
  expect(more).toEqual([]);
});

test('ingest names the slowest kept trace of each operation, and one that failed', async () => {
  const operation = { service: 'payments', kind: 'Server' };
  expect(await exemplarsOf(clickhouse, 'payments', HOUR)).toMatchObject([
    {
      ...operation,
      operation: 'POST /charge',
      slowest: { durationMs: 90, traceId: 'slow', spanId: 'c' },
      failed: { traceId: 'bad', spanId: 'b' },
    },
    { ...operation, operation: 'GET /', failed: null },
  ]);
  expect(await exemplarsOf(clickhouse, 'nobody', HOUR)).toEqual([]);
});
