import { expect, test } from 'vitest';
import { defaultConfig } from '../config/file.ts';
import { windowConfigOf } from '../config/window.ts';
import { Registry } from '../self/metrics.ts';
import { Outbox } from './outbox.ts';
import { createTally } from './tally.ts';
import { TracePipeline } from './traces.ts';

const START_MS = 1_700_000_000_000;
const TRACES = 12_000;
const SPANS = 4;
/** From the first span of a trace to its last, and between two traces. */
const STEP_MS = 700;
const EVERY_MS = 5;

/** A small seeded generator (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pipeline() {
  const sums = { rows: 0, adjusted: 0, red: 0 };
  const outbox = new Outbox({
    append: (table, _, payload) => {
      for (const line of Buffer.from(payload).toString().trim().split('\n')) {
        const row = JSON.parse(line);
        if (table === 'flyball_red') sums.red += row.count;
        if (table !== 'otel_traces') continue;
        sums.rows += 1;
        sums.adjusted += Number(row.SpanAttributes.SampleRate);
      }
    },
  });
  const sampler = { kind: 'probability' as const, probability: 0.3 };
  const rules = { rules: [{ name: 'some', sampler }] };
  const config = windowConfigOf(defaultConfig());
  const traces = new TracePipeline(config, rules, outbox, createTally(new Registry()));
  return { traces, outbox, sums };
}

function bodyOf(traceIds: readonly string[], depth: number): Buffer {
  const spans = traceIds.map((traceId) => ({
    traceId,
    spanId: `000000000000000${depth + 1}`,
    ...(depth === 0 ? {} : { parentSpanId: `000000000000000${depth}` }),
    name: 'GET /',
  }));
  return Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
}

/**
 * Spans of a trace arrive 700 ms apart, the root last, while overload comes and goes and N changes:
 * most traces lie on both sides of a change.
 */
test('sums stay within 3 sigma while overload comes and goes in the middle of traces', () => {
  const random = seeded(11);
  const { traces, outbox, sums } = pipeline();
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  const arrivals = new Map<number, { depth: number; ids: string[] }[]>();
  const at = (ms: number, depth: number, id: string) => {
    const slot = Math.floor(ms / 50) * 50;
    const known = arrivals.get(slot) ?? [];
    arrivals.set(slot, known);
    const same = known.find((one) => one.depth === depth);
    if (same === undefined) known.push({ depth, ids: [id] });
    else same.ids.push(id);
  };
  for (let trace = 0; trace < TRACES; trace += 1) {
    const id = hex(32);
    for (let depth = SPANS - 1; depth >= 0; depth -= 1) {
      at(trace * EVERY_MS + (SPANS - 1 - depth) * STEP_MS, depth, id);
    }
  }
  const lastMs = TRACES * EVERY_MS + SPANS * STEP_MS;
  for (let ms = 0; ms <= lastMs; ms += 50) {
    const phase = Math.floor(ms / 1300);
    traces.oneIn = phase % 2 === 0 ? undefined : 2 ** (1 + (phase % 3));
    for (const { depth, ids } of arrivals.get(ms) ?? []) {
      expect(traces.receive('json', bodyOf(ids, depth), START_MS + ms).kind).toBe('accepted');
    }
    traces.step(START_MS + ms, () => false);
    outbox.flush(START_MS + ms);
  }
  traces.window.shutdown();
  while (traces.step(START_MS + lastMs, () => false)) outbox.flush(START_MS + lastMs);
  traces.drain();
  outbox.flush(START_MS + lastMs);
  const truth = TRACES * SPANS;
  expect(sums.red).toBe(truth);
  // Spans of a trace stand or fall together at worst, at 1 in 8.
  const sigma = Math.sqrt(TRACES * SPANS ** 2 * 7);
  expect(Math.abs(sums.adjusted - truth)).toBeLessThan(3 * sigma);
  expect(sums.rows).toBeLessThan(0.5 * truth);
}, 60_000);
