import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';

/** What the collector knows about its own figures, and what it can bring back. */
const TOKEN = 'a token that only tests know';
let stack: Stack;

beforeAll(async () => {
  const config = `${QUICK}sampling:
  rules:
    - { name: errors, when: { error: true }, keep: 100% }
    - { name: rest, keep: 0.0001% }
sink: { retentionDays: 3 }
`;
  stack = await startStack({ config, env: { FLYBALL_GUARD_TOKEN: TOKEN } });
});

afterAll(() => stack?.stop());

interface Sketch {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind?: number;
  startMs: number;
  endMs: number;
  error?: boolean;
}

async function send(...spans: Sketch[]): Promise<void> {
  const resourceSpans = spans.map(({ service, startMs, endMs, error, ...span }) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeSpans: [
      {
        spans: [
          {
            name: 'GET /',
            kind: 2,
            ...span,
            startTimeUnixNano: `${startMs}000000`,
            endTimeUnixNano: `${endMs}000000`,
            status: { code: error === true ? 2 : 0 },
          },
        ],
      },
    ],
  }));
  const answer = await fetch(`${stack.collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans }),
  });
  expect(answer.status).toBe(200);
}

const span = (service: string, more: Partial<Sketch> = {}): Sketch => ({
  service,
  traceId: hexId(16),
  spanId: hexId(8),
  startMs: Date.now() - 50,
  endMs: Date.now(),
  ...more,
});

test('faults of spans are counted by service; exemplars are of kept traces', async () => {
  const whole = span('till', { error: true });
  await send(whole, whole);
  await send(span('till', { parentSpanId: hexId(8) }));
  await send(span('till', { endMs: Date.now() - 9000 }), span('till', { traceId: '00' }));
  const client = span('till', { kind: 3 });
  await send(
    client,
    span('pay', {
      traceId: client.traceId,
      parentSpanId: client.spanId,
      startMs: client.startMs - 40,
      endMs: client.endMs,
    }),
  );
  const [till] = await stack.rows<Record<string, number>>(
    `SELECT toUInt32(sum(spans)) AS spans, toUInt32(sum(missing_roots)) AS missing,
       toUInt32(sum(duplicates)) AS duplicates, toUInt32(sum(rejected)) AS rejected,
       toUInt32(sum(negative)) AS negative
     FROM flyball_ingest_quality WHERE service = 'till'`,
    ([row]) => Number(row?.spans) >= 4,
  );
  expect(till).toEqual({ spans: 4, missing: 1, duplicates: 1, rejected: 1, negative: 1 });
  const pay = await stack.rows<{ skewed: number; ms: number }>(
    `SELECT toUInt32(sum(skewed)) AS skewed, max(skew_max_ns) / 1e6 AS ms
     FROM flyball_ingest_quality WHERE service = 'pay'`,
    ([row]) => Number(row?.skewed) > 0,
  );
  expect(pay).toEqual([{ skewed: 1, ms: 40 }]);
  const exemplars = await stack.rows<{ trace: string; failed: string }>(
    "SELECT slowest.2 AS trace, failed.1 AS failed FROM flyball_exemplars WHERE service = 'till'",
  );
  expect(exemplars).toEqual([{ trace: whole.traceId, failed: whole.traceId }]);
  const metric = 'ingest_faults_total{service="till",problem="rejected"}';
  expect(await stack.collector.metric(`flyball_collector_${metric}`)).toBe(1);
});

test('a boost that looks back brings dropped traces in, and the ledger tells all', async () => {
  const sinceMs = Date.now() - 1000;
  const spans = Array.from({ length: 20 }, () => span('sick'));
  await send(...spans, span('well'));
  const ring = 'flyball_collector_ring_traces_total{verdict="taken"}';
  await until('in the ring', 10_000, async () => (await stack.collector.metric(ring)) >= 21);
  const boost = { service: 'sick', ratio: 1, untilMs: Date.now() + 5000, by: 'mode degraded' };
  const post = (more: object) =>
    fetch(`${stack.collector.http}/v1/flyball/boosts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...boost, ...more }),
    });
  expect((await post({ sinceMs })).status).toBe(200);
  const rows = await stack.rows<{ id: string; attributes: Record<string, string> }>(
    `SELECT TraceId AS id, SpanAttributes AS attributes FROM otel_traces
     WHERE ServiceName IN ('sick', 'well')`,
    (found) => found.length >= 20,
  );
  expect(rows.map(({ id }) => id).sort()).toEqual(spans.map(({ traceId }) => traceId).sort());
  for (const { attributes } of rows) {
    expect(attributes).toEqual({ SampleRate: '0', 'flyball.promoted': 'mode degraded' });
  }
  await post({ sinceMs });
  const ledger = await stack.rows<Record<string, unknown>>(
    `SELECT policy, trigger, toUInt32(sum(seen)) AS seen, toUInt32(sum(kept)) AS kept,
       max(example_kept) != '' AS example
     FROM flyball_sampling WHERE reason = 'promoted' GROUP BY policy, trigger`,
    ([row]) => Number(row?.kept) >= 20,
  );
  const promoted = { policy: 'mode degraded', trigger: 'look_back', seen: 0, kept: 20 };
  expect(ledger).toEqual([{ ...promoted, example: 1 }]);
});

test('JSON may be no longer than what is read in a moment; protobuf may', async () => {
  const post = (type: string) =>
    fetch(`${stack.collector.http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': `application/${type}` },
      body: Buffer.alloc(17 * 2 ** 20, 0x20),
    });
  const answer = await post('json');
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({
    message: expect.stringContaining('raise receive.maxJsonBody'),
  });
  expect((await post('x-protobuf')).status).not.toBe(413);
});

test('rows are kept as long as the file says', async () => {
  const tables = await stack.rows<{ name: string }>(
    `SELECT name FROM system.tables
     WHERE database = currentDatabase() AND engine_full LIKE '%toIntervalDay(3)%'`,
    (found) => found.length > 10,
  );
  const names = tables.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['otel_traces', 'flyball_red', 'otel_logs']));
});
