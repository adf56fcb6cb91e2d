import { setTimeout as pause } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createClient,
  type RunningClickHouse,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { startProgram } from '../support/process.ts';

let directory: string;
const started: RunningClickHouse[] = [];
const clients: ClickHouseClient[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const { program } of started.splice(0)) await program.stop('SIGKILL');
  removeDirectory(directory);
});

async function start(env: NodeJS.ProcessEnv = {}) {
  const server = await startClickHouse(directory, env);
  started.push(server);
  const client = createClient({ url: server.url, request_timeout: 60_000 });
  clients.push(client);
  return { ...server, client };
}

async function scalar(client: ClickHouseClient, query: string): Promise<number> {
  const answer = await client.query({
    query: `SELECT toFloat64((${query}))`,
    format: 'TabSeparated',
  });
  return Number(await answer.text());
}

const LONG = 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)';
const RUNNING = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sum(sipHash64%'";

describe('the embedded ClickHouse when things break', () => {
  it('keeps every acknowledged row over kill -9, three times in a row', async () => {
    let acknowledged = 0;
    let sent = 0;
    for (let round = 0; round < 3; round++) {
      const { client, program } = await start();
      await client.command({
        query: `CREATE TABLE IF NOT EXISTS kept (id UInt64) ENGINE = MergeTree ORDER BY id
          SETTINGS non_replicated_deduplication_window = 1000`,
      });
      await client.command({
        query: 'CREATE TABLE IF NOT EXISTS kept_copy (id UInt64) ENGINE = MergeTree ORDER BY id',
      });
      await client.command({
        query: 'CREATE MATERIALIZED VIEW IF NOT EXISTS kept_mv TO kept_copy AS SELECT id FROM kept',
      });
      expect(await scalar(client, 'SELECT count() FROM kept')).toBeGreaterThanOrEqual(acknowledged);
      let alive = true;
      const write = async () => {
        while (alive) {
          const id = sent++;
          const values = Array.from({ length: 100 }, (_, index) => ({ id: id * 100 + index }));
          await client.insert({ table: 'kept', values, format: 'JSONEachRow' });
          acknowledged += 100;
        }
      };
      const writers = [write(), write(), write()].map((writer) => writer.catch(() => undefined));
      const goal = acknowledged + 5_000;
      while (acknowledged < goal) await pause(5);
      alive = false;
      program.child.kill('SIGKILL');
      await Promise.all([program.ended, ...writers]);
    }
    const { client } = await start();
    expect(acknowledged).toBeGreaterThanOrEqual(15_000);
    const count = await scalar(client, 'SELECT count() FROM kept');
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    expect(count).toBeLessThanOrEqual(sent * 100);
    expect(await scalar(client, 'SELECT uniqExact(id) FROM kept')).toBe(count);
  });

  it('writes a block once for each deduplication token, also after a crash', async () => {
    const first = await start();
    await first.client.command({
      query: `CREATE TABLE once (id UInt64) ENGINE = MergeTree ORDER BY id
        SETTINGS non_replicated_deduplication_window = 1000`,
    });
    const insert = (client: ClickHouseClient, token: string) =>
      client.insert({
        table: 'once',
        values: [{ id: 1 }, { id: 2 }],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplication_token: token },
      });
    await insert(first.client, 'a');
    await insert(first.client, 'a');
    first.program.child.kill('SIGKILL');
    await first.program.ended;
    const second = await start();
    await insert(second.client, 'a');
    await insert(second.client, 'b');
    expect(await scalar(second.client, 'SELECT count() FROM once')).toBe(4);
  });

  it('starts again with no tables, with some, and after the last was dropped', async () => {
    for (const query of [
      'SELECT 1',
      'CREATE TABLE a (id UInt64) ENGINE = MergeTree ORDER BY id',
      'INSERT INTO a VALUES (1)',
      'CREATE VIEW v AS SELECT id FROM a',
      'DROP VIEW v',
      'DROP TABLE a SYNC',
      'CREATE TABLE b (id UInt64) ENGINE = MergeTree ORDER BY id',
      'DROP TABLE b',
      'SELECT 2',
    ]) {
      const { client, program } = await start();
      await client.command({ query });
      if (query.startsWith('INSERT')) program.child.kill('SIGKILL');
      await program.stop();
    }
    const { client } = await start();
    expect(
      await scalar(client, "SELECT count() FROM system.tables WHERE database = 'default'"),
    ).toBe(0);
  });

  it('refuses a second start on one directory and names the owner', async () => {
    const { program } = await start();
    const second = startProgram('infra/embedded/clickhouse/src/main.ts', {
      FLYBALL_DATA_DIR: directory,
      FLYBALL_CLICKHOUSE_PORT: '0',
    });
    const line = await second.line((entry) => entry.level >= 60);
    expect(line.msg).toContain(`process ${program.pid}`);
    expect(await second.ended).toBe(1);
    expect(await program.stop()).toBe(0);
    const { client } = await start();
    expect(await client.ping()).toEqual({ success: true });
  });

  it('ends a running query when its client goes away, and answers pings meanwhile', async () => {
    const { client, url } = await start();
    const abort = new AbortController();
    const gone = client.query({ query: LONG, abort_signal: abort.signal }).catch(() => undefined);
    while ((await scalar(client, RUNNING)) === 0) await pause(10);
    const before = performance.now();
    expect((await fetch(`${url}/ping`)).status).toBe(200);
    expect(performance.now() - before).toBeLessThan(1_000);
    abort.abort();
    await gone;
    const deadline = performance.now() + 10_000;
    while ((await scalar(client, RUNNING)) > 0 && performance.now() < deadline) await pause(20);
    expect(await scalar(client, RUNNING)).toBe(0);
  });

  it('ends a query at its time limit', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/?max_execution_time=0.5`, { method: 'POST', body: LONG });
    expect(answer.status).toBe(408);
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe('159');
  });

  it('lets queries wait, refuses more than may wait, and drops those who leave', async () => {
    const { url } = await start({
      FLYBALL_CLICKHOUSE_MAX_QUERIES: '1',
      FLYBALL_CLICKHOUSE_MAX_WAITING: '2',
      FLYBALL_CLICKHOUSE_QUEUE_WAIT_MS: '20000',
    });
    const ask = (body: string, signal?: AbortSignal) =>
      fetch(url, { method: 'POST', body, ...(signal ? { signal } : {}) });
    const first = ask('SELECT sleep(1.5)');
    await pause(300);
    const leaving = new AbortController();
    const left = ask('SELECT 1', leaving.signal).catch(() => 'left');
    const waiting = ask('SELECT 2');
    await pause(200);
    const refused = await ask('SELECT 3');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('x-clickhouse-exception-code')).toBe('202');
    expect(refused.headers.get('retry-after')).toBe('1');
    leaving.abort();
    expect(await left).toBe('left');
    expect(await (await waiting).text()).toBe('2\n');
    expect((await first).status).toBe(200);
  });

  it('bounds the size of an answer and the memory of a query', async () => {
    const { url } = await start({
      FLYBALL_CLICKHOUSE_MAX_RESULT_BYTES: '1000000',
      FLYBALL_CLICKHOUSE_MAX_MEMORY_BYTES: '50000000',
    });
    const large = await fetch(url, { method: 'POST', body: 'SELECT * FROM numbers(10000000)' });
    expect(large.headers.get('x-clickhouse-exception-code')).toBe('396');
    const hungry = 'SELECT uniqExact(number) FROM numbers(100000000)';
    const greedy = await fetch(url, { method: 'POST', body: hungry });
    expect(greedy.headers.get('x-clickhouse-exception-code')).toBe('241');
    expect(await (await fetch(url, { method: 'POST', body: 'SELECT 1' })).text()).toBe('1\n');
  });

  it('lets what runs finish on SIGTERM, then exits with 0 within its time', async () => {
    const { client, url, program } = await start();
    const running = fetch(url, { method: 'POST', body: 'SELECT sleep(1)' });
    while (
      (await scalar(client, "SELECT count() FROM system.processes WHERE query LIKE '%sleep(1)%'")) <
      2
    )
      await pause(10);
    const before = performance.now();
    const ended = program.stop();
    expect(await (await running).text()).toBe('0\n');
    expect(await ended).toBe(0);
    expect(performance.now() - before).toBeLessThan(8_000);
  });

  it('kills what does not finish on SIGTERM', async () => {
    const { client, url, program } = await start();
    const running = fetch(url, { method: 'POST', body: LONG }).catch(() => undefined);
    while ((await scalar(client, RUNNING)) === 0) await pause(10);
    const before = performance.now();
    expect(await program.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(8_500);
    await running;
  });

  it('does not listen beyond loopback without a password', async () => {
    const program = startProgram('infra/embedded/clickhouse/src/main.ts', {
      FLYBALL_DATA_DIR: directory,
      FLYBALL_CLICKHOUSE_PORT: '0',
      FLYBALL_HOST: '0.0.0.0',
    });
    const line = await program.line((entry) => entry.level >= 60);
    expect(line.msg).toContain('FLYBALL_CLICKHOUSE_PASSWORD');
    expect(await program.ended).toBe(1);
  });
});
