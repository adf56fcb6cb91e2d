import { expect, test } from 'vitest';
import { decodeSpan } from '../otlp/decode-span.ts';
import { Interner } from '../otlp/interner.ts';
import { META, META_DUPLICATE } from '../otlp/span-table.ts';
import { type SpanSketch, tableOf } from '../otlp/trace.fixture.ts';
import type { Decision } from '../sampling/decision.ts';
import type { WindowConfig } from './config.ts';
import { STORED_ROW_BYTES } from './span-store.ts';
import type { TraceView } from './trace-view.ts';
import { WINDOW_CONFIG } from './window.fixture.ts';
import { TraceWindow } from './window.ts';

const strings = new Interner();
const KEEP: Decision = { keep: true, probability: 1, threshold: 0n, reason: 'rest', rule: 'r' };
const DROP: Decision = { ...KEEP, keep: false };

function id(trace: number): string {
  return trace.toString(16).padStart(32, '0');
}

function windowOf(config: Partial<WindowConfig> = {}): TraceWindow {
  return new TraceWindow({ ...WINDOW_CONFIG, ...config });
}

function add(window: TraceWindow, nowMs: number, ...spans: SpanSketch[]) {
  return window.add(tableOf(strings, spans), nowMs);
}

function dueOf(window: TraceWindow, nowMs: number): TraceView {
  const trace = window.due(nowMs);
  if (trace === undefined) throw new Error('nothing is due');
  return trace;
}

//  0 ms        500 ms            2000 ms      2500 ms
//  child ───── root received ──────────────── due: two seconds after the root
test('a trace is due two seconds after its root', () => {
  const window = windowOf();
  add(window, 0, { id: 'b', parent: 'a' });
  add(window, 500, { id: 'a' });
  expect(window.nextDueMs()).toBe(2500);
  expect(window.due(2499)).toBeUndefined();
  const trace = dueOf(window, 2500);
  expect(trace.trigger).toBe('root');
  expect(trace.spans.count).toBe(2);
  expect(trace.spans.isRoot(trace.root)).toBe(true);
  expect([...trace.parents.slice(0, 2)]).toEqual([1, -1]);
  window.settle(KEEP);
  expect(window.nextDueMs()).toBeUndefined();
});

test('a trace whose root never comes is due after thirty seconds', () => {
  const window = windowOf();
  add(window, 0, { id: 'b', parent: 'a' });
  expect(window.due(29_999)).toBeUndefined();
  const trace = dueOf(window, 30_000);
  expect([trace.trigger, trace.root]).toEqual(['timeout', -1]);
});

test('of several roots the earliest, then the longest is the root', () => {
  const window = windowOf();
  const spans = [
    { id: 'a', start: 5, end: 9 },
    { id: 'b', start: 1, end: 2 },
    { id: 'c', start: 1, end: 8 },
  ];
  add(window, 0, ...spans);
  expect(dueOf(window, 5000).root).toBe(2);
});

test('a repeated span is dropped and flagged, also in a trace of thousands', () => {
  const window = windowOf();
  const table = tableOf(strings, [{ id: 'a' }, { id: 'a' }, { id: 'b' }]);
  expect(window.add(table, 0)).toMatchObject({ added: 2, duplicates: 1 });
  expect([0, 1, 2].map((span) => (table.word(span, META) & META_DUPLICATE) !== 0)).toEqual([
    false,
    true,
    false,
  ]);
  const many = Array.from({ length: 2000 }, (_, n) => ({ id: `n${n}`, parent: 'a' }));
  expect(add(window, 1, ...many)).toMatchObject({ added: 2000, duplicates: 0 });
  expect(add(window, 2, ...many)).toMatchObject({ added: 0, duplicates: 2000 });
});

test('late spans follow the decision', () => {
  const window = windowOf();
  add(window, 0, { id: 'a', traceId: id(1) }, { id: 'a', traceId: id(2) });
  expect(dueOf(window, 2000).traceId).toBe(id(1));
  window.settle(KEEP);
  expect(dueOf(window, 2000).traceId).toBe(id(2));
  window.settle(DROP);
  const spans = [1, 2].map((trace) => ({ id: 'late', parent: 'a', traceId: id(trace) }));
  expect(add(window, 3000, ...spans)).toMatchObject({ added: 0, lateKept: 1, lateDropped: 1 });
  const trace = dueOf(window, 3000);
  expect([trace.traceId, trace.trigger, trace.earlier]).toEqual([id(1), 'late', KEEP]);
  window.settle(trace.earlier as Decision);
  expect(window.stats(3000)).toMatchObject({ traces: 0, spans: 0, bodies: 0, bytes: 0 });
});

test.each([
  [KEEP, 1],
  [DROP, 0],
])('spans that arrive while their trace is being written follow it', (decision, late) => {
  const window = windowOf();
  add(window, 0, { id: 'a' });
  const trace = dueOf(window, 2000);
  add(window, 2001, { id: 'b', parent: 'a' }, { id: 'c', parent: 'a' });
  expect(trace.spans.count).toBe(1);
  window.settle(decision);
  const after = window.due(2001);
  expect(after === undefined ? 0 : 1).toBe(late);
  if (after !== undefined) {
    expect([after.trigger, after.spans.count, after.earlier]).toEqual(['late', 2, decision]);
    expect(after.bytes).toBeGreaterThan(0);
    window.settle(decision);
  }
  expect(window.stats(2001)).toMatchObject({ traces: 0, spans: 0, bodies: 0, bytes: 0 });
});

test('a giant trace is decided at its bound, and its later spans follow', () => {
  const window = windowOf({ maxSpansPerTrace: 100 });
  const spans = Array.from({ length: 150 }, (_, n) => ({ id: `s${n}`, parent: 'a' }));
  add(window, 0, ...spans.slice(0, 120));
  expect(dueOf(window, 0).trigger).toBe('span_limit');
  window.settle(DROP);
  expect(add(window, 1, ...spans.slice(120))).toMatchObject({ lateDropped: 30 });
});

test('a trace of too many bytes is decided too', () => {
  const window = windowOf({ maxBytesPerTrace: 1000 });
  add(window, 0, { id: 'a', parent: 'b', attributes: { text: 'x'.repeat(2000) } });
  expect(dueOf(window, 0).trigger).toBe('byte_limit');
});

test('a full window decides the trace whose root has waited longest', () => {
  const window = windowOf({ maxTraces: 2 });
  add(window, 0, { id: 'x', parent: 'y', traceId: id(1) });
  add(window, 1, { id: 'a', traceId: id(2) });
  expect(window.due(1)).toBeUndefined();
  add(window, 2, { id: 'a', traceId: id(3) });
  const trace = dueOf(window, 2);
  expect([trace.traceId, trace.trigger]).toEqual([id(2), 'evicted']);
  window.settle(DROP);
  expect(window.due(2)).toBeUndefined();
});

test('bytes are bounded: bodies in, decisions out', () => {
  const maxBytes = 200_000;
  const window = windowOf({ maxBytes });
  let decided = 0;
  for (let trace = 1; trace <= 300; trace += 1) {
    const attributes = { text: 'x'.repeat(1000) };
    add(window, trace, { id: 'a', traceId: id(trace), attributes });
    while (window.due(trace) !== undefined) {
      decided += 1;
      window.settle(DROP);
    }
    expect(window.stats(trace).bytes).toBeLessThanOrEqual(maxBytes);
  }
  expect(decided + window.stats(300).traces).toBe(300);
});

test('what a giant trace needs to find duplicates counts, and goes with it', () => {
  const window = windowOf();
  const many = Array.from({ length: 3000 }, (_, n) => ({ id: `n${n}`, parent: 'a' }));
  add(window, 0, ...many.slice(0, 64));
  const small = window.stats(0).bytes;
  const table = tableOf(strings, many);
  window.add(table, 0);
  const rows = 3000 * (STORED_ROW_BYTES + 4);
  const indexed = (table.bodies[0] as Uint8Array).length + rows + 3000 * 4 * 2;
  expect(window.stats(0).bytes - small).toBeGreaterThan(indexed);
  window.shutdown();
  dueOf(window, 0);
  window.settle(KEEP);
  expect(window.stats(0).bytes).toBe(0);
});

test('a straggler does not pin the body it came in', () => {
  const window = windowOf();
  const attributes = { text: 'x'.repeat(500) };
  const spans: SpanSketch[] = Array.from({ length: 100 }, (_, n) => ({
    id: 'a',
    traceId: id(n + 1),
    attributes,
    ...(n === 50 ? { parent: 'b', name: 'straggler' } : {}),
  }));
  add(window, 0, ...spans);
  const before = window.stats(0).bytes;
  for (let due = window.due(2000); due !== undefined; due = window.due(2000)) window.settle(KEEP);
  // Not at once: most stragglers follow within moments.
  expect(window.due(2500)).toBeUndefined();
  const { traces, bytes } = window.stats(2500);
  expect(traces).toBe(1);
  expect(bytes).toBeLessThan(before / 50);
  const { spans: left } = dueOf(window, 30_000);
  const row = decodeSpan(left, 0, strings);
  expect([row.SpanName, row.SpanAttributes, row.ServiceName]).toEqual([
    'straggler',
    attributes,
    'shop',
  ]);
});

test('shutdown makes every trace due', () => {
  const window = windowOf();
  add(window, 0, { id: 'x', parent: 'y', traceId: id(1) }, { id: 'a', traceId: id(2) });
  expect(window.due(0)).toBeUndefined();
  window.shutdown();
  const triggers: string[] = [];
  for (let trace = window.due(0); trace !== undefined; trace = window.due(0)) {
    triggers.push(trace.trigger);
    window.settle(KEEP);
  }
  expect(triggers).toEqual(['shutdown', 'shutdown']);
});

test('a clock that steps back counts as standing still', () => {
  const window = windowOf();
  add(window, 10_000, { id: 'a' });
  add(window, 5000, { id: 'a', traceId: id(9) });
  expect(window.due(11_999)).toBeUndefined();
  expect(dueOf(window, 12_000).trigger).toBe('root');
});

test('new delays hold for what waits already', () => {
  const window = windowOf();
  add(window, 0, { id: 'a' });
  window.configure({ ...WINDOW_CONFIG, rootDelayMs: 100 });
  expect(dueOf(window, 100).trigger).toBe('root');
});

test('misuse is told at once', () => {
  const window = windowOf();
  expect(() => window.settle(KEEP)).toThrow('no trace to settle');
  add(window, 0, { id: 'a' });
  dueOf(window, 2000);
  expect(() => window.due(2000)).toThrow('settle the trace');
});
