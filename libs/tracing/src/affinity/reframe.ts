import type { SpanTable } from '../otlp/span-table.ts';
import * as field from '../otlp/span-table.ts';

/** Tags of ExportTraceServiceRequest and its containers: a resource or scope, and what it holds. */
const ABOUT = 0x0a;
const ITEM = 0x12;

/**
 * Some spans of a scanned body as an ExportTraceServiceRequest of their own, made of the bytes
 * they arrived in: nothing is decoded, only lengths are written anew. Neighbours of one resource
 * and scope stay together. Scanned again, each span has the columns it has here.
 *
 * What no column or row shows is left out: schema URLs and fields that OTLP does not know between
 * the spans. Requests may be joined end to end: protobuf appends their lists.
 *
 * @param spans positions in the table, ascending
 */
export function reframe(table: SpanTable, spans: readonly number[]): Uint8Array<ArrayBuffer> {
  const plan = planOf(table, spans);
  const out = new Frame(plan.bytes);
  let scope = 0;
  let resource = 0;
  let previous = -1;
  for (const span of spans) {
    const opensResource = previous < 0 || !sameResource(table, previous, span);
    if (opensResource) {
      out.header(ABOUT, plan.resources[resource] as number);
      resource += 1;
      out.part(table, span, ABOUT, field.RESOURCE_OFFSET, field.RESOURCE_LENGTH);
    }
    if (opensResource || !sameScope(table, previous, span)) {
      out.header(ITEM, plan.scopes[scope] as number);
      scope += 1;
      out.part(table, span, ABOUT, field.SCOPE_OFFSET, field.SCOPE_LENGTH);
    }
    out.header(ITEM, table.word(span, field.LENGTH));
    out.slice(table, span, field.OFFSET, field.LENGTH);
    previous = span;
  }
  return out.bytes;
}

/** The lengths of all containers, in the order in which they are written. */
interface Plan {
  readonly resources: number[];
  readonly scopes: number[];
  bytes: number;
}

function planOf(table: SpanTable, spans: readonly number[]): Plan {
  const plan: Plan = { resources: [], scopes: [], bytes: 0 };
  let resource = 0;
  let scope = 0;
  const closeScope = () => {
    plan.scopes.push(scope);
    resource += framed(scope);
  };
  const closeResource = () => {
    plan.resources.push(resource);
    plan.bytes += framed(resource);
  };
  let previous = -1;
  for (const span of spans) {
    const opensResource = previous < 0 || !sameResource(table, previous, span);
    const opensScope = opensResource || !sameScope(table, previous, span);
    if (previous >= 0 && opensScope) closeScope();
    if (previous >= 0 && opensResource) closeResource();
    if (opensResource) resource = partBytes(table.word(span, field.RESOURCE_LENGTH));
    if (opensScope) scope = partBytes(table.word(span, field.SCOPE_LENGTH));
    scope += framed(table.word(span, field.LENGTH));
    previous = span;
  }
  if (previous >= 0) {
    closeScope();
    closeResource();
  }
  return plan;
}

function sameResource(table: SpanTable, left: number, right: number): boolean {
  return (
    table.word(left, field.RESOURCE_OFFSET) === table.word(right, field.RESOURCE_OFFSET) &&
    table.word(left, field.RESOURCE_LENGTH) === table.word(right, field.RESOURCE_LENGTH) &&
    table.word(left, field.BODY) === table.word(right, field.BODY)
  );
}

function sameScope(table: SpanTable, left: number, right: number): boolean {
  return (
    table.word(left, field.SCOPE_OFFSET) === table.word(right, field.SCOPE_OFFSET) &&
    table.word(left, field.SCOPE_LENGTH) === table.word(right, field.SCOPE_LENGTH)
  );
}

/** An empty resource or scope is left out, as if it had not been sent. */
function partBytes(length: number): number {
  return length === 0 ? 0 : framed(length);
}

/** Bytes of a field with a one-byte tag, its length and `length` bytes. */
function framed(length: number): number {
  let bytes = 2 + length;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
}

class Frame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  header(tag: number, length: number): void {
    this.bytes[this.#at] = tag;
    this.#at += 1;
    let rest = length;
    while (rest > 0x7f) {
      this.bytes[this.#at] = (rest & 0x7f) | 0x80;
      this.#at += 1;
      rest >>>= 7;
    }
    this.bytes[this.#at] = rest;
    this.#at += 1;
  }

  part(table: SpanTable, span: number, tag: number, offset: number, length: number): void {
    if (table.word(span, length) === 0) return;
    this.header(tag, table.word(span, length));
    this.slice(table, span, offset, length);
  }

  slice(table: SpanTable, span: number, offset: number, length: number): void {
    const start = table.word(span, offset);
    const end = start + table.word(span, length);
    this.bytes.set(table.body(span).subarray(start, end), this.#at);
    this.#at += end - start;
  }
}
