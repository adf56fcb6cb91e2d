import { expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { Registry } from '../self/metrics.ts';
import { DELIVERY_DEFAULTS, Delivery } from '../sink/delivery.ts';
import { FakeSink } from '../sink/sink.fake.ts';
import { FakeFiles } from '../spool/files.fake.ts';
import { Spool } from '../spool/spool.ts';
import { Loop } from './loop.ts';
import { Outbox } from './outbox.ts';
import { Overload } from './overload.ts';
import { createTally } from './tally.ts';
import { TracePipeline } from './traces.ts';

const START_MS = 1_700_000_000_000;

/** A loop whose clock moves by `tickMs` whenever somebody looks at it. */
function rig(tickMs = 0, maxBytes = 1e9) {
  const clock = { ms: START_MS };
  const spool = new Spool(new FakeFiles(), {
    maxBytes,
    blockBytes: 1e6,
    blockAgeMs: 1000,
    run: '1700000000000-aaaa',
    syncOnSeal: false,
  });
  const flushed: number[] = [];
  const outbox = new Outbox({
    append(table, rows, payload, nowMs) {
      if (table === 'otel_traces') flushed.push(rows);
      spool.append(table, rows, payload, nowMs);
    },
  });
  const tally = createTally(new Registry());
  const rules = {
    rules: [{ name: 'all', sampler: { kind: 'probability' as const, probability: 1 } }],
  };
  const traces = new TracePipeline(windowConfigOf(defaultConfig()), rules, outbox, tally);
  const nothing = () => {};
  const events = { stored: nothing, failed: nothing, refused: nothing, damaged: nothing };
  const sink = new FakeSink();
  let elapsedMs = 0;
  const loop = new Loop({
    traces,
    outbox,
    spool,
    delivery: new Delivery(spool, sink, DELIVERY_DEFAULTS, events, () => clock.ms),
    overload: new Overload(
      {
        window: () => traces.window.fullness(),
        spool: () => 0,
        spans: () => traces.accepted,
        bytes: () => traces.acceptedBytes,
        windowAt: () => 0,
        heldMs: () => 2000,
        cpuMs: () => 0,
      },
      { entered: nothing, left: nothing },
    ),
    deliverable: () => false,
    everySecond: nothing,
    now: () => clock.ms,
    elapsed: () => {
      elapsedMs += tickMs;
      return elapsedMs;
    },
  });
  const send = (count: number) => {
    const spans = Array.from({ length: count }, (_, i) => ({
      traceId: (i + 1).toString(16).padStart(32, '0'),
      spanId: 'b'.repeat(16),
      name: 'GET /',
    }));
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    expect(traces.receive('json', Buffer.from(body), clock.ms).kind).toBe('accepted');
  };
  return { loop, clock, spool, flushed, traces, send };
}

test('at the end everything is decided in slices, each written before the next', () => {
  const { loop, flushed, send } = rig(1);
  send(100);
  expect(loop.finish(() => false)).toEqual({ decided: true, written: true });
  expect(flushed.length).toBeGreaterThan(10);
  expect(flushed.reduce((sum, rows) => sum + rows, 0)).toBe(100);
});

test('at the end of its time it says that traces were left', () => {
  const { loop, send } = rig(1);
  send(100);
  let looks = 0;
  const soon = () => {
    looks += 1;
    return looks > 40;
  };
  expect(loop.finish(soon)).toEqual({ decided: false, written: true });
});

test('while the spool is full traces wait in the window, and are decided when it has room', () => {
  const { loop, clock, spool, traces, flushed, send } = rig(0, 1000);
  send(3);
  spool.append('otel_logs', 1, Buffer.alloc(1000), clock.ms);
  clock.ms += 5000;
  loop.step();
  expect(traces.window.stats(clock.ms).traces).toBe(3);
  spool.sealAll();
  const block = spool.take();
  if (block !== undefined) spool.done(block);
  loop.step();
  expect(traces.window.stats(clock.ms).traces).toBe(0);
  expect(flushed).toEqual([3]);
});
