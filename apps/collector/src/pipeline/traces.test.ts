import { expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { Registry } from '../self/metrics.ts';
import { Outbox } from './outbox.ts';
import { createTally } from './tally.ts';
import { TracePipeline } from './traces.ts';

const START_MS = 1_700_000_000_000;
const BROKEN = '00000000000000000000000000000002';

function rig() {
  const rows: { table: string; row: Record<string, unknown> }[] = [];
  const outbox = new Outbox({
    append: (table, _, payload) => {
      for (const line of Buffer.from(payload).toString().trim().split('\n')) {
        rows.push({ table, row: JSON.parse(line) });
      }
    },
  });
  const registry = new Registry();
  const rules = {
    rules: [{ name: 'all', sampler: { kind: 'probability' as const, probability: 1 } }],
  };
  const config = windowConfigOf(defaultConfig());
  const traces = new TracePipeline(config, rules, outbox, createTally(registry));
  const told: string[] = [];
  traces.onFault = (traceId, error) => told.push(`${traceId} ${error.message}`);
  const spans = [1, 2, 3].map((trace) => ({
    traceId: String(trace).padStart(32, '0'),
    spanId: 'b'.repeat(16),
    name: 'GET /',
  }));
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  traces.receive('json', Buffer.from(body), START_MS);
  const decide = () => {
    traces.step(START_MS + 5000, () => false);
    traces.drain();
    outbox.flush(START_MS + 5000);
  };
  const of = (table: string) => rows.filter((each) => each.table === table).map(({ row }) => row);
  return { traces, registry, told, decide, of };
}

test('a bug that one trace brings to light costs that trace alone, and is told', () => {
  const { traces, registry, told, decide, of } = rig();
  const { sampler } = traces;
  const decideAsEver = sampler.decide.bind(sampler);
  sampler.decide = (trace, nowMs) => {
    if (trace.spans.traceId(0) === BROKEN) throw new Error('of undefined');
    return decideAsEver(trace, nowMs);
  };
  decide();
  expect(of('otel_traces').map(({ TraceId }) => TraceId)).toEqual([
    '00000000000000000000000000000001',
    '00000000000000000000000000000003',
  ]);
  expect(told).toEqual([`${BROKEN} of undefined`]);
  expect(traces.window.stats(START_MS).traces).toBe(0);
  const metrics = registry.text();
  expect(metrics).toContain('flyball_collector_faults_total 1');
  expect(metrics).toContain(
    'flyball_collector_decided_spans_total{verdict="dropped",reason="fault"} 1',
  );
  expect(of('flyball_sampling')).toContainEqual(
    expect.objectContaining({ reason: 'fault', seen: 1, kept: 0, example_dropped: BROKEN }),
  );
});

test('a ring that fails costs no decision', () => {
  const { traces, told, decide } = rig();
  traces.setRules({ rules: [] });
  traces.ring = {
    add: () => {
      throw new Error('no room');
    },
  };
  decide();
  expect(told).toHaveLength(3);
  expect(traces.window.stats(START_MS).traces).toBe(0);
});
