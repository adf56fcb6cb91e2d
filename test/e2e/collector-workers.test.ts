import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  hexId,
  type RunningCollector,
  type Stack,
  startCollector,
  startStack,
} from '../conformance/otlp-harness.ts';
import { type SpanWanted, traceRequest } from '../conformance/otlp-messages.ts';
import { startProgram } from '../support/process.ts';
import { until } from '../support/until.ts';

/** One collector of two workers: seen from outside there is nothing but one collector. */
const CONFIG = `workers: 2
window: { delay: 500ms, timeout: 2s }
spool: { blockAge: 100ms }
sampling:
  rules:
    - { name: errors, when: { error: true }, keep: 100% }
    - { name: rest, keep: 0.001% }
`;
const TOKEN = 'a token of this collector';
const CONNECTIONS = 8;

const FORWARDED = 'flyball_collector_forwarded_spans_total{to="worker"}';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: CONFIG, env: { FLYBALL_GUARD_TOKEN: TOKEN } });
});

afterAll(async () => {
  await stack?.stop();
});

/** Sends over several connections in turn, which the system divides among the workers. */
class Senders {
  readonly #agents = Array.from(
    { length: CONNECTIONS },
    () => new Agent({ keepAlive: true, maxSockets: 1 }),
  );
  #next = 0;
  readonly #url: string;

  constructor(collector: RunningCollector) {
    this.#url = `${collector.http}/v1/traces`;
  }

  /** The status; 0 when there was no answer. */
  post(spans: readonly SpanWanted[]): Promise<number> {
    this.#next += 1;
    const agent = this.#agents[this.#next % CONNECTIONS] as Agent;
    const headers = { 'content-type': 'application/x-protobuf' };
    return new Promise((resolve) => {
      request(this.#url, { method: 'POST', agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      })
        .once('error', () => resolve(0))
        .end(traceRequest(...spans));
    });
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

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

async function scatter(traces: readonly SpanWanted[][], collector: RunningCollector) {
  const senders = new Senders(collector);
  for (let from = 0; from < traces.length; from += 20) {
    const some = traces.slice(from, from + 20);
    for (let service = 3; service >= 0; service -= 1) {
      expect(await senders.post(some.map((trace) => trace[service] as SpanWanted))).toBe(200);
    }
  }
  senders.close();
}

const wholeTraces = (prefix: string) =>
  `SELECT TraceId FROM otel_traces WHERE ServiceName LIKE '${prefix}-%'
   GROUP BY TraceId HAVING count() = 4`;

test('traces scattered over the workers are decided whole, and spans counted once', async () => {
  const traces = Array.from({ length: 400 }, (_, at) => sketch('shop', at % 4 === 0));
  await scatter(traces, stack.collector);
  const stored = await stack.rows(wholeTraces('shop'), (rows) => rows.length >= 100);
  expect(stored).toHaveLength(100);
  const count = "SELECT sum(count) AS n FROM flyball_red WHERE service LIKE 'shop-%'";
  const [red] = await stack.rows<{ n: string }>(count, ([row]) => Number(row?.n) >= 1600);
  expect(Number(red?.n)).toBe(1600);
  const calls = "SELECT sum(count) AS n FROM flyball_edges WHERE callee LIKE 'shop-%'";
  const [edges] = await stack.rows<{ n: string }>(calls, ([row]) => Number(row?.n) >= 1200);
  expect(Number(edges?.n)).toBe(1200);
  const received = 'flyball_collector_received_total{signal="traces"}';
  expect(await stack.collector.metric(received)).toBeGreaterThanOrEqual(1600);
  const sent = await stack.collector.metric(FORWARDED);
  expect(sent).toBeGreaterThan(400);
});

test('whoever is asked answers for all: metrics, health, boosts', async () => {
  const { http } = stack.collector;
  const texts = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const headers = { connection: 'close' };
      return (await fetch(`${http}/metrics`, { headers })).text();
    }),
  );
  const line = (text: string) =>
    text.split('\n').find((one) => one.startsWith('flyball_collector_received_total{'));
  expect(new Set(texts.map(line)).size).toBe(1);
  await until('healthy', 10_000, async () => {
    const { status } = (await (await fetch(`${http}/health`)).json()) as { status: string };
    return status === 'healthy';
  });
  const authorization = `Bearer ${TOKEN}`;
  const untilMs = Date.now() + 60_000;
  const boost = { service: 'boosted-0', ratio: 1, untilMs, by: 'test' };
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify(boost);
  const set = await fetch(`${http}/v1/flyball/boosts`, { method: 'POST', headers, body });
  expect(set.status).toBe(200);
  // Healthy traces, kept only because every worker knows of the boost.
  const traces = Array.from({ length: 60 }, () => sketch('boosted', false));
  await scatter(traces, stack.collector);
  await stack.rows(wholeTraces('boosted'), (rows) => rows.length >= traces.length);
});

test('a changed file is taken over by all workers', async () => {
  const file = join(stack.directory, 'collector.yaml');
  writeFileSync(file, CONFIG.replace('keep: 0.001%', 'keep: 100%'));
  stack.collector.program.child.kill('SIGHUP');
  await until('all workers have it', 10_000, () => {
    const told = stack.collector.program.lines.filter(({ msg }) =>
      msg.startsWith('configuration changed'),
    );
    return new Set(told.map(({ worker }) => worker)).size === 2;
  });
  const traces = Array.from({ length: 60 }, () => sketch('healthy', false));
  await scatter(traces, stack.collector);
  await stack.rows(wholeTraces('healthy'), (rows) => rows.length >= traces.length);
});

test('after kill -9 under load both spools are sent, and nothing twice', async () => {
  const directory = join(stack.directory, 'killed');
  const nowhere = 'http://127.0.0.1:9';
  const killed = await startCollector({ directory, clickhouseUrl: nowhere, config: CONFIG });
  const traces = Array.from({ length: 200 }, () => sketch('killed', true));
  await scatter(traces, killed);
  const decided = 'flyball_collector_decided_traces_total{trigger="root",verdict="kept"}';
  await until('all are decided', 20_000, async () => (await killed.metric(decided)) >= 200);
  await killed.program.stop('SIGKILL');
  const spool = join(directory, 'collector', 'spool');
  for (const worker of ['worker-0', 'worker-1']) {
    const blocks = readdirSync(join(spool, worker)).filter((name) => name.includes('otel_traces'));
    expect(blocks.length).toBeGreaterThan(0);
  }
  // One worker now: what two have left is its own.
  const clickhouseUrl = stack.clickhouse.url;
  const config = CONFIG.replace('workers: 2', 'workers: 1');
  const again = await startCollector({ directory, clickhouseUrl, config });
  const stored = await stack.rows(wholeTraces('killed'), (rows) => rows.length >= 200, 60_000);
  expect(stored).toHaveLength(200);
  const spans = "SELECT count() AS n FROM otel_traces WHERE ServiceName LIKE 'killed-%'";
  expect(await stack.rows(spans)).toEqual([{ n: 800 }]);
  expect(await again.program.stop()).toBe(0);
});

test('SIGTERM decides what waits in all workers, and ends in time', async () => {
  const directory = join(stack.directory, 'stopped');
  const clickhouseUrl = stack.clickhouse.url;
  const config = CONFIG.replace('500ms', '60s').replace('timeout: 2s', 'timeout: 60s');
  const stopped = await startCollector({ directory, clickhouseUrl, config });
  const traces = Array.from({ length: 200 }, () => sketch('stopped', true));
  await scatter(traces, stopped);
  expect(await stopped.program.stop('SIGTERM', 10_000)).toBe(0);
  const stored = await stack.rows(wholeTraces('stopped'), (rows) => rows.length >= 200, 60_000);
  expect(stored).toHaveLength(200);
  const ends = stopped.program.lines.filter(({ msg }) => msg === 'stopped');
  expect(ends.map(({ worker }) => worker).sort()).toEqual([0, 1]);
});

/** Preloaded into every thread: the second worker meets a bug when a file appears. */
const BUG = `import { existsSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
const meet = () => { if (existsSync(process.env.BUG_WHEN)) throw new Error('a bug of the test'); };
if (!isMainThread && workerData?.index === 1) setInterval(meet, 50);
`;

test('when a worker crashes, the others keep what they have and the collector ends', async () => {
  const directory = join(stack.directory, 'crashed');
  mkdirSync(directory, { recursive: true });
  const bug = join(directory, 'bug.mjs');
  writeFileSync(bug, BUG);
  const clickhouseUrl = stack.clickhouse.url;
  const config = CONFIG.replace('500ms', '60s').replace('timeout: 2s', 'timeout: 60s');
  const when = join(directory, 'now');
  const env = { NODE_OPTIONS: `--import="${pathToFileURL(bug).href}"`, BUG_WHEN: when };
  const crashed = await startCollector({ directory, clickhouseUrl, config, env });
  const traces = Array.from({ length: 100 }, () => sketch('crashed', true));
  await scatter(traces, crashed);
  writeFileSync(when, '');
  expect(await crashed.program.ended).toBe(1);
  const told = crashed.program.lines.filter(({ level }) => level === 60);
  expect(told).toMatchObject([
    { worker: 1, msg: 'the collector met a bug and ends', err: { message: 'a bug of the test' } },
    {
      msg: 'a worker crashed; the others stop',
      err: { message: expect.stringContaining('worker-1: ') },
    },
  ]);
  // Of a trace all spans are in one worker: half of the traces are lost, none in part.
  const again = await startCollector({ directory, clickhouseUrl, config });
  const whole = await stack.rows(wholeTraces('crashed'), (rows) => rows.length > 20, 60_000);
  expect(whole.length).toBeLessThan(80);
  expect(await again.program.stop()).toBe(0);
});

test('a worker that cannot work ends the collector with the reason', async () => {
  const directory = join(stack.directory, 'broken');
  const spool = join(directory, 'collector', 'spool', 'worker-1');
  mkdirSync(spool, { recursive: true });
  // A folder where a file is wanted.
  mkdirSync(join(spool, 'owner.json'));
  writeFileSync(join(directory, 'collector.yaml'), CONFIG);
  const program = startProgram('apps/collector/src/main.ts', {
    FLYBALL_OTLP_GRPC_PORT: '0',
    FLYBALL_OTLP_HTTP_PORT: '0',
    FLYBALL_DATA_DIR: directory,
    FLYBALL_COLLECTOR_CONFIG: join(directory, 'collector.yaml'),
    CLICKHOUSE_URL: stack.clickhouse.url,
  });
  expect(await program.ended).toBe(1);
  expect(program.text()).toContain('worker-1: EISDIR');
});

test('two collectors do not share a port by mistake', async () => {
  const directory = join(stack.directory, 'double');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'collector.yaml'), CONFIG);
  const program = startProgram('apps/collector/src/main.ts', {
    FLYBALL_OTLP_GRPC_PORT: '0',
    FLYBALL_OTLP_HTTP_PORT: new URL(stack.collector.http).port,
    FLYBALL_DATA_DIR: directory,
    FLYBALL_COLLECTOR_CONFIG: join(directory, 'collector.yaml'),
    CLICKHOUSE_URL: stack.clickhouse.url,
  });
  expect(await program.ended).toBe(1);
  expect(program.text()).toContain('EADDRINUSE');
});
