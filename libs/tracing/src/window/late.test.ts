import { expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { tableOf } from '../otlp/trace.fixture.ts';
import type { Decision } from '../sampling/decision.ts';
import { WINDOW_CONFIG } from './window.fixture.ts';
import { TraceWindow } from './window.ts';

const strings = new Interner();
const TRACES = 6000;
const ROOT_PROBABILITY = 0.2;

/** A small generator with a seed (mulberry32): 0 <= value < 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

function traceIdOf(random: () => number): string {
  const word = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return word() + word() + word() + word();
}

interface Late {
  truth: number;
  estimate: number;
  variance: number;
  /** Of them decided anew. */
  anew: number;
}

/**
 * Roots are kept at 20 %, failed spans always. Each trace's failed span comes after so many other
 * traces; what is kept of them is weighted by 1/p, as a reader of the rows does.
 */
function lateErrors(later: number): Late {
  const random = generator(later);
  const window = new TraceWindow({
    ...WINDOW_CONFIG,
    rootDelayMs: 0,
    timeoutMs: 10,
    keptMemory: 100,
    droppedMemory: 1000,
  });
  const ids = Array.from({ length: TRACES }, () => traceIdOf(random));
  const randomness = new Map(ids.map((id) => [id, random()]));
  const late: Late = { truth: 0, estimate: 0, variance: 0, anew: 0 };
  for (let turn = 0; turn < TRACES; turn += 1) {
    const failed = ids[turn - later];
    const spans = [{ id: 'root', traceId: ids[turn] as string }];
    const errors = failed === undefined ? [] : [{ id: 'late', parent: 'root', traceId: failed }];
    window.add(tableOf(strings, [...spans, ...errors]), turn * 100);
    late.truth += errors.length;
    for (;;) {
      const trace = window.due(turn * 100 + 50);
      if (trace === undefined) break;
      const isRoot = trace.root >= 0;
      const probability = isRoot ? ROOT_PROBABILITY : 1;
      const keep = (randomness.get(trace.traceId) as number) < probability;
      const anew: Decision = { keep, probability, threshold: 0n, reason: 'rest', rule: '' };
      const decision = trace.earlier ?? anew;
      if (!isRoot && decision.keep) late.estimate += 1 / decision.probability;
      if (!isRoot && trace.earlier === undefined) late.anew += 1;
      window.settle(decision);
    }
  }
  late.variance = (late.truth - late.anew) * (1 / ROOT_PROBABILITY - 1);
  return late;
}

test.each([10, 100, 300, 500, 1000, 1300, 2500])(
  'late spans are estimated without bias when %i traces were decided since',
  (later) => {
    const { truth, estimate, variance } = lateErrors(later);
    expect(truth).toBe(TRACES - later);
    expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(4 * Math.sqrt(variance));
  },
);

test('late spans follow while there is room, and are decided anew when all is forgotten', () => {
  expect(lateErrors(300).anew).toBe(0);
  const long = lateErrors(3000);
  expect(long.anew).toBe(long.truth);
});
