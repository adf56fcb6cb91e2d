import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  hexId,
  type RunningCollector,
  type Stack,
  startCollector,
  startStack,
} from '../conformance/otlp-harness.ts';
import { type SpanWanted, traceRequest, traceRequestJson } from '../conformance/otlp-messages.ts';
import { databaseUrl, type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

/**
 * Two collectors that share traces, one of two workers: each trace is decided by one of them,
 * whole, and counted once.
 */
const CONFIG = `window: { delay: 1s, timeout: 4s }
spool: { blockAge: 100ms }
cluster: { heartbeat: 200ms, lease: 4s, giveUpAfter: 500ms }
sampling:
  rules:
    - { name: errors, when: { error: true }, keep: 100% }
    - { name: rest, keep: 0.001% }
`;
const ENV = {
  FLYBALL_COLLECTOR_ADVERTISE: 'http://127.0.0.1:0',
  FLYBALL_GUARD_TOKEN: 'a token of the collectors',
};

const FORWARDED = 'flyball_collector_forwarded_spans_total{to="collector"}';

let stack: Stack;
let postgres: RunningPostgres;
let first: RunningCollector;
let second: RunningCollector;

beforeAll(async () => {
  stack = await startStack({ config: CONFIG });
  postgres = await startPostgres(stack.directory);
  first = await join('first');
  second = await join('second', 2);
  await members(first, 2);
  await members(second, 2);
});

afterAll(async () => {
  await Promise.all([first, second].map((one) => one?.program.stop('SIGKILL')));
  await postgres?.program.stop();
  await stack?.stop();
});

function join(name: string, workers = 1, more: NodeJS.ProcessEnv = {}) {
  return startCollector({
    directory: `${stack.directory}/${name}`,
    clickhouseUrl: stack.clickhouse.url,
    config: `workers: ${workers}\n${CONFIG}`,
    env: { ...ENV, ...more, DATABASE_URL: databaseUrl(stack.directory) },
  });
}

function members({ program }: RunningCollector, count: number) {
  return until(`${count} members`, 20_000, () => {
    const last = program.lines.findLast(({ msg }) => msg === 'members');
    return (last?.members as string[] | undefined)?.length === count;
  });
}

/** What the collector's health says is wrong between it and the others; '' when nothing is. */
async function clusterTrouble({ http }: RunningCollector): Promise<string> {
  const response = await fetch(`${http}/health/detailed`);
  const { checks } = (await response.json()) as { checks: { name: string; message: string }[] };
  return checks.find(({ name }) => name === 'cluster')?.message ?? '';
}

async function post(to: RunningCollector, spans: readonly SpanWanted[], json: boolean) {
  const response = await fetch(`${to.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': json ? 'application/json' : 'application/x-protobuf' },
    body: (json ? JSON.stringify(traceRequestJson(...spans)) : traceRequest(...spans)) as BodyInit,
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

/** A trace of four services; only the last span tells that it failed. */
function sketch(prefix: string, failed: boolean): SpanWanted[] {
  const traceId = hexId(16);
  const ids = Array.from({ length: 4 }, () => hexId(8));
  return ids.map((spanId, at) => ({
    traceId,
    spanId,
    ...(at === 0 ? {} : { parentSpanId: ids[at - 1] as string }),
    service: `${prefix}-${at}`,
    error: failed && at === 3,
  }));
}

/** Sends each service's spans in a request of its own, to the collectors in turn. */
async function scatter(traces: readonly SpanWanted[][], to: readonly RunningCollector[]) {
  for (let service = 3; service >= 0; service -= 1) {
    const spans = traces.map((trace) => trace[service] as SpanWanted);
    const collector = to[service % to.length] as RunningCollector;
    await post(collector, spans, service === 1 || service === 2);
  }
}

/** A counter once it has not moved for three seconds. */
async function standing(collector: RunningCollector, name: string): Promise<number> {
  let value = await collector.metric(name);
  let sinceMs = Date.now();
  await until(`${name} stands still`, 30_000, async () => {
    const now = await collector.metric(name);
    if (now !== value) sinceMs = Date.now();
    value = now;
    return Date.now() - sinceMs >= 3_000;
  });
  return value;
}

interface Sums {
  readonly spans: number;
  readonly calls: number;
}

async function sums(prefix: string, spans: number): Promise<Sums> {
  const red = `SELECT sum(count) AS n FROM flyball_red WHERE service LIKE '${prefix}-%'`;
  const edges = `SELECT sum(count) AS n FROM flyball_edges WHERE callee LIKE '${prefix}-%'`;
  const enough = (rows: { n: string }[]) => Number(rows[0]?.n) >= spans;
  const [[counted], [called]] = await Promise.all([
    stack.rows<{ n: string }>(red, enough),
    stack.rows<{ n: string }>(edges, (rows) => Number(rows[0]?.n) >= (spans * 3) / 4),
  ]);
  return { spans: Number(counted?.n), calls: Number(called?.n) };
}

test('scattered traces are decided whole, and every span is counted once', async () => {
  const traces = Array.from({ length: 200 }, (_, at) => sketch('shop', at % 4 === 0));
  await scatter(traces, [first, second]);
  const failed = traces.filter((trace) => trace.some(({ error }) => error));
  const stored = await stack.rows<{ TraceId: string; spans: string }>(
    `SELECT TraceId, count() AS spans FROM otel_traces WHERE ServiceName LIKE 'shop-%'
     GROUP BY TraceId`,
    (rows) => rows.length >= failed.length && rows.every(({ spans }) => Number(spans) >= 4),
  );
  expect(stored.map(({ TraceId }) => TraceId).sort()).toEqual(
    failed.map(([root]) => root?.traceId).sort(),
  );
  expect(stored.every(({ spans }) => Number(spans) === 4)).toBe(true);
  expect(await sums('shop', 800)).toEqual({ spans: 800, calls: 600 });
  for (const collector of [first, second]) {
    const sent = await collector.metric(FORWARDED);
    expect(sent).toBeGreaterThan(100);
    expect(sent).toBeLessThan(300);
    expect(await collector.metric('flyball_collector_split_traces_total')).toBe(0);
  }
});

test('spans without the token, or meant for an older process, are refused', async () => {
  const send = (headers: Record<string, string>) =>
    fetch(`${first.http}/v1/flyball/spans`, { method: 'POST', headers, body: '' });
  expect((await send({})).status).toBe(401);
  expect((await send({ authorization: 'Bearer another one' })).status).toBe(401);
  const authorization = `Bearer ${ENV.FLYBALL_GUARD_TOKEN}`;
  expect((await send({ authorization })).status).toBe(409);
  expect((await send({ authorization, 'flyball-generation': '99' })).status).toBe(409);
  expect((await send({ authorization, 'flyball-generation': '1' })).status).toBe(200);
});

test('a request sent again counts once, to whomever it is sent', async () => {
  const traces = Array.from({ length: 50 }, () => sketch('twice', false));
  await scatter(traces, [first, second]);
  await scatter(traces, [second]);
  await scatter(traces, [first]);
  expect(await sums('twice', 200)).toEqual({ spans: 200, calls: 150 });
  const quality =
    "SELECT sum(duplicates) AS n FROM flyball_ingest_quality WHERE service LIKE 'tw%'";
  const [twice] = await stack.rows<{ n: string }>(quality, ([row]) => Number(row?.n) >= 400);
  expect(Number(twice?.n)).toBe(400);
});

test('a boost set at one counts at both, and either explains a trace of the other', async () => {
  const authorization = `Bearer ${ENV.FLYBALL_GUARD_TOKEN}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const boost = { service: 'boosted-0', ratio: 1, untilMs: Date.now() + 60_000, by: 'test' };
  const body = JSON.stringify(boost);
  const url = (of: RunningCollector, path: string) => `${of.http}/v1/flyball/${path}`;
  await fetch(url(first, 'boosts'), { method: 'POST', headers, body });
  await until('the other has it', 10_000, async () => {
    const answer = await fetch(url(second, 'boosts'), { headers });
    return (await answer.text()).includes('boosted-0');
  });
  const traces = Array.from({ length: 40 }, () => sketch('boosted', false));
  await scatter(traces, [first, second]);
  const stored = `SELECT TraceId FROM otel_traces WHERE ServiceName LIKE 'boosted-%'
    GROUP BY TraceId HAVING count() = 4`;
  await stack.rows(stored, (rows) => rows.length >= traces.length);
  for (const [{ traceId }] of traces as [SpanWanted][]) {
    for (const collector of [first, second]) {
      expect((await fetch(url(collector, `decisions/${traceId}`), { headers })).status).toBe(200);
    }
  }
});

test('when one is killed the other takes over and says what may be split', async () => {
  await second.program.stop('SIGKILL');
  const traces = Array.from({ length: 100 }, () => sketch('orphan', true));
  await scatter(traces, [first]);
  const stored = await stack.rows<{ TraceId: string }>(
    `SELECT TraceId FROM otel_traces WHERE ServiceName LIKE 'orphan-%'
     GROUP BY TraceId HAVING count() >= 4`,
    (rows) => rows.length >= traces.length,
  );
  expect(stored).toHaveLength(traces.length);
  await members(first, 1);
  expect(await sums('orphan', 400)).toMatchObject({ spans: 400 });
  // What waited when the other died is decided by and by.
  const split = await standing(first, 'flyball_collector_split_traces_total');
  expect(split).toBeGreaterThan(20);
  expect(split).toBeLessThan(80);
  // Alone now, it splits nothing more.
  await scatter(
    Array.from({ length: 50 }, () => sketch('alone', true)),
    [first],
  );
  expect(await sums('alone', 200)).toEqual({ spans: 200, calls: 150 });
  expect(await first.metric('flyball_collector_split_traces_total')).toBe(split);
});

test('one that comes back has its traces again', async () => {
  expect(await first.metric('flyball_collector_members')).toBe(1);
  second = await join('second');
  await members(first, 2);
  await members(second, 2);
  for (const one of [first, second]) {
    expect(await one.metric('flyball_collector_members')).toBe(2);
  }
  const traces = Array.from({ length: 100 }, () => sketch('again', true));
  await scatter(traces, [second, first]);
  expect(await sums('again', 400)).toEqual({ spans: 400, calls: 300 });
  expect(await second.metric(FORWARDED)).toBeGreaterThan(50);
});

test('of two that advertise one address the older one is fenced and says so', async () => {
  const advertise = { FLYBALL_COLLECTOR_ADVERTISE: new URL(second.http).origin };
  const twin = await join('twin', 1, advertise);
  await members(twin, 2);
  const message = await until('the older one says so', 20_000, async () => {
    const text = await clusterTrouble(second);
    return text.includes('another process') && text;
  });
  expect(message).toContain(`another process has taken ${advertise.FLYBALL_COLLECTOR_ADVERTISE}`);
  await twin.program.stop();
  await second.program.stop();
  await members(first, 1);
  second = await join('second', 2);
  await members(first, 2);
  await members(second, 2);
});

test('while PostgreSQL is away the members go on as they are, and say so', async () => {
  await postgres.program.stop();
  const message = await until('the check fails', 20_000, async () => {
    const text = await clusterTrouble(first);
    return text.includes('PostgreSQL') && text;
  });
  expect(message).toContain('PostgreSQL is away');
  const traces = Array.from({ length: 60 }, () => sketch('kept', true));
  await scatter(traces, [first, second]);
  expect(await sums('kept', 240)).toEqual({ spans: 240, calls: 180 });
});
