import { SPAN_KINDS, type SpanKindName } from '../otlp/span-table.ts';
import { PathColumns } from './columns.ts';
import { linkParents } from './link.ts';
import { HOST_UNKNOWN } from './types.ts';
import type { PathWorkspace } from './workspace.ts';

/** A span as the controller reads it from the store. */
export interface PathSpan {
  readonly spanId: string;
  /** '', null or undefined: no parent. */
  readonly parentSpanId?: string | null | undefined;
  /** Nanoseconds since 1970, exact. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly kind: SpanKindName;
  readonly service: string;
  readonly operation: string;
  /** Name of the machine; '', null or undefined: not known. */
  readonly host?: string | null | undefined;
  /** The attribute `flyball.blocking`, see `readBlocking`. */
  readonly blocking?: boolean | undefined;
}

const MAX_OFFSET_NS = 2n ** 53n - 1n;

/** Reads the attribute `flyball.blocking`, as a boolean or as text; anything else is not set. */
export function readBlocking(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return undefined;
}

/**
 * Columns from spans; position `i` is `spans[i]`. Any text may be an id. Offsets count from
 * `baseNs`, the start of the root (of the earliest span when there is none).
 */
export function pathInputOf(
  spans: readonly PathSpan[],
  ws: PathWorkspace,
): { input: PathColumns; baseNs: bigint } {
  const columns = new PathColumns();
  columns.reset(spans.length);
  const ids = rankIds(spans);
  const baseNs = baseOf(spans, ids);
  const services = new Map<string, number>();
  const hosts = new Map<string, number>();
  const operations = new Map<string, number>();
  for (const [i, span] of spans.entries()) {
    columns.startNs[i] = offsetNs(span.startNs, baseNs);
    columns.endNs[i] = offsetNs(span.endNs, baseNs);
    columns.kind[i] = Math.max(0, SPAN_KINDS.indexOf(span.kind));
    columns.service[i] = numberOf(services, span.service);
    columns.operation[i] = numberOf(operations, span.operation);
    columns.host[i] = span.host ? numberOf(hosts, span.host) : HOST_UNKNOWN;
    columns.blocking[i] = span.blocking === undefined ? -1 : Number(span.blocking);
    columns.idHi[i] = 0;
    columns.idLo[i] = ids.get(span.spanId)!;
    columns.parentHi[i] = 0;
    columns.parentLo[i] = span.parentSpanId ? (ids.get(span.parentSpanId) ?? spans.length + 1) : 0;
  }
  linkParents(columns, ws, (a, b) => compareTexts(bytesOf(spans[a]!), bytesOf(spans[b]!)));
  return { input: columns, baseNs };
}

/** Ids as numbers from 1 in ascending order, so that ties are decided as by the ids themselves. */
function rankIds(spans: readonly PathSpan[]): Map<string, number> {
  const ids = [...new Set(spans.map((span) => span.spanId))].sort(compareTexts);
  return new Map(ids.map((id, i) => [id, i + 1]));
}

/** Start of the span that can be the root: one without a parent, else with a missing one. */
function baseOf(spans: readonly PathSpan[], ids: ReadonlyMap<string, number>): bigint {
  return (
    earliestStart(spans.filter((span) => !span.parentSpanId)) ??
    earliestStart(spans.filter((span) => !ids.has(span.parentSpanId ?? ''))) ??
    earliestStart(spans) ??
    0n
  );
}

function earliestStart(spans: readonly PathSpan[]): bigint | undefined {
  let earliest: bigint | undefined;
  for (const { startNs } of spans) {
    if (earliest === undefined || startNs < earliest) earliest = startNs;
  }
  return earliest;
}

function offsetNs(ns: bigint, baseNs: bigint): number {
  const offset = ns - baseNs;
  // Out of range either way: `criticalPath` clamps it and says so.
  if (offset > MAX_OFFSET_NS || offset < -MAX_OFFSET_NS) return offset > 0n ? 2 ** 60 : -(2 ** 60);
  return Number(offset);
}

function numberOf(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  numbers.set(text, numbers.size);
  return numbers.size - 1;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function bytesOf(span: PathSpan): string {
  const { parentSpanId, kind, service, operation, host, blocking } = span;
  return JSON.stringify([parentSpanId, kind, service, operation, host, blocking]);
}
