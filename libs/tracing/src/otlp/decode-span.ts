import {
  probabilityOf,
  readSampling,
  type SamplingState,
  writeThreshold,
} from '../context/trace-state.ts';
import type { Decision } from '../sampling/decision.ts';
import { traceFraction, traceRandomness, wholeRate } from '../sampling/randomness.ts';
import { readAttributes, readScopeFields } from './envelope.ts';
import { type Interner, OVERFLOW_ID } from './interner.ts';
import * as row from './span-table.ts';
import { SPAN_KINDS, type SpanTable, STATUS_CODES } from './span-table.ts';
import { timestampText } from './time.ts';
import {
  type AttributeMap,
  attributeMap,
  hexText,
  type KeyValue,
  readBytes,
  readKeyValue,
  readText,
  setEntry,
} from './value.ts';
import { WireReader } from './wire.ts';

/** A row of otel_traces for an insert as JSONEachRow: the names are the table's columns. */
export interface TraceRow {
  /** `seconds.nanoseconds`, nine decimals. */
  Timestamp: string;
  TraceId: string;
  SpanId: string;
  ParentSpanId: string;
  TraceState: string;
  SpanName: string;
  SpanKind: string;
  ServiceName: string;
  ResourceAttributes: AttributeMap;
  ScopeName: string;
  ScopeVersion: string;
  SpanAttributes: AttributeMap;
  /** Nanoseconds as decimal text: exact up to 64 bits. */
  Duration: string;
  StatusCode: string;
  StatusMessage: string;
  'Events.Timestamp': string[];
  'Events.Name': string[];
  'Events.Attributes': AttributeMap[];
  'Links.TraceId': string[];
  'Links.SpanId': string[];
  'Links.TraceState': string[];
  'Links.Attributes': AttributeMap[];
}

/** The whole number by which readers weight a sampled span. */
export const SAMPLE_RATE_ATTRIBUTE = 'SampleRate';
/** On spans kept only because a rule is tried: the rule that would drop them, or `no_match`. */
const WOULD_DROP_ATTRIBUTE = 'flyball.sampling.would_drop';

const TRACE_STATE = 0x1a;
const NAME = 0x2a;
const ATTRIBUTE = 0x4a;
const EVENT = 0x5a;
const LINK = 0x6a;
const STATUS = 0x7a;

/**
 * Decodes one scanned span fully. With the decision that kept it, tracestate says so (`ot=th`, only
 * ever raised) and the attribute `SampleRate` holds the number of spans it stands for.
 */
export function decodeSpan(
  table: SpanTable,
  span: number,
  strings: Interner,
  decision?: Decision,
): TraceRow {
  const body = table.body(span);
  const resource = readResource(body, table, span);
  const scope = readScopeFields(slice(body, table, span, row.SCOPE_OFFSET, row.SCOPE_LENGTH));
  const fields = readSpanFields(slice(body, table, span, row.OFFSET, row.LENGTH));
  const duration = table.endNs(span) - table.startNs(span);
  const attributes = attributeMap(fields.attributes);
  const traceState =
    decision === undefined
      ? fields.traceState
      : markSampled(table, span, fields.traceState, attributes, decision);
  return {
    Timestamp: timestampText(table.startNs(span)),
    TraceId: table.traceId(span),
    SpanId: table.spanId(span),
    ParentSpanId: table.parentSpanId(span),
    TraceState: traceState,
    SpanName: fields.name,
    SpanKind: SPAN_KINDS[table.kind(span)] as string,
    ServiceName: serviceName(table, span, strings, resource),
    ResourceAttributes: resource,
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    SpanAttributes: attributes,
    Duration: (duration > 0n ? duration : 0n).toString(),
    StatusCode: STATUS_CODES[table.status(span)] as string,
    StatusMessage: fields.statusMessage,
    ...fields.events,
    ...fields.links,
  };
}

/** The name the span was counted under, so that rows and totals agree. */
function serviceName(
  table: SpanTable,
  span: number,
  strings: Interner,
  resource: AttributeMap,
): string {
  const id = table.service(span);
  return id === OVERFLOW_ID ? (resource['service.name'] ?? '') : strings.text(id);
}

function markSampled(
  table: SpanTable,
  span: number,
  traceState: string,
  attributes: AttributeMap,
  decision: Decision,
): string {
  const sampled = sampledAs(table, span, traceState, decision);
  const rate = wholeRate(sampled.weight, traceFraction(table, span));
  setEntry(attributes, SAMPLE_RATE_ATTRIBUTE, String(rate));
  if (decision.reason === 'dry_run') {
    setEntry(attributes, WOULD_DROP_ATTRIBUTE, decision.rule === '' ? 'no_match' : decision.rule);
  }
  return sampled.traceState;
}

/** The tracestate of a span that `decision` kept, and how many spans it stands for: 1 or more. */
export function sampledAs(
  table: SpanTable,
  span: number,
  traceState: string,
  decision: Decision,
): { traceState: string; weight: number } {
  const known: SamplingState = readSampling(traceState);
  const randomness = known.randomness ?? traceRandomness(table, span);
  // A threshold that would have rejected the span says nothing true about how it was sampled.
  const before = known.threshold !== undefined && known.threshold <= randomness;
  const earlier = before ? (known.threshold as bigint) : 0n;
  const threshold = earlier > decision.threshold ? earlier : decision.threshold;
  const weight = 1 / probabilityOf(threshold);
  return { traceState: writeThreshold(traceState, threshold), weight };
}

function slice(
  body: Uint8Array,
  table: SpanTable,
  span: number,
  offset: number,
  length: number,
): Uint8Array {
  const start = table.word(span, offset);
  return body.subarray(start, start + table.word(span, length));
}

function readResource(body: Uint8Array, table: SpanTable, span: number): AttributeMap {
  const bytes = slice(body, table, span, row.RESOURCE_OFFSET, row.RESOURCE_LENGTH);
  return readAttributes(bytes, 0x0a);
}

type Events = Pick<TraceRow, 'Events.Timestamp' | 'Events.Name' | 'Events.Attributes'>;
type Links = Pick<
  TraceRow,
  'Links.TraceId' | 'Links.SpanId' | 'Links.TraceState' | 'Links.Attributes'
>;

interface SpanFields {
  name: string;
  traceState: string;
  attributes: KeyValue[];
  statusMessage: string;
  events: Events;
  links: Links;
}

function readSpanFields(bytes: Uint8Array): SpanFields {
  const reader = new WireReader(bytes);
  const end = bytes.length;
  const fields: SpanFields = {
    name: '',
    traceState: '',
    attributes: [],
    statusMessage: '',
    events: { 'Events.Timestamp': [], 'Events.Name': [], 'Events.Attributes': [] },
    links: {
      'Links.TraceId': [],
      'Links.SpanId': [],
      'Links.TraceState': [],
      'Links.Attributes': [],
    },
  };
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === ATTRIBUTE) fields.attributes.push(readKeyValue(reader, end));
    else if (tag === NAME) fields.name = readText(reader, end);
    else if (tag === TRACE_STATE) fields.traceState = readText(reader, end);
    else if (tag === STATUS) readStatusMessage(readBytes(reader, end), fields);
    else if (tag === EVENT) readEvent(readBytes(reader, end), fields.events);
    else if (tag === LINK) readLink(readBytes(reader, end), fields.links);
    else reader.skip(tag, end);
  }
  return fields;
}

function readStatusMessage(bytes: Uint8Array, fields: SpanFields): void {
  const reader = new WireReader(bytes);
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === 0x12) fields.statusMessage = readText(reader, bytes.length);
    else reader.skip(tag, bytes.length);
  }
}

function readEvent(bytes: Uint8Array, events: Events): void {
  const reader = new WireReader(bytes);
  const pairs: KeyValue[] = [];
  let time = 0n;
  let name = '';
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === 0x09) time = reader.view.getBigUint64(reader.fixed(8, bytes.length), true);
    else if (tag === 0x12) name = readText(reader, bytes.length);
    else if (tag === 0x1a) pairs.push(readKeyValue(reader, bytes.length));
    else reader.skip(tag, bytes.length);
  }
  events['Events.Timestamp'].push(timestampText(time));
  events['Events.Name'].push(name);
  events['Events.Attributes'].push(attributeMap(pairs));
}

function readLink(bytes: Uint8Array, links: Links): void {
  const reader = new WireReader(bytes);
  const pairs: KeyValue[] = [];
  let traceId = '';
  let spanId = '';
  let traceState = '';
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag === 0x0a) traceId = hexText(readBytes(reader, bytes.length));
    else if (tag === 0x12) spanId = hexText(readBytes(reader, bytes.length));
    else if (tag === 0x1a) traceState = readText(reader, bytes.length);
    else if (tag === 0x22) pairs.push(readKeyValue(reader, bytes.length));
    else reader.skip(tag, bytes.length);
  }
  links['Links.TraceId'].push(traceId);
  links['Links.SpanId'].push(spanId);
  links['Links.TraceState'].push(traceState);
  links['Links.Attributes'].push(attributeMap(pairs));
}
