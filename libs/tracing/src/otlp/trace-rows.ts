import type { Decision } from '../sampling/decision.ts';
import { traceFraction, wholeRate } from '../sampling/randomness.ts';
import { decodeSpan, SAMPLE_RATE_ATTRIBUTE, sampledAs } from './decode-span.ts';
import { readAttributes } from './envelope.ts';
import { type Interner, OVERFLOW_ID } from './interner.ts';
import { AttributeWriter, type OwnEntry } from './json-attributes.ts';
import { ascii, JsonBytes } from './json-bytes.ts';
import { ItemWriter, lastField, type Spots } from './json-items.ts';
import { SliceTexts } from './slice-texts.ts';
import * as row from './span-table.ts';
import { SPAN_KINDS, type SpanTable, STATUS_CODES, WORDS } from './span-table.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';
import { WireReader } from './wire.ts';

const TRACE_STATE = 0x1a;
const NAME = 0x2a;
const ATTRIBUTE = 0x4a;
const EVENT = 0x5a;
const LINK = 0x6a;
const STATUS = 0x7a;
const STATUS_MESSAGE = 0x12;
const RESOURCE_ATTRIBUTE = 0x0a;
const SCOPE_NAME = 0x0a;
const SCOPE_VERSION = 0x12;

const TO_TIMESTAMP = ascii('{"Timestamp":"');
const TO_TRACE_ID = ascii('","TraceId":"');
const TO_SPAN_ID = ascii('","SpanId":"');
const TO_PARENT = ascii('","ParentSpanId":"');
const TO_SERVICE = ascii('","ServiceName":');
const TO_RESOURCE = ascii(',"ResourceAttributes":');
const TO_SCOPE_NAME = ascii(',"ScopeName":');
const TO_SCOPE_VERSION = ascii(',"ScopeVersion":');
const TO_TRACE_STATE = ascii(',"TraceState":');
const TO_NAME = ascii(',"SpanName":');
const TO_ATTRIBUTES = ascii(',"SpanAttributes":');
const TO_STATUS_MESSAGE = ascii(',"StatusMessage":');
const KINDS = SPAN_KINDS.map((name) => ascii(`,"SpanKind":"${name}","Duration":"`));
const STATUSES = STATUS_CODES.map((name) => ascii(`","StatusCode":"${name}"`));
const EMPTY = ascii('""');
const ROW_END = ascii('}\n');
const LINE_END = ascii('\n');
const SAMPLE_RATE = ascii(SAMPLE_RATE_ATTRIBUTE);

/** Thresholds whose mark is remembered; rules have few, boosts and budgets some. */
const MAX_MARKS = 256;

/** What a decision makes of a span without a tracestate of its own. */
interface Mark {
  /** Spans it stands for: 1 / probability. */
  readonly weight: number;
  /** The tracestate as a JSON string. */
  readonly traceState: Uint8Array;
}

/** A text of a span: from `at` up to `end`. */
interface Spot {
  at: number;
  end: number;
}

/**
 * Rows of `otel_traces` in JSONEachRow, written straight from the bytes of scanned spans: the fast
 * twin of `decodeSpan`, whose object each row parses to. Lines gather until `clear`.
 */
export class TraceRowWriter {
  /** Whole lines since the last `clear`. */
  rows = 0;
  readonly #strings: Interner;
  readonly #out = new JsonBytes(64 * 1024);
  readonly #attributes = new AttributeWriter(this.#out);
  readonly #items = new ItemWriter(this.#out, this.#attributes);
  readonly #resources = new SliceTexts();
  readonly #scopes = new SliceTexts();
  readonly #marks = new Map<bigint, Mark>();
  readonly #name: Spot = { at: 0, end: 0 };
  readonly #traceState: Spot = { at: 0, end: 0 };
  readonly #statusMessage: Spot = { at: 0, end: 0 };
  readonly #events: Spots = [];
  readonly #links: Spots = [];
  readonly #own = { key: SAMPLE_RATE, value: 1 };
  #reader = new WireReader(new Uint8Array(0));

  constructor(strings: Interner) {
    this.#strings = strings;
  }

  /** Bytes of the lines written. */
  get length(): number {
    return this.#out.length;
  }

  /** The lines, each ended by a newline: a view, valid until the next `write`. */
  get bytes(): Uint8Array {
    return this.#out.bytes.subarray(0, this.#out.length);
  }

  /** Forgets the lines; their memory is used again, unless it has become large. */
  clear(): void {
    this.#out.clear();
    this.rows = 0;
  }

  /** Adds the row of one span; `decision` as in `decodeSpan`. */
  write(table: SpanTable, span: number, decision?: Decision): void {
    const before = this.#out.length;
    try {
      // Another attribute of ours goes with it: rare, so the slow twin writes it.
      if (decision?.reason === 'dry_run') this.#tried(table, span, decision);
      else this.#row(table, span, decision);
      this.rows += 1;
    } catch (error) {
      this.#out.length = before;
      throw error;
    }
  }

  #tried(table: SpanTable, span: number, decision: Decision): void {
    this.#out.raw(encodeUtf8(JSON.stringify(decodeSpan(table, span, this.#strings, decision))));
    this.#out.raw(LINE_END);
  }

  #row(table: SpanTable, span: number, decision: Decision | undefined): void {
    const out = this.#out;
    const body = table.body(span);
    if (this.#reader.bytes !== body) this.#reader = new WireReader(body);
    this.#ids(table, span);
    this.#resource(table, span);
    this.#scope(table, span);
    this.#read(table.word(span, row.OFFSET), table.word(span, row.LENGTH));
    out.raw(TO_TRACE_STATE);
    const own = this.#mark(table, span, decision);
    out.raw(TO_NAME);
    out.text(body, this.#name.at, this.#name.end);
    out.raw(TO_ATTRIBUTES);
    const start = table.word(span, row.OFFSET);
    const end = start + table.word(span, row.LENGTH);
    this.#attributes.object(this.#reader, { start, end, tag: ATTRIBUTE }, own);
    out.raw(KINDS[table.kind(span)] as Uint8Array);
    this.#duration(table.rows, span * WORDS);
    out.raw(STATUSES[table.status(span)] as Uint8Array);
    out.raw(TO_STATUS_MESSAGE);
    out.text(body, this.#statusMessage.at, this.#statusMessage.end);
    this.#items.events(this.#reader, this.#events);
    this.#items.links(this.#reader, this.#links);
    out.raw(ROW_END);
  }

  #ids(table: SpanTable, span: number): void {
    const out = this.#out;
    const { rows } = table;
    const base = span * WORDS;
    out.raw(TO_TIMESTAMP);
    out.timestamp(rows[base + row.START_HI] as number, rows[base + row.START_LO] as number);
    out.raw(TO_TRACE_ID);
    for (let word = row.TRACE_A; word <= row.TRACE_D; word += 1) {
      out.hexWord(rows[base + word] as number);
    }
    out.raw(TO_SPAN_ID);
    out.hexWord(rows[base + row.SPAN_A] as number);
    out.hexWord(rows[base + row.SPAN_B] as number);
    out.raw(TO_PARENT);
    if (table.isRoot(span)) return;
    out.hexWord(rows[base + row.PARENT_A] as number);
    out.hexWord(rows[base + row.PARENT_B] as number);
  }

  /** The name the span was counted under, so that rows and totals agree, and the resource. */
  #resource(table: SpanTable, span: number): void {
    const start = table.word(span, row.RESOURCE_OFFSET);
    const end = start + table.word(span, row.RESOURCE_LENGTH);
    const service = table.service(span);
    const out = this.#out;
    const { bytes } = this.#reader;
    const known = this.#resources.find(bytes, start, end, service);
    if (known !== undefined) {
      out.raw(known);
      return;
    }
    const from = out.length;
    out.raw(TO_SERVICE);
    out.string(
      service === OVERFLOW_ID
        ? (readAttributes(bytes.subarray(start, end), RESOURCE_ATTRIBUTE)['service.name'] ?? '')
        : this.#strings.text(service),
    );
    out.raw(TO_RESOURCE);
    this.#attributes.message(this.#reader, { start, end, tag: RESOURCE_ATTRIBUTE });
    this.#resources.keep(bytes, start, end, service, out.bytes.subarray(from, out.length));
  }

  #scope(table: SpanTable, span: number): void {
    const start = table.word(span, row.SCOPE_OFFSET);
    const end = start + table.word(span, row.SCOPE_LENGTH);
    const out = this.#out;
    const { bytes } = this.#reader;
    const known = this.#scopes.find(bytes, start, end, 0);
    if (known !== undefined) {
      out.raw(known);
      return;
    }
    const from = out.length;
    out.raw(TO_SCOPE_NAME);
    this.#field(start, end, SCOPE_NAME);
    out.raw(TO_SCOPE_VERSION);
    this.#field(start, end, SCOPE_VERSION);
    this.#scopes.keep(bytes, start, end, 0, out.bytes.subarray(from, out.length));
  }

  #field(start: number, end: number, tag: number): void {
    const at = lastField(this.#reader, start, end, tag);
    if (at < 0) this.#out.raw(EMPTY);
    else this.#out.text(this.#reader.bytes, at, this.#reader.at);
  }

  /** Walks over the span once and notes where its parts are. */
  #read(start: number, length: number): void {
    const reader = this.#reader;
    const end = start + length;
    this.#attributes.begin();
    this.#name.end = this.#name.at = 0;
    this.#traceState.end = this.#traceState.at = 0;
    this.#statusMessage.end = this.#statusMessage.at = 0;
    this.#events.length = 0;
    this.#links.length = 0;
    reader.at = start;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ATTRIBUTE) this.#attributes.add(reader, end);
      else if (tag === NAME) toSpot(reader, end, this.#name);
      else if (tag === TRACE_STATE) toSpot(reader, end, this.#traceState);
      else if (tag === STATUS) this.#readStatus(reader, end);
      else if (tag === EVENT) toSpots(reader, end, this.#events);
      else if (tag === LINK) toSpots(reader, end, this.#links);
      else reader.skip(tag, end);
    }
  }

  #readStatus(reader: WireReader, limit: number): void {
    const length = reader.length(limit);
    const end = reader.at + length;
    const at = lastField(reader, reader.at, end, STATUS_MESSAGE);
    if (at >= 0) {
      this.#statusMessage.at = at;
      this.#statusMessage.end = reader.at;
    }
    reader.at = end;
  }

  /** Writes the tracestate, and returns what the span's attributes say of the sampling. */
  #mark(table: SpanTable, span: number, decision: Decision | undefined): OwnEntry | undefined {
    const out = this.#out;
    const { at, end } = this.#traceState;
    const { bytes } = this.#reader;
    if (decision === undefined) {
      out.text(bytes, at, end);
      return undefined;
    }
    if (at === end) {
      const mark = this.#markOf(table, span, decision);
      out.raw(mark.traceState);
      return this.#sampleRate(table, span, mark.weight);
    }
    const { traceState, weight } = sampledAs(table, span, decodeUtf8(bytes, at, end), decision);
    out.string(traceState);
    return this.#sampleRate(table, span, weight);
  }

  #sampleRate(table: SpanTable, span: number, weight: number): OwnEntry {
    this.#own.value = wholeRate(weight, traceFraction(table, span));
    return this.#own;
  }

  /** Without a tracestate of its own, all that counts is the decision's threshold. */
  #markOf(table: SpanTable, span: number, decision: Decision): Mark {
    const known = this.#marks.get(decision.threshold);
    if (known !== undefined) return known;
    const { traceState, weight } = sampledAs(table, span, '', decision);
    const mark = { weight, traceState: ascii(`"${traceState}"`) };
    if (this.#marks.size >= MAX_MARKS) this.#marks.clear();
    this.#marks.set(decision.threshold, mark);
    return mark;
  }

  /** Nanoseconds; 0 when the end lies before the start. */
  #duration(rows: Int32Array, base: number): void {
    const out = this.#out;
    const word = (field: number) => (rows[base + field] as number) >>> 0;
    let low = word(row.END_LO) - word(row.START_LO);
    let high = word(row.END_HI) - word(row.START_HI);
    if (low < 0) {
      low += 2 ** 32;
      high -= 1;
    }
    if (high < 0) out.integer(0);
    else out.wide(high, low);
  }
}

function toSpot(reader: WireReader, limit: number, spot: Spot): void {
  const length = reader.length(limit);
  spot.at = reader.at;
  reader.at += length;
  spot.end = reader.at;
}

function toSpots(reader: WireReader, limit: number, spots: Spots): void {
  const length = reader.length(limit);
  spots.push(reader.at, reader.at + length);
  reader.at += length;
}
