import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fuzz, type FuzzCase } from '../../libs/tracing/src/otlp/fuzz.fixture.ts';
import { until } from '../support/until.ts';
import { type Door, openDoor, type Signal } from './otlp-doors.ts';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';
import { traceRequest } from './otlp-messages.ts';

/** Mutated requests at a real collector: each is answered with yes or "bad data", nothing else. */
const SEED = 4;
const CASES = 800;
/** Their times lie in three centuries: each row is a part of its own for ClickHouse to write. */
const STORED_WITHIN_MS = 90_000;
const AT_ONCE = 8;

const SIGNALS: Record<FuzzCase['request'], Signal> = {
  TraceRequest: 'traces',
  MetricsRequest: 'metrics',
  LogsRequest: 'logs',
};

let stack: Stack;
let doors: Door[];

beforeAll(async () => {
  // All is kept, so that whatever is accepted becomes rows that ClickHouse must take.
  const sampling = 'sampling: { rules: [{ name: all, keep: 100% }] }\n';
  stack = await startStack({ config: `${QUICK}${sampling}` });
  doors = [openDoor('http', stack.collector), openDoor('grpc', stack.collector)];
});

afterAll(async () => {
  for (const door of doors ?? []) door.close();
  await stack?.stop();
});

/** gRPC's code of the answer. */
async function codeOf({ request, body }: FuzzCase, turn: number): Promise<number> {
  const signal = SIGNALS[request];
  if (typeof body !== 'string') {
    const { code } = await (doors[turn % doors.length] as Door).send(signal, Buffer.from(body));
    return code;
  }
  const response = await fetch(`${stack.collector.http}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(20_000),
  });
  const answer = (await response.json()) as { code?: number };
  expect(response.status).toBe(answer.code === undefined ? 200 : 400);
  return answer.code ?? 0;
}

test(`${CASES} mutated requests: a yes or INVALID_ARGUMENT, and rows that fit`, async () => {
  const fuzz = new Fuzz(SEED);
  const codes = new Map<number, number>();
  let next = 0;
  const send = async () => {
    while (next < CASES) {
      const number = next;
      next += 1;
      const code = await codeOf(fuzz.caseAt(number), number);
      if (code !== 0 && code !== 3) throw new Error(`seed ${SEED}, case ${number}: code ${code}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  expect(codes.get(0)).toBeGreaterThan(CASES / 4);
  expect(codes.get(3)).toBeGreaterThan(CASES / 4);
  expect(await stack.collector.metric('flyball_collector_in_flight_bytes')).toBe(0);

  const last = { traceId: hexId(16), spanId: hexId(8) };
  await (doors[0] as Door).send('traces', traceRequest(last));
  const query = `SELECT 1 FROM otel_traces WHERE SpanId = '${last.spanId}'`;
  await stack.rows(query, undefined, STORED_WITHIN_MS);
  await until('an empty spool', STORED_WITHIN_MS, async () => {
    return (await stack.collector.metric('flyball_collector_spool_bytes')) === 0;
  });
  const tables = ['otel_traces', 'otel_logs', 'otel_metrics_sum', 'otel_metrics_gauge'];
  for (const kind of ['histogram', 'exponential_histogram', 'summary']) {
    tables.push(`otel_metrics_${kind}`);
  }
  for (const table of tables) {
    const refused = `flyball_collector_refused_blocks_total{table="${table}"}`;
    expect(await stack.collector.metric(refused), `blocks of ${table} put aside`).toBe(0);
  }
  expect(stack.collector.program.lines.filter((line) => line.msg.includes('bug'))).toEqual([]);
}, 300_000);
