import { AttributeReader } from '../otlp/attribute-reader.ts';
import { LENGTH, META, META_TRACE_STATE, OFFSET, type SpanTable } from '../otlp/span-table.ts';
import { readText } from '../otlp/value.ts';
import { WireReader } from '../otlp/wire.ts';

/** Tags of Span, opentelemetry/proto/trace/v1/trace.proto. */
const TRACE_STATE = 0x1a;
const NAME = 0x2a;
const FLAGS = (16 << 3) | 5;

/** The tracestate of a scanned span, '' without one. */
export function traceStateOf(table: SpanTable, span: number): string {
  if ((table.word(span, META) & META_TRACE_STATE) === 0) return '';
  return textField(table, span, TRACE_STATE);
}

/** The name of a span whose name found no room in the interner. */
export function operationTextOf(table: SpanTable, span: number): string {
  return textField(table, span, NAME);
}

const serviceName = new AttributeReader(['service.name']);

/** The same for its service. */
export function serviceTextOf(table: SpanTable, span: number): string {
  serviceName.readResource(table, span);
  return serviceName.text(0) ?? '';
}

/** The last one counts, as with every scalar. */
function textField(table: SpanTable, span: number, wanted: number): string {
  const { reader, end } = open(table, span);
  let text = '';
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === wanted) text = readText(reader, end);
    else reader.skip(tag, end);
  }
  return text;
}

/** The span's `flags`: W3C trace flags in the low eight bits; 0 when not sent. */
export function flagsOf(table: SpanTable, span: number): number {
  const { reader, end } = open(table, span);
  let flags = 0;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === FLAGS) flags = reader.view.getUint32(reader.fixed(4, end), true);
    else reader.skip(tag, end);
  }
  return flags;
}

function open(table: SpanTable, span: number): { reader: WireReader; end: number } {
  const start = table.word(span, OFFSET);
  const reader = new WireReader(table.body(span));
  reader.at = start;
  return { reader, end: start + table.word(span, LENGTH) };
}

/** The value of a member of a tracestate, or undefined when it has none of this key. */
export function memberOf(traceState: string, key: string): string | undefined {
  for (const member of traceState.split(',')) {
    const at = member.indexOf('=');
    if (at > 0 && member.slice(0, at).trim() === key) return member.slice(at + 1).trim();
  }
  return undefined;
}
