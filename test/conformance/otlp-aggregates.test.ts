import { afterAll, beforeAll, expect, test } from 'vitest';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';
import { type SpanWanted, traceRequest } from './otlp-messages.ts';

/** Edges, paths and causes come from all traces, those that are dropped too. */
let stack: Stack;

beforeAll(async () => {
  const config = `${QUICK}sampling: { rules: [{ name: nothing, keep: 0% }] }\n`;
  stack = await startStack({ config });
});

afterAll(() => stack?.stop());

async function send(...spans: SpanWanted[]): Promise<void> {
  const response = await fetch(`${stack.collector.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: traceRequest(...spans) as BodyInit,
  });
  expect(response.status).toBe(200);
}

const SERVER = 2;
const CLIENT = 3;

/** shop calls stock, and stock fails; each service sends for itself, the callee first. */
async function sendTrace(): Promise<void> {
  const traceId = hexId(16);
  const root = hexId(8);
  const call = hexId(8);
  const answer = hexId(8);
  const span = (spanId: string, changes: Partial<SpanWanted>): SpanWanted => ({
    traceId,
    spanId,
    ...changes,
  });
  await send(
    span(answer, { parentSpanId: call, service: 'stock', name: 'GET /stock', kind: SERVER }),
  );
  await send(
    span(call, {
      parentSpanId: root,
      service: 'shop',
      name: 'GET',
      kind: CLIENT,
      error: false,
      durationMs: 10,
    }),
    span(root, { service: 'shop', name: 'GET /item', kind: SERVER, error: false, durationMs: 20 }),
  );
}

const TRACES = 40;

test('scattered spans become whole traces, measured though dropped', async () => {
  for (let i = 0; i < TRACES; i++) await sendTrace();
  type Row = Record<string, number | string>;
  const [endpoint] = await stack.rows<Row>(
    `SELECT sum(traces) AS n, sum(errors) AS failed, sum(duration_sum_ns) AS ns
     FROM flyball_endpoints WHERE root_service = 'shop' AND root_operation = 'GET /item'`,
    ([row]) => Number(row?.n) === TRACES,
  );
  expect(endpoint).toMatchObject({ n: TRACES, failed: 0, ns: TRACES * 20_000_000 });
  const path = await stack.rows<Row>(
    `SELECT service, operation, sum(traces) AS n, sum(exclusive_ns) AS ns FROM flyball_critical_path
     WHERE root_service = 'shop' GROUP BY ALL ORDER BY service, operation`,
    (rows) => rows.length === 3 && rows.every((row) => Number(row.n) === TRACES),
  );
  expect(path.map((row) => row.operation)).toEqual(['GET', 'GET /item', 'GET /stock']);
  expect(path.reduce((sum, row) => sum + Number(row.ns), 0)).toBe(TRACES * 20_000_000);
  expect(
    await stack.rows<Row>(
      `SELECT caller, callee, sum(count) AS n FROM flyball_edges
       WHERE caller = 'shop' GROUP BY ALL`,
      ([row]) => Number(row?.n) === TRACES,
    ),
  ).toEqual([{ caller: 'shop', callee: 'stock', n: TRACES }]);
  expect(
    await stack.rows<Row>(
      `SELECT origin_service, origin_operation, sum(traces) AS n FROM flyball_error_origin
       WHERE root_service = 'shop' GROUP BY ALL`,
      ([row]) => Number(row?.n) === TRACES,
    ),
  ).toEqual([{ origin_service: 'stock', origin_operation: 'GET /stock', n: TRACES }]);
  expect(
    await stack.rows<Row>(
      "SELECT sum(seen) AS seen, sum(kept) AS kept FROM flyball_sampling WHERE policy = 'nothing'",
      ([row]) => Number(row?.seen) >= TRACES,
    ),
  ).toMatchObject([{ kept: 0 }]);
  expect(
    await stack.rows<Row>('SELECT count() AS n FROM otel_traces', (rows) => rows.length === 1),
  ).toEqual([{ n: 0 }]);
});
