import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  createClient,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';
import { ROOT } from '../support/process.ts';
import { until } from '../support/until.ts';
import { hexId, QUICK, type RunningCollector, startCollector } from './otlp-harness.ts';
import { traceRequest } from './otlp-messages.ts';

/** What was acknowledged and decided "keep" is never lost, and never stored twice. */
const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function folder(): string {
  const directory = temporaryDirectory();
  ends.push(() => removeDirectory(directory));
  return directory;
}

async function collectorOn(directory: string, clickhouseUrl: string, config = QUICK) {
  const collector = await startCollector({ directory, clickhouseUrl, config });
  ends.push(() => collector.program.stop('SIGKILL'));
  return collector;
}

async function clickhouseOn(directory: string, env = {}) {
  const clickhouse = await startClickHouse(directory, env);
  ends.push(() => clickhouse.program.stop('SIGKILL'));
  const client = createClient({ url: clickhouse.url });
  ends.push(() => client.close());
  const spans = async (service: string) => {
    const query = `SELECT SpanId FROM otel_traces WHERE ServiceName = '${service}'`;
    const result = await client.query({ query, format: 'JSONEachRow' });
    return (await result.json<{ SpanId: string }>()).map((row) => row.SpanId);
  };
  return { ...clickhouse, spans };
}

async function send(collector: RunningCollector, service: string, n: number): Promise<string[]> {
  const spans = Array.from({ length: n }, () => ({
    traceId: hexId(16),
    spanId: hexId(8),
    service,
  }));
  const response = await fetch(`${collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(...spans) as BodyInit,
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  return spans.map((span) => span.spanId);
}

const KEPT = 'flyball_collector_decided_spans_total{verdict="kept",reason="error"}';

/** Waits until the collector says that so many spans were decided "keep". */
function decided(collector: RunningCollector, n: number): Promise<unknown> {
  return until(`${n} spans decided`, 10_000, async () => (await collector.metric(KEPT)) >= n, 10);
}

function sorted(ids: readonly string[]): string[] {
  return [...ids].sort();
}

test('kill -9 while ClickHouse is away: everything decided is there afterwards, once', async () => {
  const directory = folder();
  const nowhere = 'http://127.0.0.1:9';
  const first = await collectorOn(directory, nowhere);
  const ids = [...(await send(first, 'killed', 300)), ...(await send(first, 'killed', 200))];
  await decided(first, 500);
  await first.program.stop('SIGKILL');
  const clickhouse = await clickhouseOn(directory);
  const second = await collectorOn(directory, clickhouse.url);
  await until('all spans', 20_000, async () => (await clickhouse.spans('killed')).length >= 500);
  ids.push(...(await send(second, 'killed', 1)));
  await until('a new span', 10_000, async () => (await clickhouse.spans('killed')).length >= 501);
  expect(sorted(await clickhouse.spans('killed'))).toEqual(sorted(ids));
});

test('ClickHouse dies and comes back: the collector takes in all the time', async () => {
  const directory = folder();
  const first = await clickhouseOn(directory);
  const { port } = new URL(first.url);
  const collector = await collectorOn(directory, first.url);
  const ids = await send(collector, 'outage', 100);
  await until('spans', 20_000, async () => (await first.spans('outage')).length === 100);
  await first.program.stop('SIGKILL');
  for (let i = 0; i < 10; i++) ids.push(...(await send(collector, 'outage', 50)));
  await decided(collector, 600);
  expect((await fetch(`${collector.http}/health/ready`)).status).toBe(200);
  const health = await (await fetch(`${collector.http}/health/detailed`)).json();
  expect(health).toMatchObject({ status: 'degraded' });
  const second = await clickhouseOn(directory, { FLYBALL_CLICKHOUSE_PORT: port });
  await until('all', 30_000, async () => (await second.spans('outage')).length === ids.length);
  expect(sorted(await second.spans('outage'))).toEqual(sorted(ids));
  await until('an empty spool', 10_000, async () => {
    return (await collector.metric('flyball_collector_spool_blocks')) === 0;
  });
});

test('a row that ClickHouse never takes is put aside, and holds up no other', async () => {
  const directory = folder();
  const clickhouse = await clickhouseOn(directory, { FLYBALL_CLICKHOUSE_MAX_BODY_BYTES: '100000' });
  const small =
    'window: { delay: 100ms }\nspool: { blockAge: 100ms, blockSize: 64KiB }\n' +
    'sink: { refusedFor: 100ms }';
  const collector = await collectorOn(directory, clickhouse.url, small);
  const wide = { traceId: hexId(16), spanId: hexId(8), name: 'x'.repeat(200_000) };
  const response = await fetch(`${collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(wide) as BodyInit,
  });
  expect(response.status).toBe(200);
  await decided(collector, 1);
  const ids = await send(collector, 'behind', 20);
  await until('stored', 20_000, async () => (await clickhouse.spans('behind')).length === 20);
  expect(sorted(await clickhouse.spans('behind'))).toEqual(sorted(ids));
  const refused = 'flyball_collector_refused_blocks_total{table="otel_traces"}';
  await until('put aside', 10_000, async () => (await collector.metric(refused)) === 1);
  expect(await collector.metric('flyball_collector_refused_blocks')).toBe(1);
  const aside = readdirSync(join(directory, 'collector', 'spool', 'refused'));
  expect(aside.filter((name) => name.endsWith('.reason.txt'))).toHaveLength(1);
});

test('SIGTERM: what waits is decided and sent, within 8 s', async () => {
  const directory = folder();
  const clickhouse = await clickhouseOn(directory);
  const slow = 'window: { delay: 20s, timeout: 30s }';
  const collector = await collectorOn(directory, clickhouse.url, slow);
  await until('the schema', 20_000, async () => (await clickhouse.spans('x')).length === 0);
  const ids = await send(collector, 'waiting', 200);
  const startedMs = performance.now();
  expect(await collector.program.stop('SIGTERM')).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(8000);
  expect(sorted(await clickhouse.spans('waiting'))).toEqual(sorted(ids));
  expect(existsSync(join(directory, 'collector', 'spool', 'owner.json'))).toBe(false);
});

test('a torn tail is left out with a log line, the rest is stored', async () => {
  const directory = folder();
  const nowhere = 'http://127.0.0.1:9';
  const first = await collectorOn(directory, nowhere);
  const ids = await send(first, 'torn', 10);
  await decided(first, 10);
  await first.program.stop('SIGKILL');
  const spool = join(directory, 'collector', 'spool');
  const block = readdirSync(spool).find((name) => name.includes('otel_traces')) as string;
  writeFileSync(join(spool, block), Buffer.from('FLY1 half a rec'), { flag: 'a' });
  const clickhouse = await clickhouseOn(directory);
  const second = await collectorOn(directory, clickhouse.url);
  await second.program.line((line) => line.lostBytes === 15);
  await until('all', 20_000, async () => (await clickhouse.spans('torn')).length === 10);
  expect(sorted(await clickhouse.spans('torn'))).toEqual(sorted(ids));
});

test('two collectors on one spool: the second is told who has it', async () => {
  const directory = folder();
  const first = await collectorOn(directory, 'http://127.0.0.1:9');
  const second = startCollector({ directory, clickhouseUrl: 'http://127.0.0.1:9' });
  await expect(second).rejects.toThrow(`in use by process ${first.program.pid}`);
});

test('spans of a hundred and fifty days in one request are all stored', async () => {
  const directory = folder();
  const clickhouse = await clickhouseOn(directory);
  const collector = await collectorOn(directory, clickhouse.url);
  // Clocks are wrong; in the future here, because no TTL takes what has not happened yet.
  const dayMs = 24 * 3_600_000;
  const spans = Array.from({ length: 150 }, (_, day) => ({
    traceId: hexId(16),
    spanId: hexId(8),
    service: 'calendar',
    endMs: Date.UTC(2080, 0, 1) + day * dayMs,
  }));
  const response = await fetch(`${collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(...spans) as BodyInit,
  });
  expect(response.status).toBe(200);
  await until('stored', 15_000, async () => (await clickhouse.spans('calendar')).length === 150);
});

test('rules change while it runs; with a fault the old rules stay', async () => {
  const directory = folder();
  const clickhouse = await clickhouseOn(directory);
  const collector = await collectorOn(directory, clickhouse.url);
  const file = join(directory, 'collector.yaml');
  writeFileSync(file, `${QUICK}sampling: { rules: [{ name: none, keep: 150% }] }\n`);
  collector.program.child.kill('SIGHUP');
  const refused = await collector.program.line((line) => line.msg.includes('refused'));
  expect(String(refused.faults)).toContain('sampling.rules[0].keep: 150% is above the bound 100%');
  const [kept] = await send(collector, 'before', 1);
  await until('kept', 10_000, async () => (await clickhouse.spans('before')).includes(kept ?? ''));
  writeFileSync(file, `${QUICK}sampling: { rules: [{ name: none, keep: 0% }] }\n`);
  collector.program.child.kill('SIGHUP');
  await collector.program.line((line) => line.msg.startsWith('configuration changed'));
  await send(collector, 'after', 1);
  const dropped = 'flyball_collector_decided_traces_total{trigger="root",verdict="dropped"}';
  await until('dropped', 10_000, async () => (await collector.metric(dropped)) >= 1);
  expect(await clickhouse.spans('after')).toEqual([]);
});

test('check says what is wrong with a file and where', () => {
  const directory = folder();
  const file = join(directory, 'c.yaml');
  writeFileSync(file, 'window:\n  delay: 2 hours\n');
  const main = join(ROOT, 'apps/collector/src/main.ts');
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=@flyball/source', main, ...args]);
  const wrong = run('check', file);
  expect([wrong.status, wrong.stderr.toString()]).toEqual([
    1,
    `${file}:2:10: window.delay: "2 hours" is no duration: write it like 250ms, 30s or 5m\n`,
  ]);
  expect(run('check', join(ROOT, 'apps/collector/collector.yaml')).status).toBe(0);
  expect(run('--help').stdout.toString()).toContain('FLYBALL_OTLP_GRPC_PORT');
});
