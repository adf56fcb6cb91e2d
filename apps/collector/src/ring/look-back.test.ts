import { expect, test } from 'vitest';
import { parseConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { Outbox } from '../pipeline/outbox.ts';
import { SamplingControl } from '../pipeline/sampling-control.ts';
import { createTally } from '../pipeline/tally.ts';
import { TracePipeline } from '../pipeline/traces.ts';
import { Registry } from '../self/metrics.ts';
import { FakeRingFiles } from './files.fake.ts';
import { LookBack } from './look-back.ts';
import { promotedRows } from './promote.ts';
import { TraceRing } from './ring.ts';

const START_MS = 1_700_000_000_000;

const FILE = `
sampling:
  rules:
    - { name: probes, when: { service: probe }, keep: 0% }
    - { name: rest, keep: 0.0001% }
`;

function rig() {
  const result = parseConfig(FILE, 'collector.yaml');
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  const { config } = result;
  const rows: { table: string; row: Record<string, unknown> }[] = [];
  const outbox = new Outbox({
    append: (table, _, payload) => {
      for (const line of Buffer.from(payload).toString().trim().split('\n')) {
        rows.push({ table, row: JSON.parse(line) });
      }
    },
  });
  const tally = createTally(new Registry());
  const rules = { rules: config.sampling.rules };
  const traces = new TracePipeline(windowConfigOf(config), rules, outbox, tally);
  const sampling = new SamplingControl(traces, config);
  const { strings, aggregates } = traces;
  const ring = new TraceRing(new FakeRingFiles(), strings, { maxBytes: 64e6, maxAgeMs: 600_000 });
  const lookBack = new LookBack(
    ring,
    strings,
    (spans, by, nowMs) => {
      for (const row of promotedRows(spans, strings, by)) outbox.add('otel_traces', row);
      aggregates.promoted(spans, by, nowMs);
    },
    { maxTraces: 100 },
  );
  traces.ring = ring;
  sampling.lookBack = lookBack;
  const send = (trace: number, service: string) => {
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
    const traceId = trace.toString(16).padStart(32, '0');
    const spans = [{ traceId, spanId: 'b'.repeat(16), name: 'GET /' }];
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
    expect(traces.receive('json', Buffer.from(body), START_MS).kind).toBe('accepted');
  };
  const of = (table: string) => rows.filter((each) => each.table === table).map(({ row }) => row);
  return { traces, sampling, outbox, ring, lookBack, send, of };
}

test('a boost with a look back brings dropped traces back, and the ledger says so', async () => {
  const { traces, sampling, outbox, ring, lookBack, send, of } = rig();
  send(1, 'shop');
  send(2, 'till');
  send(3, 'probe');
  traces.step(START_MS + 2000, () => false);
  expect(ring.taken).toBe(2);
  const boost = { service: 'shop', ratio: 1, untilMs: START_MS + 60_000, by: 'mode degraded' };
  sampling.boost(boost, START_MS + 3000);
  expect(lookBack.busy).toBe(false);
  sampling.boost({ ...boost, sinceMs: START_MS }, START_MS + 3000);
  while (lookBack.busy) {
    lookBack.step(START_MS + 3000, () => false);
    await Promise.resolve();
  }
  traces.drain();
  outbox.flush(START_MS + 3000);
  expect(of('otel_traces')).toMatchObject([
    { ServiceName: 'shop', SpanAttributes: { SampleRate: '0', 'flyball.promoted': boost.by } },
  ]);
  expect(sampling.explain('1'.padStart(32, '0'), START_MS + 3000)).toMatchObject({
    state: 'decided',
    keep: false,
    promoted: { atMs: START_MS + 3000, by: boost.by },
  });
  expect(sampling.explain('2'.padStart(32, '0'), START_MS)).not.toHaveProperty('promoted');
  const ledger = of('flyball_sampling').map(({ reason, seen, kept }) => [reason, seen, kept]);
  expect(ledger).toContainEqual(['promoted', 0, 1]);
  expect(ledger.reduce((sum, [, seen]) => sum + Number(seen), 0)).toBe(3);
});

test('a boost that is repeated does not have its budget again', () => {
  const { traces, sampling, outbox, send, of } = rig();
  const boost = { service: 'shop', ratio: 1, untilMs: START_MS + 60_000, maxSpans: 3, by: 'test' };
  let nowMs = START_MS;
  let trace = 1;
  const round = (maxSpans: number) => {
    sampling.boost({ ...boost, maxSpans, untilMs: nowMs + 60_000 }, nowMs);
    for (let count = 0; count < 10; count += 1) send(trace + count, 'shop');
    trace += 10;
    nowMs += 20_000;
    traces.step(nowMs, () => false);
    sampling.tick(nowMs);
    outbox.flush(nowMs);
    return of('otel_traces').length;
  };
  expect(round(3)).toBe(3);
  expect(sampling.list()).toEqual([]);
  expect(round(3)).toBe(3);
  expect(round(5)).toBe(5);
  expect(sampling.keptByBoosts().spans).toBe(5);
  sampling.boost({ ...boost, untilMs: nowMs }, nowMs);
  expect(round(3)).toBe(8);
  expect(sampling.keptByBoosts().spans).toBe(8);
});
