import { TraceView } from '../window/trace-view.ts';
import type { Interner } from './interner.ts';
import { encode, hexBytes } from './proto.fixture.ts';
import { scan } from './scan.ts';
import type { SpanTable } from './span-table.ts';

/** A span as a test writes it; times in milliseconds after a fixed start. */
export interface SpanSketch {
  /** One to eight characters; its hex form padded is the span id. */
  id: string;
  parent?: string;
  service?: string;
  instance?: string;
  host?: string;
  name?: string;
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  start?: number;
  end?: number;
  error?: boolean;
  attributes?: Record<string, string | boolean>;
  traceState?: string;
  /** 32 hex digits. */
  traceId?: string;
}

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const BASE_NS = 1_700_000_000_000_000_000n;

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

export function spanIdOf(id: string): string {
  let hex = '';
  for (const letter of id) hex += letter.charCodeAt(0).toString(16).padStart(2, '0');
  return hex.padEnd(16, '0').slice(0, 16);
}

function textAttribute(key: string, value: string | boolean): object {
  return { key, value: typeof value === 'string' ? { stringValue: value } : { boolValue: value } };
}

/** A request with one resource for each span. */
export function requestOf(spans: readonly SpanSketch[]): object {
  return {
    resourceSpans: spans.map((span) => ({
      resource: {
        attributes: [
          textAttribute('service.name', span.service ?? 'shop'),
          textAttribute('service.instance.id', span.instance ?? ''),
          textAttribute('host.name', span.host ?? ''),
        ],
      },
      scopeSpans: [{ scope: { name: 'test' }, spans: [spanOf(span)] }],
    })),
  };
}

function spanOf(span: SpanSketch): object {
  return {
    traceId: hexBytes(span.traceId ?? TRACE_ID),
    spanId: hexBytes(spanIdOf(span.id)),
    parentSpanId: span.parent === undefined ? new Uint8Array(0) : hexBytes(spanIdOf(span.parent)),
    traceState: span.traceState ?? '',
    name: span.name ?? 'work',
    kind: KINDS[span.kind ?? 'internal'],
    startTimeUnixNano: nanos(span.start ?? 0),
    endTimeUnixNano: nanos(span.end ?? 10),
    attributes: Object.entries(span.attributes ?? {}).map(([key, value]) =>
      textAttribute(key, value),
    ),
    status: { code: span.error === true ? 2 : 0 },
  };
}

function nanos(ms: number): string {
  return (BASE_NS + BigInt(Math.round(ms * 1e6))).toString();
}

export function bytesOf(spans: readonly SpanSketch[]): Uint8Array {
  return encode('TraceRequest', requestOf(spans));
}

export function tableOf(strings: Interner, spans: readonly SpanSketch[]): SpanTable {
  const result = scan(bytesOf(spans), strings);
  if (!result.ok) throw new Error(result.fault.message);
  return result.table;
}

/** The spans as one trace that is due. */
export function traceOf(strings: Interner, spans: readonly SpanSketch[]): TraceView {
  const view = new TraceView();
  const result = scan(bytesOf(spans), strings, view.spans);
  if (!result.ok) throw new Error(result.fault.message);
  view.bytes = spans.length * 100;
  view.refresh();
  return view;
}
