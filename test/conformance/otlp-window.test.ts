import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Door, openDoor } from './otlp-doors.ts';
import { hexId, QUICK, type Stack, startStack } from './otlp-harness.ts';
import { type SpanWanted, traceRequest } from './otlp-messages.ts';
import { fixed64, parts, textAttribute } from './otlp-wire.ts';

/** The window as senders and readers see it: late spans follow, giants hold nobody up. */
const GIANT_SPANS = 60_000;
const LIMIT = 20_000;
const REQUEST_SPANS = 5000;
const QUICK_MS = 2000;

let stack: Stack;
let door: Door;

beforeAll(async () => {
  const sampling = `sampling:
  rules:
    - { name: errors, when: { error: true }, keep: 100% }
    - { name: rest, keep: 0% }
`;
  const window = QUICK.replace('timeout: 1s', `timeout: 5s, maxSpansPerTrace: ${LIMIT}`);
  stack = await startStack({ config: `${window}${sampling}` });
  door = openDoor('grpc', stack.collector);
});

afterAll(async () => {
  door?.close();
  await stack?.stop();
});

const DECIDED = 'flyball_collector_decided_traces_total{trigger="root",verdict="dropped"}';

test('late spans follow the decision, to keep and to drop', async () => {
  const service = 'late';
  const kept: SpanWanted = { traceId: hexId(16), spanId: hexId(8), service };
  const dropped = { ...kept, traceId: hexId(16), spanId: hexId(8), error: false };
  const before = await stack.collector.metric(DECIDED);
  await door.send('traces', traceRequest(kept, dropped));
  await stack.rows(`SELECT 1 FROM otel_traces WHERE SpanId = '${kept.spanId}'`);
  expect(await stack.collector.metric(DECIDED)).toBeGreaterThan(before);
  // Alone, the first would be dropped and the second kept.
  const lateOf = (trace: SpanWanted, error: boolean): SpanWanted => ({
    traceId: trace.traceId,
    spanId: hexId(8),
    parentSpanId: trace.spanId,
    service,
    error,
  });
  await door.send('traces', traceRequest(lateOf(kept, false), lateOf(dropped, true)));
  const last: SpanWanted = { ...kept, traceId: hexId(16), spanId: hexId(8), name: 'last' };
  await door.send('traces', traceRequest(last));
  const rows = await stack.rows<{ TraceId: string }>(
    `SELECT TraceId FROM otel_traces WHERE ServiceName = '${service}'`,
    (found) => found.some((row) => row.TraceId === last.traceId) && found.length >= 3,
  );
  const traces = rows.map((row) => row.TraceId).sort();
  expect(traces).toEqual([kept.traceId, kept.traceId, last.traceId].sort());
});

/** Part of a trace that never ends, and failed, so that all of it is to be written. */
function giantPart(traceId: string, firstSpan: number): Buffer {
  const now = BigInt(Date.now()) * 1_000_000n;
  const [start, end] = [fixed64(7, now), fixed64(8, now + 1000n)];
  const spans = Array.from({ length: REQUEST_SPANS }, (_, index) =>
    parts(
      2,
      parts(1, Buffer.from(traceId, 'hex')),
      parts(2, Buffer.from(hexId(8), 'hex')),
      parts(4, Buffer.from('00000000000000aa', 'hex')),
      parts(5, `call ${(firstSpan + index) % 100}`),
      start,
      end,
      parts(15, Buffer.from([0x18, 2])),
    ),
  );
  return parts(1, parts(1, textAttribute(1, 'service.name', 'giant')), parts(2, ...spans));
}

test(`a trace of ${GIANT_SPANS} spans is bounded, and others are answered meanwhile`, async () => {
  const traceId = hexId(16);
  let ended = false;
  const giant = (async () => {
    for (let sent = 0; sent < GIANT_SPANS; sent += REQUEST_SPANS) {
      expect((await door.send('traces', giantPart(traceId, sent))).code).toBe(0);
    }
    ended = true;
  })();
  const waits: number[] = [];
  const small = openDoor('http', stack.collector);
  const ids: string[] = [];
  for (let round = 0; round < 10 || !ended; round += 1) {
    const span: SpanWanted = { traceId: hexId(16), spanId: hexId(8), service: 'small' };
    ids.push(span.spanId);
    const startedMs = performance.now();
    expect((await small.send('traces', traceRequest(span))).code).toBe(0);
    waits.push(performance.now() - startedMs);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await giant;
  const startedMs = performance.now();
  const found = await stack.rows<{ SpanId: string }>(
    "SELECT SpanId FROM otel_traces WHERE ServiceName = 'small'",
    (rows) => rows.length >= ids.length,
  );
  const storedMs = performance.now() - startedMs;
  expect(found.map((row) => row.SpanId).sort()).toEqual([...ids].sort());
  expect(Math.max(...waits)).toBeLessThan(QUICK_MS);
  expect(storedMs).toBeLessThan(2 * QUICK_MS + 5000);
  const bound = 'flyball_collector_decided_traces_total{trigger="span_limit",verdict="kept"}';
  expect(await stack.collector.metric(bound)).toBe(1);
  // Decided early, never forgotten: what came after the bound followed the decision.
  await stack.rows<{ n: number }>(
    `SELECT count() AS n FROM otel_traces WHERE TraceId = '${traceId}'`,
    ([row]) => Number(row?.n) === GIANT_SPANS,
    30_000,
  );
});
