import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSpan } from '../otlp/decode-span.ts';
import { Interner } from '../otlp/interner.ts';
import { META, META_DUPLICATE, META_LATE, META_UNHELD } from '../otlp/span-table.ts';
import { tableOf } from '../otlp/trace.fixture.ts';
import type { Decision } from '../sampling/decision.ts';
import type { WindowConfig } from './config.ts';
import { type TwinDue, type TwinSpan, TwinWindow, WINDOW_CONFIG } from './window.fixture.ts';
import { TraceWindow } from './window.ts';

const strings = new Interner();

const CONFIG: WindowConfig = {
  ...WINDOW_CONFIG,
  rootDelayMs: 20,
  timeoutMs: 100,
  maxTraces: 6,
  maxSpans: 40,
  maxSpansPerTrace: 8,
  maxBytes: Number.MAX_SAFE_INTEGER,
};

/** Every third trace is dropped. */
function decisionOn(traceId: string): Decision {
  const keep = Number.parseInt(traceId.slice(-2), 16) % 3 !== 0;
  return { keep, probability: 1, threshold: 0n, reason: 'rest', rule: 'test' };
}

function traceIdOf(trace: number): string {
  return `${'0'.repeat(28)}00${trace.toString(16).padStart(2, '0')}`;
}

interface Sketch {
  trace: number;
  span: number;
  root: boolean;
}

type Command =
  | { do: 'add'; spans: Sketch[]; knownOnly: boolean }
  | { do: 'wait'; ms: number }
  | { do: 'drain' }
  | { do: 'shutdown' };

const sketch = fc.record({
  trace: fc.integer({ min: 1, max: 14 }),
  span: fc.integer({ min: 1, max: 12 }),
  root: fc.boolean(),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      spans: fc.array(sketch, { minLength: 1, maxLength: 12 }),
      knownOnly: fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  },
  { weight: 4, arbitrary: fc.constant<Command>({ do: 'drain' }) },
  { weight: 1, arbitrary: fc.constant<Command>({ do: 'shutdown' }) },
);

/** A real window and its twin, driven side by side. */
class Pair {
  readonly real = new TraceWindow(CONFIG);
  readonly twin = new TwinWindow(CONFIG);
  nowMs = 1000;

  run(step: Command): void {
    switch (step.do) {
      case 'add':
        this.add(step.spans, step.knownOnly);
        return;
      case 'wait':
        this.nowMs += step.ms;
        return;
      case 'drain':
        this.drain();
        return;
      case 'shutdown':
        this.real.shutdown();
        this.twin.shutdown();
    }
  }

  add(sketches: Sketch[], knownOnly: boolean): void {
    const table = tableOf(
      strings,
      sketches.map(({ trace, span, root }) => ({
        id: String.fromCharCode(64 + span),
        traceId: traceIdOf(trace),
        name: `${trace}/${span}`,
        ...(root ? {} : { parent: 'p' }),
      })),
    );
    const spans: TwinSpan[] = sketches.map((_, row) => ({
      traceId: table.traceId(row),
      spanId: table.spanId(row),
      root: table.isRoot(row),
    }));
    const real = this.real.add(table, this.nowMs, knownOnly);
    expect(real).toEqual(this.twin.add(spans, this.nowMs, knownOnly));
    const flagged = (flag: number) => spans.filter((_, row) => table.word(row, META) & flag).length;
    expect(flagged(META_DUPLICATE)).toBe(real.duplicates);
    expect(flagged(META_LATE)).toBe(real.lateDropped + real.lateKept);
    expect(flagged(META_UNHELD)).toBe(real.unheld);
  }

  drain(): void {
    const real = this.drainReal();
    const twin = this.drainTwin();
    const isForced = ({ trigger }: TwinDue): boolean =>
      trigger === 'late' || trigger === 'span_limit';
    const byId = (left: TwinDue, right: TwinDue): number => (left.traceId < right.traceId ? -1 : 1);
    expect(real.filter(isForced).sort(byId)).toEqual(twin.filter(isForced).sort(byId));
    const ordered = (due: TwinDue): boolean => !isForced(due);
    expect(real.filter(ordered)).toEqual(twin.filter(ordered));
    const stats = this.real.stats(this.nowMs);
    expect([stats.traces, stats.spans]).toEqual([this.twin.traces, this.twin.spans]);
    expect(stats.traces).toBeLessThanOrEqual(CONFIG.maxTraces);
    expect(stats.spans).toBeLessThanOrEqual(CONFIG.maxSpans);
  }

  drainReal(): TwinDue[] {
    const all: TwinDue[] = [];
    for (;;) {
      const trace = this.real.due(this.nowMs);
      if (trace === undefined) return all;
      const { spans, traceId, trigger } = trace;
      const ids = Array.from({ length: spans.count }, (_, span) => spans.spanId(span));
      all.push({ traceId, trigger, spans: ids });
      const decision = trace.earlier ?? decisionOn(traceId);
      expect(trigger === 'late').toBe(trace.earlier !== undefined);
      this.real.settle(decision);
    }
  }

  drainTwin(): TwinDue[] {
    const all: TwinDue[] = [];
    for (;;) {
      const due = this.twin.due(this.nowMs);
      if (due === undefined) return all;
      all.push(due);
      this.twin.settle(due.traceId, decisionOn(due.traceId).keep);
    }
  }
}

test('the window does what its obvious twin does', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const pair = new Pair();
      for (const step of commands) pair.run(step);
      pair.run({ do: 'shutdown' });
      pair.drain();
      expect(pair.real.stats(pair.nowMs)).toMatchObject({
        traces: 0,
        spans: 0,
        bodies: 0,
        bytes: 0,
      });
    }),
    { numRuns: 1000 },
  );
}, 60_000);

const scattered = fc.array(
  fc.array(
    fc.record({ trace: fc.integer({ min: 0, max: 40 }), pad: fc.integer({ min: 0, max: 900 }) }),
    { minLength: 1, maxLength: 60 },
  ),
  { minLength: 1, maxLength: 12 },
);

test('spans read the same after being copied out of their bodies; nothing is pinned', () => {
  fc.assert(
    fc.property(scattered, fc.integer({ min: 0, max: 40 }), (requests, last) => {
      // A body is scribbled over as soon as it is let go: nothing may read it later.
      const config = { ...WINDOW_CONFIG, rootDelayMs: 10, timeoutMs: 1000 };
      const window = new TraceWindow(config, (body) => body.fill(0xff));
      const sent = new Map<string, string>();
      let nowMs = 0;
      requests.forEach((request, number) => {
        const table = tableOf(
          strings,
          request.map(({ trace, pad }, row) => ({
            id: `${String.fromCharCode(65 + number)}${String.fromCharCode(65 + row)}`,
            traceId: traceIdOf(trace + 1),
            service: `service-${row % 3}`,
            attributes: { pad: 'x'.repeat(pad), mark: `${number}.${row}` },
            // One trace has no root: it stays behind when the others leave.
            ...(trace === last ? { parent: 'zz' } : {}),
          })),
        );
        for (let row = 0; row < table.count; row += 1) {
          sent.set(
            `${table.traceId(row)} ${table.spanId(row)}`,
            text(decodeSpan(table, row, strings)),
          );
        }
        window.add(table, nowMs);
        nowMs += 5;
        if (number % 3 === 0) drain(window, nowMs, sent);
      });
      drain(window, nowMs + 20, sent);
      drain(window, nowMs + 1000, sent);
      const stats = window.stats(nowMs);
      // A straggler may pin its own bytes, a resource and a scope for each body, little more.
      if (stats.bytes > 0) expect(stats.bytes).toBeLessThan(stats.spans * 1500 * 4 + 4096 * 12);
      window.shutdown();
      drain(window, nowMs, sent);
      expect(window.stats(nowMs)).toMatchObject({ traces: 0, spans: 0, bodies: 0, bytes: 0 });
      expect(sent.size).toBe(0);
    }),
    { numRuns: 200 },
  );
}, 60_000);

function text(row: object): string {
  return JSON.stringify(row);
}

function drain(window: TraceWindow, nowMs: number, sent: Map<string, string>): void {
  for (;;) {
    const trace = window.due(nowMs);
    if (trace === undefined) return;
    const { spans } = trace;
    for (let span = 0; span < spans.count; span += 1) {
      const key = `${spans.traceId(span)} ${spans.spanId(span)}`;
      expect(text(decodeSpan(spans, span, strings))).toBe(sent.get(key));
      sent.delete(key);
    }
    window.settle({ keep: true, probability: 1, threshold: 0n, reason: 'rest', rule: '' });
  }
}
