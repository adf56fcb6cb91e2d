import { probabilityOf, readSampling } from '../context/trace-state.ts';
import {
  META,
  META_TRACE_STATE,
  type SpanTable,
  TRACE_C,
  TRACE_D,
  WORDS,
} from '../otlp/span-table.ts';
import { hashTraceId } from '../window/trace-table.ts';
import type { TraceView } from '../window/trace-view.ts';
import { traceStateOf } from './span-text.ts';

/** The last seven bytes of the trace id: 56 bits that every sampler of the trace sees alike. */
export function traceRandomness(table: SpanTable, span: number): bigint {
  const high = BigInt(table.word(span, TRACE_C) & 0xffffff);
  return (high << 32n) | BigInt(table.word(span, TRACE_D) >>> 0);
}

/** 0 … 1 from all of the trace id, mixed: not correlated with its randomness, alike in a trace. */
export function traceFraction(table: SpanTable, span: number): number {
  const hash = hashTraceId(table.rows, span * WORDS, 0x53a1b7);
  return (hash >>> 0) / 2 ** 32;
}

/**
 * Readers take whole rates only. Plain rounding would make every sum wrong by up to a third (1 in
 * 3.33 counted as 3), so the part behind the point decides how often it is rounded up.
 */
export function wholeRate(rate: number, fraction: number): number {
  const whole = Math.round(rate);
  if (Math.abs(rate - whole) < 1e-9 * rate) return whole;
  return Math.floor(rate) + (fraction < rate - Math.floor(rate) ? 1 : 0);
}

/** Explicit randomness (`ot=rv`) of the given span, or undefined. */
export function explicitRandomness(table: SpanTable, span: number): bigint | undefined {
  const traceState = traceStateOf(table, span);
  return traceState === '' ? undefined : readSampling(traceState).randomness;
}

/** Spans of a trace whose tracestate is read at most, in search of randomness: all say the same. */
const MAX_LOOKS = 16;

/** The randomness of a trace, and how an earlier sampler thinned out traces like it. */
export class TraceRandomness {
  /** Bits 32 … 55, and 0 … 31. */
  high = 0;
  low = 0;
  /** Probability with which an earlier sampler let it pass; 1 without one. */
  headProbability = 1;

  /** `ot=rv` of the root, else of the first span that has it, else the end of the trace id. */
  read({ spans, root }: TraceView): void {
    this.high = spans.word(0, TRACE_C) & 0xffffff;
    this.low = spans.word(0, TRACE_D) >>> 0;
    this.headProbability = 1;
    if (root >= 0 && this.#readState(spans, root)) return;
    let looks = 0;
    for (let span = 0; span < spans.count && looks < MAX_LOOKS; span += 1) {
      if ((spans.word(span, META) & META_TRACE_STATE) === 0) continue;
      looks += 1;
      if (this.#readState(spans, span)) return;
    }
  }

  /** True when the span's tracestate holds randomness of its own. */
  #readState(spans: SpanTable, span: number): boolean {
    const traceState = traceStateOf(spans, span);
    if (traceState === '') return false;
    const { randomness, threshold } = readSampling(traceState);
    if (randomness !== undefined) {
      this.high = Number(randomness >> 32n);
      this.low = Number(randomness & 0xffffffffn);
    }
    const here = randomness ?? traceRandomness(spans, span);
    // One that would have rejected the span is not believed.
    if (threshold !== undefined && threshold <= here && this.headProbability === 1) {
      this.headProbability = probabilityOf(threshold);
    }
    return randomness !== undefined;
  }
}
