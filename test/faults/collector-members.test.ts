import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  hexId,
  type RunningCollector,
  type Stack,
  startCollector,
  startStack,
} from '../conformance/otlp-harness.ts';
import { type SpanWanted, traceRequest } from '../conformance/otlp-messages.ts';
import { databaseUrl, type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/** One of two collectors freezes, or stops in the middle of the load. */
const CONFIG = `window: { delay: 500ms, timeout: 3s }
spool: { blockAge: 100ms }
cluster: { heartbeat: 200ms, lease: 4s, giveUpAfter: 500ms, maxQueue: 1MiB }
sampling:
  rules:
    - { name: all, keep: 100% }
`;
const ENV = {
  FLYBALL_COLLECTOR_ADVERTISE: 'http://127.0.0.1:0',
  FLYBALL_GUARD_TOKEN: 'a token of the collectors',
};

let stack: Stack;
let postgres: RunningPostgres;
let first: RunningCollector;

beforeAll(async () => {
  stack = await startStack({ config: CONFIG });
  postgres = await startPostgres(stack.directory);
  first = await join('first');
});

afterAll(async () => {
  await first?.program.stop('SIGKILL');
  await postgres?.program.stop();
  await stack?.stop();
});

async function join(name: string): Promise<RunningCollector> {
  return startCollector({
    directory: `${stack.directory}/${name}`,
    clickhouseUrl: stack.clickhouse.url,
    config: CONFIG,
    env: { ...ENV, DATABASE_URL: databaseUrl(stack.directory) },
  });
}

function members({ program }: RunningCollector, count: number) {
  return until(`${count} members`, 30_000, () => {
    const last = program.lines.findLast(({ msg }) => msg === 'members');
    return (last?.members as string[] | undefined)?.length === count;
  });
}

interface Sent {
  readonly acked: string[];
  readonly slowestMs: number;
  readonly statuses: Set<number>;
}

/** Single-span traces to one collector, each request as soon as the one before was answered. */
async function load(to: RunningCollector, service: string, forMs: number): Promise<Sent> {
  const acked: string[] = [];
  const statuses = new Set<number>();
  let slowestMs = 0;
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    const spans = Array.from(
      { length: 20 },
      (): SpanWanted => ({ traceId: hexId(16), spanId: hexId(8), service }),
    );
    const startedMs = performance.now();
    const response = await fetch(`${to.http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: traceRequest(...spans) as BodyInit,
    });
    await response.arrayBuffer();
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    statuses.add(response.status);
    if (response.status === 200) acked.push(...spans.map(({ spanId }) => spanId));
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { acked, slowestMs, statuses };
}

async function stored(service: string, wanted: readonly string[]): Promise<void> {
  const query = `SELECT DISTINCT SpanId FROM otel_traces WHERE ServiceName = '${service}'`;
  const rows = await stack.rows<{ SpanId: string }>(
    query,
    (found) => found.length >= wanted.length,
    40_000,
  );
  const there = new Set(rows.map(({ SpanId }) => SpanId));
  expect(wanted.filter((id) => !there.has(id))).toEqual([]);
}

test('a frozen member: senders are answered, and nothing acknowledged is lost', async () => {
  const second = await join('second');
  await members(first, 2);
  await members(second, 2);
  second.program.child.kill('SIGSTOP');
  const { acked, slowestMs, statuses } = await load(first, 'frozen', 9000);
  expect(slowestMs).toBeLessThan(3000);
  // Full queues are said honestly; anything else would make an SDK drop its data.
  for (const status of statuses) expect([200, 429]).toContain(status);
  expect(acked.length).toBeGreaterThan(1000);
  expect(await first.metric('flyball_collector_kept_here_spans_total')).toBeGreaterThan(0);
  await stored('frozen', acked);
  await members(first, 1);
  second.program.child.kill('SIGCONT');
  await members(first, 2);
  const after = await load(first, 'thawed', 1000);
  await stored('thawed', after.acked);
  await second.program.stop('SIGKILL');
  await members(first, 1);
});

test('a member that stops under load hands over, and nothing acknowledged is lost', async () => {
  const second = await join('third');
  await members(first, 2);
  await members(second, 2);
  const early = await load(second, 'leaving', 1500);
  const [late, code] = await Promise.all([
    load(first, 'staying', 4000),
    second.program.stop('SIGTERM', 15_000),
  ]);
  expect(code).toBe(0);
  await members(first, 1);
  await stored('leaving', early.acked);
  await stored('staying', late.acked);
  for (const status of late.statuses) expect([200, 429]).toContain(status);
  const red = "SELECT sum(count) AS n FROM flyball_red WHERE service IN ('leaving', 'staying')";
  const total = early.acked.length + late.acked.length;
  const [counted] = await stack.rows<{ n: string }>(red, ([row]) => Number(row?.n) >= total);
  expect(Number(counted?.n)).toBe(total);
});
