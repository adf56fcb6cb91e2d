import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateClickHouse } from './migrate.ts';
import { applyRetention } from './retention.ts';

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

async function daysByTable(): Promise<Record<string, number>> {
  const found = await rows<{ name: string; days: string }>(
    `SELECT name, extract(engine_full, 'toIntervalDay\\\\((\\\\d+)\\\\)') AS days
     FROM system.tables WHERE database = currentDatabase() AND days != ''`,
  );
  return Object.fromEntries(found.map(({ name, days }) => [name, Number(days)]));
}

test('every table that forgets keeps its rows as long as wanted, changed only once', async () => {
  await migrateClickHouse(client);
  expect(await applyRetention(client, { days: 7 })).toEqual([]);
  const before = await daysByTable();
  const changed = await applyRetention(client, { days: 30 });
  expect(changed.sort()).toEqual(Object.keys(before).sort());
  expect(changed).toEqual(expect.arrayContaining(['otel_traces', 'otel_logs', 'flyball_red']));
  const after = await daysByTable();
  expect(after).toMatchObject({ otel_traces: 30, flyball_exemplars: 30, flyball_events: 390 });
  expect(await applyRetention(client, { days: 30 })).toEqual([]);
  await migrateClickHouse(client, { again: true });
  expect(await daysByTable()).toEqual(after);
});

test('rows beyond the new end go', async () => {
  await migrateClickHouse(client);
  await applyRetention(client, { days: 365 });
  const row = (daysAgo: number) => ({
    time: Math.floor(Date.now() / 1000) - daysAgo * 86_400,
    service: 'shop',
  });
  await client.insert({ table: 'flyball_red', values: [row(1)], format: 'JSONEachRow' });
  await client.insert({ table: 'flyball_red', values: [row(20)], format: 'JSONEachRow' });
  await applyRetention(client, { days: 5 });
  await client.command({ query: 'OPTIMIZE TABLE flyball_red FINAL' });
  expect(await rows('SELECT toUInt32(count()) AS n FROM flyball_red')).toEqual([{ n: 1 }]);
});
