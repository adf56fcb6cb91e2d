import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clickhouseMigrations, migrateClickHouse } from './migrate.ts';

let folder: string;
let client: ClickHouseClient;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flyball-store-'));
  client = createClient({ connection: createChdbConnection({ path: folder }) } as never);
});

afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true, force: true });
});

async function rows<T>(query: string): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return result.json<T>();
}

test('the schema is applied once, and again without harm', async () => {
  const versions = clickhouseMigrations().map((migration) => migration.version);
  expect(await migrateClickHouse(client)).toEqual(versions);
  expect(await migrateClickHouse(client)).toEqual([]);
  const tables = await rows<{ name: string }>('SHOW TABLES');
  const names = tables.map((table) => table.name);
  for (const kind of ['gauge', 'sum', 'histogram', 'exponential_histogram', 'summary']) {
    expect(names).toContain(`otel_metrics_${kind}`);
  }
  expect(names).toEqual(expect.arrayContaining(['otel_traces', 'otel_logs', 'flyball_red']));
});

test('a half-applied version is completed', async () => {
  await client.command({ query: 'DROP TABLE flyball_red' });
  await client.command({ query: 'TRUNCATE TABLE flyball_schema' });
  await migrateClickHouse(client);
  expect(await rows("SELECT name FROM system.tables WHERE name = 'flyball_red'")).toHaveLength(1);
});

test('the ledger tells triggers apart, and the slowest kept trace of a series wins', async () => {
  await migrateClickHouse(client);
  await migrateClickHouse(client, { again: true });
  const decided = { time: '2100-01-01 00:00:00', policy: 'p', reason: 'rest', seen: 1, spans: 2 };
  const served = { time: '2100-01-01 00:00:00', service: 's', operation: 'o', kind: 'Server' };
  const insert = (table: string, ...values: object[]) =>
    client.insert({ table, values, format: 'JSONEachRow' });
  await insert(
    'flyball_sampling',
    { ...decided, trigger: 'root' },
    { ...decided, trigger: 'late' },
  );
  await insert('flyball_sampling', { ...decided, trigger: 'root', probability_sum: 0.5 });
  await insert('flyball_exemplars', { ...served, slowest: [7, 'fast', 'a'], failed: ['bad', 'c'] });
  await insert('flyball_exemplars', { ...served, slowest: [30, 'slow', 'b'], failed: ['', ''] });
  await client.command({ query: 'OPTIMIZE TABLE flyball_sampling FINAL' });
  await client.command({ query: 'OPTIMIZE TABLE flyball_exemplars FINAL' });
  expect(
    await rows(`SELECT trigger, toUInt32(seen) AS seen, probability_sum AS p
      FROM flyball_sampling WHERE policy = 'p' ORDER BY trigger`),
  ).toEqual([
    { trigger: 'late', seen: 1, p: 0 },
    { trigger: 'root', seen: 2, p: 0.5 },
  ]);
  expect(await rows('SELECT slowest.2 AS slow, failed.1 AS bad FROM flyball_exemplars')).toEqual([
    { slow: 'slow', bad: 'bad' },
  ]);
});

test('a table that was dropped comes back when everything is applied again', async () => {
  await migrateClickHouse(client);
  await client.command({ query: 'DROP TABLE flyball_red' });
  expect(await migrateClickHouse(client)).toEqual([]);
  expect(await migrateClickHouse(client, { again: true })).toEqual([1, 2]);
  expect(await rows("SELECT name FROM system.tables WHERE name = 'flyball_red'")).toHaveLength(1);
});

test('increments of one bucket add up, histograms too', async () => {
  await migrateClickHouse(client);
  const row = {
    time: '2100-01-01 00:00:00',
    service: 'checkout',
    operation: 'POST /',
    kind: 'Server',
  };
  const values = [
    { ...row, instance: 'a', count: 2, errors: 1, duration_sum_ns: 30, buckets: { 400: 2 } },
    {
      ...row,
      instance: 'a',
      count: 3,
      errors: 0,
      duration_sum_ns: 12,
      buckets: { 400: 1, 401: 2 },
    },
  ];
  for (const value of values) {
    await client.insert({ table: 'flyball_red', values: [value], format: 'JSONEachRow' });
  }
  const [total] = await rows<{ c: string; e: string; b: Record<string, string> }>(
    'SELECT sum(count) AS c, sum(errors) AS e, sumMap(buckets) AS b FROM flyball_red',
  );
  expect(Number(total?.c)).toBe(5);
  expect(Number(total?.e)).toBe(1);
  expect(Object.entries(total?.b ?? {}).map(([k, v]) => [k, Number(v)])).toEqual([
    ['400', 3],
    ['401', 2],
  ]);
});

test('a trace is found by its time range', async () => {
  await migrateClickHouse(client);
  const span = {
    Timestamp: '2100-01-01 00:00:00.123456789',
    TraceId: 'a'.repeat(32),
    SpanId: 'b'.repeat(16),
    ServiceName: 'checkout',
    SpanName: 'POST /',
    'Events.Timestamp': ['2100-01-01 00:00:00.2'],
    'Events.Name': ['exception'],
    'Events.Attributes': [{ 'exception.type': 'Error' }],
    Duration: 5,
  };
  await client.insert({ table: 'otel_traces', values: [span], format: 'JSONEachRow' });
  const found = await rows<{ Start: string }>(
    `SELECT Start FROM otel_traces_trace_id_ts WHERE TraceId = '${span.TraceId}'`,
  );
  expect(found).toEqual([{ Start: '2100-01-01 00:00:00' }]);
  const [stored] = await rows<{ t: string }>('SELECT toString(Timestamp) AS t FROM otel_traces');
  expect(stored?.t).toBe('2100-01-01 00:00:00.123456789');
});

test('a block sent again under its token counts once, in the views too', async () => {
  await migrateClickHouse(client);
  const values = [
    { Timestamp: '2100-01-02 00:00:00', TraceId: 'c'.repeat(32), SpanId: 'd'.repeat(16) },
  ];
  for (let attempt = 0; attempt < 2; attempt++) {
    await client.insert({
      table: 'otel_traces',
      values,
      format: 'JSONEachRow',
      clickhouse_settings: {
        insert_deduplicate: 1,
        insert_deduplication_token: 'block-1',
        deduplicate_blocks_in_dependent_materialized_views: 1,
      },
    });
  }
  const table = (name: string) =>
    rows(`SELECT TraceId FROM ${name} WHERE TraceId = '${'c'.repeat(32)}'`);
  expect(await table('otel_traces')).toHaveLength(1);
  expect(await table('otel_traces_trace_id_ts')).toHaveLength(1);
});
