import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onCluster, orderOf, shardingKey } from './cluster.ts';
import { clickhouseMigrations, migrateClickHouse } from './migrate.ts';

/**
 * No cluster runs here: the real engine parses every statement, and computes each sharding key on
 * the tables it is for.
 */
let folder: string;
let client: ClickHouseClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flyball-cluster-'));
  client = createClient({ connection: createChdbConnection({ path: folder }) } as never);
  await migrateClickHouse(client);
});

afterAll(async () => {
  await client.close();
  rmSync(folder, { recursive: true, force: true });
});

async function rows<T>(query: string): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return result.json<T>();
}

const statementsOf = (cluster?: string) =>
  clickhouseMigrations({ cluster }).flatMap(({ statements }) => statements);
const single = statementsOf();
const clustered = statementsOf('main');
const nameOf = (statement: string) =>
  /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] as string;
const created = single.filter((statement) => statement.startsWith('CREATE TABLE'));

for (const statement of created) {
  const name = nameOf(statement);
  test(`${name}: replicated on every shard, distributed over them`, async () => {
    const [local = '', distributed = '', ...more] = onCluster(statement, 'main');
    expect(more).toEqual([]);
    expect(local).toContain(`CREATE TABLE IF NOT EXISTS ${name}_local ON CLUSTER 'main' (`);
    expect(local).toMatch(/ENGINE = Replicated\w*MergeTree\(/);
    expect(local).toContain("MergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')");
    expect(local).not.toContain('non_replicated');
    if (statement.includes('non_replicated_deduplication_window')) {
      expect(local).toMatch(/replicated_deduplication_window = \d+/);
    }
    const key = shardingKey(name, orderOf(statement));
    expect(distributed).toBe(
      `CREATE TABLE IF NOT EXISTS ${name} ON CLUSTER 'main' AS ${name}_local\n` +
        `ENGINE = Distributed('main', currentDatabase(), ${name}_local, ${key})`,
    );
    const [type] = await rows<{ t: string }>(
      `SELECT toTypeName(${key}) AS t FROM (SELECT 1) AS one LEFT JOIN ${name} ON 1 LIMIT 1`,
    );
    expect(type).toEqual({ t: 'UInt64' });
  });
}

test('the engine parses every statement', async () => {
  for (const statement of clustered) {
    const quoted = statement.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    const [formatted] = await rows<{ text: string }>(
      `SELECT formatQuerySingleLine('${quoted}') AS text`,
    );
    expect(formatted?.text).toContain('ON CLUSTER main');
  }
});

test('a trace and what is made of its rows lie on one shard', () => {
  expect(shardingKey('otel_traces', '')).toBe('cityHash64(TraceId)');
  expect(shardingKey('otel_traces_trace_id_ts', '')).toBe('cityHash64(TraceId)');
  const view = clustered.find((statement) => statement.startsWith('CREATE MATERIALIZED'));
  expect(view).toContain("otel_traces_trace_id_ts_mv ON CLUSTER 'main'");
  expect(view).toContain('TO otel_traces_trace_id_ts_local AS');
  expect(view).toContain('FROM otel_traces_local');
});

test('increments of one series meet on one shard, whenever they come', () => {
  const red = created.find((statement) => nameOf(statement) === 'flyball_red') as string;
  expect(shardingKey('flyball_red', orderOf(red))).toBe(
    'cityHash64(service, operation, kind, instance)',
  );
});

test('a row is never put on a shard by chance, which would undo deduplication', () => {
  for (const statement of clustered) expect(statement).not.toMatch(/\b(rand\w*|now\w*)\(\)\)$/);
});

test('later columns come to both tables, a new order to the local one', () => {
  const statement =
    'ALTER TABLE flyball_sampling\n  ADD COLUMN IF NOT EXISTS a String,\n' +
    '  MODIFY ORDER BY (policy, a)';
  expect(onCluster(statement, 'main')).toEqual([
    "ALTER TABLE flyball_sampling_local ON CLUSTER 'main'\n" +
      '  ADD COLUMN IF NOT EXISTS a String,\n  MODIFY ORDER BY (policy, a)',
    "ALTER TABLE flyball_sampling ON CLUSTER 'main'\n  ADD COLUMN IF NOT EXISTS a String",
  ]);
});

test('what has no form for a cluster, and what is no cluster, is refused', () => {
  expect(() => onCluster('DROP TABLE otel_traces', 'main')).toThrow('no form of this statement');
  expect(() => onCluster(created[0] as string, "x' SYNC")).toThrow('is no name of a cluster');
});

test('tables of one server are not taken for those of a cluster', async () => {
  await expect(migrateClickHouse(client, { cluster: 'main' })).rejects.toThrow('of one server');
});
