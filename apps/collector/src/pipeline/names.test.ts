import { expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { Registry } from '../self/metrics.ts';
import { Outbox } from './outbox.ts';
import { createTally } from './tally.ts';
import { TracePipeline } from './traces.ts';

const START_MS = 1_700_000_000_000;

function rig() {
  const rows: { table: string; row: Record<string, unknown> }[] = [];
  const outbox = new Outbox({
    append: (table, _, payload) => {
      for (const line of Buffer.from(payload).toString().trim().split('\n')) {
        rows.push({ table, row: JSON.parse(line) });
      }
    },
  });
  const tally = createTally(new Registry());
  const keepErrors = {
    name: 'errors',
    when: {
      kind: 'span' as const,
      where: { kind: 'status' as const, anyOf: ['error' as const] },
    },
    sampler: { kind: 'probability' as const, probability: 1 },
  };
  const rules = { rules: [keepErrors] };
  const traces = new TracePipeline(windowConfigOf(defaultConfig()), rules, outbox, tally);
  let trace = 0;
  const send = (names: readonly string[], nowMs: number, code = 0) => {
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
    const spans = names.map((name) => {
      trace += 1;
      const traceId = trace.toString(16).padStart(32, '0');
      return { traceId, spanId: 'b'.repeat(16), name, kind: 2, status: { code } };
    });
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    expect(traces.receive('json', Buffer.from(body), nowMs).kind).toBe('accepted');
  };
  const of = (table: string) => rows.filter((each) => each.table === table).map(({ row }) => row);
  return { traces, outbox, send, of };
}

test('names made of ids take no room for ever, and waiting spans keep theirs', () => {
  const { traces, outbox, send, of } = rig();
  let nowMs = START_MS;
  for (let request = 0; request < 110; request += 1) {
    send(
      Array.from({ length: 1000 }, (_, at) => `GET /orders/${request * 1000 + at}`),
      nowMs,
    );
    nowMs += 2000;
    traces.step(nowMs, () => false);
  }
  expect(traces.strings.overflows).toBeGreaterThan(0);
  send(['GET /cart'], nowMs, 2);
  const before = traces.strings.overflows;
  expect(before).toBeGreaterThan(9000);
  traces.forgetNames(nowMs);
  expect(traces.strings.size).toBeLessThan(70_000);
  send(['GET /checkout', 'GET /cart'], nowMs, 2);
  expect(traces.strings.overflows).toBe(before);
  traces.step(nowMs + 2000, () => false);
  traces.drain();
  outbox.flush(nowMs);
  const names = of('otel_traces').map(({ ServiceName, SpanName }) => `${ServiceName} ${SpanName}`);
  expect(names).toEqual(['shop GET /cart', 'shop GET /checkout', 'shop GET /cart']);
  const last = of('flyball_red').filter(({ time }) => time === Math.floor(nowMs / 10_000) * 10);
  const counted = last.map(({ operation, count }) => [operation, count]);
  expect(counted).toContainEqual(['GET /checkout', 1]);
  expect(counted.filter(([operation]) => operation === 'GET /checkout')).toHaveLength(1);
});

test('nothing is forgotten while there is room', () => {
  const { traces, send } = rig();
  send(['GET /'], START_MS);
  traces.forgetNames(START_MS);
  expect(traces.strings.generation).toBe(0);
});
