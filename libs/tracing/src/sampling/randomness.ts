import { readSampling } from '../context/trace-state.ts';
import {
  LENGTH,
  META,
  META_TRACE_STATE,
  OFFSET,
  type SpanTable,
  TRACE_C,
  TRACE_D,
  WORDS,
} from '../otlp/span-table.ts';
import { readText } from '../otlp/value.ts';
import { WireReader } from '../otlp/wire.ts';
import { hashTraceId } from '../window/trace-table.ts';

const TRACE_STATE = 0x1a;

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

/** The tracestate of a scanned span, '' without one. */
function traceStateOf(table: SpanTable, span: number): string {
  if ((table.word(span, META) & META_TRACE_STATE) === 0) return '';
  const start = table.word(span, OFFSET);
  const end = start + table.word(span, LENGTH);
  const reader = new WireReader(table.body(span));
  reader.at = start;
  let text = '';
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === TRACE_STATE) text = readText(reader, end);
    else reader.skip(tag, end);
  }
  return text;
}

/** Explicit randomness (`ot=rv`) of the given span, or undefined. */
export function explicitRandomness(table: SpanTable, span: number): bigint | undefined {
  const traceState = traceStateOf(table, span);
  return traceState === '' ? undefined : readSampling(traceState).randomness;
}
