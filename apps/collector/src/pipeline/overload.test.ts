import { takeOut } from '@flyball/tracing';
import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import type { Outcome } from '../receive/intake.ts';
import { Registry } from '../self/metrics.ts';
import { FakeFiles } from '../spool/files.fake.ts';
import { Spool } from '../spool/spool.ts';
import { Outbox } from './outbox.ts';
import { Overload } from './overload.ts';
import type { Sharding } from './sharding.port.ts';
import { createTally } from './tally.ts';
import { TracePipeline } from './traces.ts';

const START_MS = 1_700_000_000_000;

function rig() {
  const load = { window: 0, spool: 0, spans: 0, cpuMs: 0, windowRate: Number.POSITIVE_INFINITY };
  const told: string[] = [];
  const overload = new Overload(
    {
      window: () => load.window,
      spool: () => load.spool,
      spans: () => load.spans,
      bytes: () => 300 * load.spans,
      windowAt: (spans) => spans / load.windowRate,
      heldMs: () => 2000,
      cpuMs: () => load.cpuMs,
    },
    {
      entered: ({ cause }, oneIn) => told.push(`entered ${cause} ${oneIn}`),
      left: (lastedMs) => told.push(`left ${lastedMs}`),
    },
  );
  let nowMs = START_MS;
  /** A time with so many spans and so much CPU a second. */
  const pass = (seconds: number, perSecond: { spans: number; cpuMs: number }, lateMs = 0) => {
    for (let step = 0; step < seconds * 20; step += 1) {
      nowMs += 50;
      load.spans += perSecond.spans / 20;
      load.cpuMs += perSecond.cpuMs / 20;
      overload.tick(nowMs, lateMs);
    }
  };
  return { load, told, overload, pass };
}

const USUAL = { spans: 20_000, cpuMs: 400 };

describe('overload', () => {
  test('a nearly full window begins it, ten quiet seconds end it', () => {
    const { load, told, overload, pass } = rig();
    pass(5, USUAL);
    load.window = 0.95;
    pass(0.1, USUAL);
    expect(overload.oneIn).toBe(16);
    load.window = 0.2;
    pass(9.5, USUAL);
    expect(overload.oneIn).toBe(16);
    pass(1, USUAL);
    expect(overload.oneIn).toBeUndefined();
    expect(told).toEqual(['entered window 16', 'left 10100']);
  });

  test('lasts while more arrives than could be treated in full, however empty the window', () => {
    const { load, overload, pass } = rig();
    pass(20, USUAL);
    load.window = 1;
    pass(0.1, USUAL);
    load.window = 0;
    // Ten times of what a thread can do at 20 us a span.
    pass(60, { spans: 500_000, cpuMs: 1000 });
    expect(overload.oneIn).toBeGreaterThanOrEqual(64);
    expect(overload.cause).toBe('demand');
    pass(11, USUAL);
    expect(overload.oneIn).toBeUndefined();
  });

  test('lasts while more arrives than the window could hold back', () => {
    const { load, overload, pass } = rig();
    load.windowRate = 2000;
    load.window = 1;
    pass(0.1, { spans: 20_000, cpuMs: 100 });
    load.window = 0;
    pass(60, { spans: 20_000, cpuMs: 100 });
    expect(overload.oneIn).toBe(128);
    pass(11.2, { spans: 1000, cpuMs: 10 });
    expect(overload.oneIn).toBeUndefined();
  });

  test('what comes in clumps is no more than the same spread evenly', () => {
    const { load, told, overload, pass } = rig();
    load.windowRate = 20_000;
    load.window = 1;
    pass(3, { spans: 100_000, cpuMs: 100 });
    load.window = 0;
    // Half of what the window could hold back, all of it in half a second of two.
    for (let clump = 0; clump < 7; clump += 1) {
      pass(0.5, { spans: 40_000, cpuMs: 100 });
      pass(1.5, { spans: 0, cpuMs: 0 });
    }
    expect(overload.oneIn).toBeUndefined();
    expect(told.at(-1)).toMatch(/^left/);
  });

  test('a cost that was measured too high is doubted, and does not hold it for ever', () => {
    const { load, overload, pass } = rig();
    pass(60, { spans: 4000, cpuMs: 900 });
    load.window = 1;
    pass(0.1, USUAL);
    load.window = 0;
    pass(20, USUAL);
    expect(overload.oneIn).toBeDefined();
    pass(300, USUAL);
    expect(overload.oneIn).toBeUndefined();
  });

  test('one long pause is none; an event loop that is late all the time is', () => {
    const { overload, pass } = rig();
    pass(0.05, USUAL, 3_600_000);
    pass(1, USUAL);
    expect(overload.oneIn).toBeUndefined();
    pass(5, USUAL, 3000);
    expect(overload.oneIn).toBeDefined();
    expect(overload.cause).toBe('lag');
  });
});

function pipeline(sharding?: Sharding) {
  const spool = new Spool(new FakeFiles(), {
    maxBytes: 1e9,
    blockBytes: 1e6,
    blockAgeMs: 1000,
    run: '1700000000000-aaaa',
    syncOnSeal: false,
  });
  const rows: { table: string; row: Record<string, unknown> }[] = [];
  const disk = { full: false };
  const outbox = new Outbox({
    append: (table, _, payload) => {
      if (disk.full) throw new Error('ENOSPC');
      for (const line of Buffer.from(payload).toString().trim().split('\n')) {
        rows.push({ table, row: JSON.parse(line) });
      }
    },
  });
  const rules = {
    rules: [{ name: 'none', sampler: { kind: 'probability' as const, probability: 0 } }],
  };
  const tally = createTally(new Registry());
  const traces = new TracePipeline(windowConfigOf(defaultConfig()), rules, outbox, tally);
  traces.sharding = sharding;
  const send = (first: number, count: number, wanted: Outcome['kind'] = 'accepted') => {
    const spans = Array.from({ length: count }, (_, at) => ({
      traceId: (BigInt(first + at + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n)
        .toString(16)
        .slice(-32)
        .padStart(32, '1'),
      spanId: 'b'.repeat(16),
      name: 'GET /',
      kind: 2,
    }));
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    expect(traces.receive('json', Buffer.from(body), START_MS).kind).toBe(wanted);
  };
  const of = (table: string) => rows.filter((each) => each.table === table).map(({ row }) => row);
  return { spool, disk, traces, outbox, send, of };
}

describe('under overload', () => {
  test('spans are decided on arrival; RED counts all, and the rows stand for all', () => {
    const { traces, outbox, send, of } = pipeline();
    traces.oneIn = 16;
    send(0, 4000);
    expect(traces.window.stats(START_MS).spans).toBe(0);
    const kept = of('otel_traces');
    expect(kept.length).toBeGreaterThan(190);
    expect(kept.length).toBeLessThan(310);
    for (const row of kept) {
      expect(row).toMatchObject({ TraceState: 'ot=th:f', SpanAttributes: { SampleRate: '16' } });
    }
    traces.drain();
    outbox.flush(START_MS);
    expect(of('flyball_red')).toMatchObject([{ count: 4000 }]);
    const ledger = of('flyball_sampling');
    expect(ledger).toMatchObject([
      { reason: 'overload', trigger: 'overload', seen: 4000, spans: 4000, spans_kept: kept.length },
    ]);
    expect(ledger[0]?.probability_sum).toBeCloseTo(4000 / 16);
  });

  test('traces that were waiting go on waiting, with the spans still to come', () => {
    const { traces, outbox, send, of } = pipeline();
    traces.setRules({
      rules: [{ name: 'all', sampler: { kind: 'probability' as const, probability: 1 } }],
    });
    send(0, 3);
    traces.oneIn = 1024;
    send(3, 2);
    expect(traces.window.stats(START_MS).traces).toBe(3);
    traces.step(START_MS + 2000, () => false);
    outbox.flush(START_MS);
    expect(of('otel_traces').map(({ TraceState }) => TraceState)).toEqual(Array(3).fill('ot=th:0'));
    expect(traces.window.stats(START_MS).traces).toBe(0);
  });

  test('a trace decided before is followed as ever', () => {
    const { traces, send, outbox, of } = pipeline();
    send(0, 2);
    traces.step(START_MS + 2000, () => false);
    traces.oneIn = 1;
    send(0, 2);
    outbox.flush(START_MS);
    expect(of('otel_traces')).toHaveLength(0);
    traces.drain();
    outbox.flush(START_MS);
    const late = of('flyball_sampling').find(({ trigger }) => trigger === 'late');
    expect(late).toMatchObject({ reason: 'late', spans: 2, spans_kept: 0, seen: 0 });
  });

  test('what the disk refuses is not acknowledged, and is written when it is well', () => {
    const { traces, outbox, disk, send, of } = pipeline();
    traces.oneIn = 16;
    disk.full = true;
    send(0, 400, 'busy');
    expect(outbox.waiting).toBeGreaterThan(0);
    disk.full = false;
    expect(outbox.flush(START_MS)).toBe(true);
    expect(of('otel_traces').length).toBeGreaterThan(0);
  });

  test('spans that are sent on to others are no demand on this thread', () => {
    const halves: Sharding = {
      place: (table) => {
        takeOut(
          table,
          Array.from({ length: table.count }, (_, span) => span % 2),
        );
        return undefined;
      },
      decided: () => {},
    };
    const { traces, send } = pipeline(halves);
    const alone = pipeline();
    for (const each of [{ traces, send }, alone]) each.send(0, 100);
    expect([traces.read, traces.accepted]).toEqual([100, 50]);
    expect([alone.traces.read, alone.traces.accepted]).toEqual([100, 100]);
    expect(traces.acceptedBytes).toBe(Math.round(alone.traces.acceptedBytes / 2));
  });
});
