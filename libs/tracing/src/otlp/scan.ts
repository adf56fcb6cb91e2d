import {
  checkKeyValue,
  checkMessage,
  checkString,
  EVENT_SHAPE,
  endOfPlainPair,
  hasTooManyParts,
  LINK_SHAPE,
  RESOURCE_SHAPE,
  SCOPE_SHAPE,
  type Shape,
  TOO_MANY_PARTS,
} from './check.ts';
import { EMPTY_ID, type Interner, NOT_UTF8, OPERATIONS_SHARE } from './interner.ts';
import { noteMarker } from './markers.ts';
import { mergeSplitMessages } from './merge.ts';
import { faultOf, type OtlpFault, type Rejected, Rejections } from './rejections.ts';
import { type ResourceNames, readResourceNames } from './resource.ts';
import * as field from './span-table.ts';
import { SpanTable, WORDS } from './span-table.ts';
import { Malformed, WireReader } from './wire.ts';

export type ScanResult =
  | {
      ok: true;
      table: SpanTable;
      rejected: Rejected;
      /** Rejected spans by interned service. */
      rejectedBy: ReadonlyMap<number, number>;
    }
  | { ok: false; fault: OtlpFault };

/**
 * Walks an ExportTraceServiceRequest (protobuf) once and notes every span in `table`, which is
 * cleared first; the bytes are kept by reference as `table.bodies[0]`. Attributes, events and links
 * are checked but not built. A span with invalid ids or text is left out and counted; a body that
 * is not the message it claims to be is refused as a whole, with the span and byte where it broke.
 */
export function scan(
  bytes: Uint8Array,
  strings: Interner,
  table: SpanTable = new SpanTable(),
): ScanResult {
  table.clear();
  table.bodies.push(bytes);
  const walk = new TraceScan(bytes, strings, table);
  try {
    walk.request();
    // Rows name one place for a resource and a scope, so the rare body that splits them is joined.
    if (walk.split) return scan(mergeSplitMessages(bytes), strings, table);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    table.clear();
    return {
      ok: false,
      fault: faultOf(error, bytes, 'span', walk.inSpan ? walk.index : undefined),
    };
  }
  const { rejections, rejectedBy } = walk;
  return { ok: true, table, rejected: rejections.result('span'), rejectedBy };
}

/** Tags of Span, opentelemetry/proto/trace/v1/trace.proto. */
const TRACE_ID = 0x0a;
const SPAN_ID = 0x12;
const TRACE_STATE = 0x1a;
const PARENT_ID = 0x22;
const NAME = 0x2a;
const KIND = 0x30;
const START = 0x39;
const END = 0x41;
const ATTRIBUTE = 0x4a;
const EVENT = 0x5a;
const LINK = 0x6a;
const STATUS = 0x7a;

/** Trace id, span id and parent id with their tags and lengths, and the tag of the name. */
const HEAD_BYTES = 18 + 10 + 10 + 1;

const STATUS_MESSAGE = 0x12;
const STATUS_CODE = 0x18;

/** Tags of the containers: a resource or scope, and what it holds. */
const ABOUT = 0x0a;
const ITEM = 0x12;

const META_STATUS = field.META_STATUS_MASK << field.META_STATUS_SHIFT;

class TraceScan {
  readonly rejections = new Rejections();
  /** By interned service; in a body without faults nobody looks for a service. */
  readonly rejectedBy = new Map<number, number>();
  /** Position in the body of the span being read, counted from 0. */
  index = -1;
  inSpan = false;
  /** A resource or scope came in several pieces. */
  split = false;
  readonly #reader: WireReader;
  readonly #strings: Interner;
  readonly #table: SpanTable;
  #traceIdLength = 0;
  #spanIdLength = 0;
  #parentIdLength = 0;
  #textValid = true;

  constructor(bytes: Uint8Array, strings: Interner, table: SpanTable) {
    this.#reader = new WireReader(bytes);
    this.#strings = strings;
    this.#table = table;
  }

  request(): void {
    const reader = this.#reader;
    const end = reader.bytes.length;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ABOUT) this.#resourceSpans(this.#enter(end));
      else reader.skip(tag, end);
    }
  }

  /** Reads a length and returns where the sub-message ends. */
  #enter(end: number): number {
    const length = this.#reader.length(end);
    return this.#reader.at + length;
  }

  #resourceSpans(end: number): void {
    const reader = this.#reader;
    const firstRow = this.#table.count;
    const firstIndex = this.index + 1;
    const rejectedBefore = this.rejections.count;
    let offset = -1;
    let length = 0;
    let fault: string | undefined;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ABOUT) {
        if (offset >= 0) this.split = true;
        const stop = this.#enter(end);
        offset = reader.at;
        length = stop - offset;
        fault = this.#aboutFault('resource', stop, RESOURCE_SHAPE) ?? fault;
      } else if (tag === ITEM) this.#scopeSpans(this.#enter(end));
      else reader.skip(tag, end);
    }
    if (fault === undefined) this.#writeResource(firstRow, Math.max(0, offset), length);
    else this.#rejectFrom(firstRow, firstIndex, fault);
    const rejected = this.rejections.count - rejectedBefore;
    if (rejected > 0) this.#noteRejected(rejected, Math.max(0, offset), length);
  }

  #noteRejected(count: number, offset: number, length: number): void {
    const { service } = readResourceNames(this.#reader, offset, length, this.#strings);
    this.rejectedBy.set(service, (this.rejectedBy.get(service) ?? 0) + count);
  }

  /** Why no span below this resource or scope can be taken, or undefined. Moves to its end. */
  #aboutFault(name: string, stop: number, shape: Shape): string | undefined {
    const reader = this.#reader;
    reader.parts = 0;
    const valid = checkMessage(reader, stop, shape);
    if (hasTooManyParts(reader)) return `its ${name} has too many attributes`;
    return valid ? undefined : `its ${name} has a string that is not UTF-8`;
  }

  #scopeSpans(end: number): void {
    const reader = this.#reader;
    const firstRow = this.#table.count;
    const firstIndex = this.index + 1;
    let offset = -1;
    let length = 0;
    let fault: string | undefined;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ITEM) this.#span(this.#enter(end));
      else if (tag === ABOUT) {
        if (offset >= 0) this.split = true;
        const stop = this.#enter(end);
        offset = reader.at;
        length = stop - offset;
        fault = this.#aboutFault('scope', stop, SCOPE_SHAPE) ?? fault;
      } else reader.skip(tag, end);
    }
    if (fault === undefined) this.#writeScope(firstRow, Math.max(0, offset), length);
    else this.#rejectFrom(firstRow, firstIndex, fault);
  }

  #rejectFrom(firstRow: number, firstIndex: number, cause: string): void {
    const count = this.#table.count - firstRow;
    if (count > 0) this.rejections.add(cause, firstIndex, count);
    this.#table.truncate(firstRow);
  }

  #writeScope(firstRow: number, offset: number, length: number): void {
    const { rows, count } = this.#table;
    for (let base = firstRow * WORDS; base < count * WORDS; base += WORDS) {
      rows[base + field.SCOPE_OFFSET] = offset;
      rows[base + field.SCOPE_LENGTH] = length;
    }
  }

  #writeResource(firstRow: number, offset: number, length: number): void {
    const { rows, count } = this.#table;
    if (count === firstRow) return;
    const names: ResourceNames = readResourceNames(this.#reader, offset, length, this.#strings);
    for (let base = firstRow * WORDS; base < count * WORDS; base += WORDS) {
      rows[base + field.RESOURCE_OFFSET] = offset;
      rows[base + field.RESOURCE_LENGTH] = length;
      rows[base + field.SERVICE] = names.service;
      rows[base + field.INSTANCE] = names.instance;
      rows[base + field.HOST] = names.host;
    }
  }

  #span(end: number): void {
    this.index += 1;
    this.inSpan = true;
    this.#traceIdLength = 0;
    this.#spanIdLength = 0;
    this.#parentIdLength = 0;
    this.#textValid = true;
    this.#reader.parts = 0;
    const table = this.#table;
    const base = table.push();
    const reader = this.#reader;
    const start = reader.at;
    table.rows[base + field.OFFSET] = start;
    table.rows[base + field.LENGTH] = end - start;
    if (end - start > HEAD_BYTES) this.#usualHead(end, table.rows, base);
    while (reader.at < end) this.#spanField(reader.tag(end), end, table.rows, base);
    const cause = this.#spanFault(table.rows, base);
    if (cause === undefined) noteDirection(table.rows, base);
    else {
      table.truncate(table.count - 1);
      this.rejections.add(cause, this.index);
    }
    this.inSpan = false;
  }

  /**
   * Ids, name, kind, times and attributes in the order in which encoders write them, as far as they
   * are as usual; the rest is left to the walk by fields. The span has `HEAD_BYTES` at least.
   */
  #usualHead(end: number, rows: Int32Array, base: number): void {
    const reader = this.#reader;
    const { bytes, view } = reader;
    let { at } = reader;
    if (bytes[at] !== TRACE_ID || bytes[at + 1] !== 16) return;
    for (let word = 0; word < 4; word += 1) {
      rows[base + field.TRACE_A + word] = view.getInt32(at + 2 + 4 * word);
    }
    this.#traceIdLength = 16;
    at += 18;
    reader.at = at;
    if (bytes[at] !== SPAN_ID || bytes[at + 1] !== 8) return;
    rows[base + field.SPAN_A] = view.getInt32(at + 2);
    rows[base + field.SPAN_B] = view.getInt32(at + 6);
    this.#spanIdLength = 8;
    at += 10;
    if (bytes[at] === PARENT_ID && bytes[at + 1] === 8) {
      rows[base + field.PARENT_A] = view.getInt32(at + 2);
      rows[base + field.PARENT_B] = view.getInt32(at + 6);
      this.#parentIdLength = 8;
      at += 10;
    }
    reader.at = at;
    if (bytes[at] !== NAME) return;
    reader.at = at + 1;
    this.#name(rows, base, end);
    at = reader.at;
    // Kind, start and end with their tags: 2 + 9 + 9 bytes.
    if (at + 20 > end || bytes[at] !== KIND || bytes[at + 2] !== START) return;
    const kind = bytes[at + 1] as number;
    if (bytes[at + 11] !== END || kind >= field.SPAN_KINDS.length) return;
    rows[base + field.META] = (rows[base + field.META] as number) | kind;
    rows[base + field.START_HI] = view.getInt32(at + 7, true);
    rows[base + field.START_LO] = view.getInt32(at + 3, true);
    rows[base + field.END_HI] = view.getInt32(at + 16, true);
    rows[base + field.END_LO] = view.getInt32(at + 12, true);
    reader.at = at + 20;
    this.#usualAttributes(end, rows, base);
  }

  #usualAttributes(end: number, rows: Int32Array, base: number): void {
    const reader = this.#reader;
    const { bytes } = reader;
    let { at } = reader;
    while (at < end && bytes[at] === ATTRIBUTE) {
      const stop = endOfPlainPair(reader, at + 1, end);
      if (stop === 0) break;
      reader.parts += 1;
      noteMarker(reader, rows, base, at + 2);
      at = stop;
    }
    reader.at = at;
  }

  #spanField(tag: number, end: number, rows: Int32Array, base: number): void {
    const reader = this.#reader;
    switch (tag) {
      case ATTRIBUTE:
        this.#attribute(rows, base, end);
        return;
      case TRACE_ID:
        this.#traceIdLength = this.#id(rows, base + field.TRACE_A, 4, end);
        return;
      case SPAN_ID:
        this.#spanIdLength = this.#id(rows, base + field.SPAN_A, 2, end);
        return;
      case PARENT_ID:
        this.#parentIdLength = this.#id(rows, base + field.PARENT_A, 2, end);
        return;
      case NAME:
        this.#name(rows, base, end);
        return;
      case START:
        this.#time(rows, base + field.START_HI, end);
        return;
      case END:
        this.#time(rows, base + field.END_HI, end);
        return;
      case KIND:
        this.#kind(rows, base, end);
        return;
      case STATUS:
        this.#status(rows, base, this.#enter(end));
        return;
      case TRACE_STATE:
        this.#traceState(rows, base, end);
        return;
      case EVENT:
        reader.parts += 1;
        this.#textValid = checkMessage(reader, this.#enter(end), EVENT_SHAPE) && this.#textValid;
        return;
      case LINK:
        reader.parts += 1;
        this.#textValid = checkMessage(reader, this.#enter(end), LINK_SHAPE) && this.#textValid;
        return;
      default:
        reader.skip(tag, end);
    }
  }

  #attribute(rows: Int32Array, base: number, end: number): void {
    const reader = this.#reader;
    const start = reader.at;
    this.#textValid = checkKeyValue(reader, end) && this.#textValid;
    noteMarker(reader, rows, base, start + 1);
  }

  /** Copies an id of `words` words when it has that length; returns its length in bytes. */
  #id(rows: Int32Array, at: number, words: number, end: number): number {
    const reader = this.#reader;
    const length = reader.length(end);
    const start = reader.at;
    reader.at = start + length;
    for (let word = 0; word < words; word += 1) {
      rows[at + word] = length === words * 4 ? reader.view.getInt32(start + word * 4) : 0;
    }
    return length;
  }

  #name(rows: Int32Array, base: number, end: number): void {
    const reader = this.#reader;
    const length = reader.length(end);
    const id = this.#strings.intern(reader.bytes, reader.at, length, OPERATIONS_SHARE);
    if (id === NOT_UTF8) this.#textValid = false;
    rows[base + field.NAME] = id === NOT_UTF8 ? EMPTY_ID : id;
    reader.at += length;
  }

  #time(rows: Int32Array, high: number, end: number): void {
    const at = this.#reader.fixed(8, end);
    rows[high] = this.#reader.view.getInt32(at + 4, true);
    rows[high + 1] = this.#reader.view.getInt32(at, true);
  }

  #kind(rows: Int32Array, base: number, end: number): void {
    const kind = this.#reader.varint32(end);
    const meta = (rows[base + field.META] as number) & ~field.META_KIND_MASK;
    rows[base + field.META] = meta | (kind >= 0 && kind < field.SPAN_KINDS.length ? kind : 0);
  }

  #traceState(rows: Int32Array, base: number, end: number): void {
    const at = this.#reader.at;
    const valid = checkString(this.#reader, end);
    this.#textValid = valid && this.#textValid;
    const meta = rows[base + field.META] as number;
    // More than its length byte was read, so it is not empty.
    const flag = this.#reader.at > at + 1 ? field.META_TRACE_STATE : 0;
    rows[base + field.META] = (meta & ~field.META_TRACE_STATE) | flag;
  }

  #status(rows: Int32Array, base: number, end: number): void {
    const reader = this.#reader;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === STATUS_CODE) {
        const code = reader.varint32(end);
        const known = code >= 0 && code < field.STATUS_CODES.length ? code : 0;
        const meta = (rows[base + field.META] as number) & ~META_STATUS;
        rows[base + field.META] = meta | (known << field.META_STATUS_SHIFT);
      } else if (tag === STATUS_MESSAGE) {
        this.#textValid = checkString(reader, end) && this.#textValid;
      } else reader.skip(tag, end);
    }
  }

  #spanFault(rows: Int32Array, base: number): string | undefined {
    if (this.#traceIdLength !== 16) return idFault('trace id', this.#traceIdLength, 16);
    const trace = base + field.TRACE_A;
    if ((rows[trace]! | rows[trace + 1]! | rows[trace + 2]! | rows[trace + 3]!) === 0) {
      return 'trace id is all zeros';
    }
    if (this.#spanIdLength !== 8) return idFault('span id', this.#spanIdLength, 8);
    if ((rows[base + field.SPAN_A]! | rows[base + field.SPAN_B]!) === 0) {
      return 'span id is all zeros';
    }
    if (this.#parentIdLength !== 8 && this.#parentIdLength !== 0) {
      return idFault('parent span id', this.#parentIdLength, 8);
    }
    if (hasTooManyParts(this.#reader)) return TOO_MANY_PARTS;
    return this.#textValid ? undefined : 'it has a string that is not UTF-8';
  }
}

/** Odd lengths share one sentence, so that the causes of one request stay few. */
function idFault(id: string, length: number, expected: number): string {
  if (length === 0) return `${id} is missing`;
  if (length < 64) return `${id} has ${length} bytes instead of ${expected}`;
  return `${id} has more than 63 bytes instead of ${expected}`;
}

function noteDirection(rows: Int32Array, base: number): void {
  const startHigh = rows[base + field.START_HI]! >>> 0;
  const endHigh = rows[base + field.END_HI]! >>> 0;
  if (endHigh > startHigh) return;
  const startLow = rows[base + field.START_LO]! >>> 0;
  const endLow = rows[base + field.END_LO]! >>> 0;
  if (endHigh === startHigh && endLow >= startLow) return;
  rows[base + field.META] = rows[base + field.META]! | field.META_NEGATIVE;
}
