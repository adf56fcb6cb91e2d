import { readSampling } from '../context/trace-state.ts';
import {
  LENGTH,
  META,
  META_TRACE_STATE,
  OFFSET,
  type SpanTable,
  TRACE_C,
  TRACE_D,
} from '../otlp/span-table.ts';
import { readText } from '../otlp/value.ts';
import { WireReader } from '../otlp/wire.ts';

const TRACE_STATE = 0x1a;

/** The last seven bytes of the trace id: 56 bits that every sampler of the trace sees alike. */
export function traceRandomness(table: SpanTable, span: number): bigint {
  const high = BigInt(table.word(span, TRACE_C) & 0xffffff);
  return (high << 32n) | BigInt(table.word(span, TRACE_D) >>> 0);
}

/** The tracestate of a scanned span, '' without one. */
export function traceStateOf(table: SpanTable, span: number): string {
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
