import {
  HOST,
  INSTANCE,
  LENGTH,
  META,
  META_DUPLICATE,
  META_LATE,
  META_LATE_KEPT,
  META_UNHELD,
  NAME,
  PARENT_A,
  PARENT_B,
  SERVICE,
  SPAN_A,
  SPAN_B,
  type SpanTable,
  TRACE_A,
  WORDS,
} from '../otlp/span-table.ts';
import type { Decision } from '../sampling/decision.ts';
import { BodyStore } from './body-store.ts';
import type { Trigger, WindowConfig } from './config.ts';
import { DecisionMemory, UNKNOWN } from './decision-memory.ts';
import { EntryList } from './entry-list.ts';
import { LargeTrace } from './large-trace.ts';
import { LookAhead } from './look-ahead.ts';
import type { AddResult, WindowStats } from './results.ts';
import { NO_ROW, SpanStore, STORED_ROW_BYTES } from './span-store.ts';
import * as trace from './trace-table.ts';
import { NO_ENTRY, TraceTable } from './trace-table.ts';
import { TraceView } from './trace-view.ts';

/** Flags of an entry. */
const ROOTED = 1;
const LATE = 2;
const OVER_SPANS = 4;
const OVER_BYTES = 8;
const QUEUED_DUE = LATE | OVER_SPANS | OVER_BYTES;

/** Words of a row that are ids in the interner. */
const NAMES = [NAME, SERVICE, INSTANCE, HOST] as const;

/** Traces larger than this look their spans up in an index instead of walking their chain. */
const CHAIN_MAX = 64;

/**
 * Holds spans until their trace is whole enough to be decided: its root was received and a short
 * delay has passed, or its time ran out, or it (or the window) reached a bound. A trace that must
 * leave early is decided, never forgotten, and spans that come later follow the decision.
 *
 * A deterministic machine: time is an argument (epoch ms; a step back counts as no step), nothing
 * is random. Bounds hold after `due` has been drained; between, one request may exceed them.
 */
export class TraceWindow {
  #config: WindowConfig;
  readonly #seed: number;
  readonly #spans = new SpanStore();
  readonly #bodies: BodyStore;
  readonly #table: TraceTable;
  readonly #all: EntryList;
  readonly #rooted: EntryList;
  readonly #due: EntryList;
  readonly #decided: DecisionMemory;
  /** The few large traces, by entry. */
  readonly #large = new Map<number, LargeTrace>();
  #largeBytes = 0;
  /** Decisions that waiting late spans follow, by entry. */
  readonly #earlier = new Map<number, Decision>();
  readonly #view = new TraceView();
  readonly #lookAhead: LookAhead;
  #hashes = new Int32Array(512);
  /** Of the trace handed out last. */
  #hash = 0;
  /** Means nothing: it keeps reads that only fetch from being left out. */
  #touched = 0;
  #pending = NO_ENTRY;
  #nowMs = 0;
  #closing = false;

  /** @param release told of each body that was added when nothing here points to it any more */
  constructor(config: WindowConfig, release: (body: Uint8Array) => void = () => {}) {
    this.#bodies = new BodyStore(this.#spans, release);
    this.#config = config;
    this.#seed = config.hashSeed;
    this.#table = new TraceTable(config.hashSeed);
    this.#lookAhead = new LookAhead(this.#table, this.#spans);
    this.#all = new EntryList(this.#table, trace.ALL_PREVIOUS, trace.ALL_NEXT);
    this.#rooted = new EntryList(this.#table, trace.QUEUE_PREVIOUS, trace.QUEUE_NEXT);
    this.#due = new EntryList(this.#table, trace.QUEUE_PREVIOUS, trace.QUEUE_NEXT);
    this.#decided = new DecisionMemory(config.keptMemory, config.droppedMemory);
  }

  /**
   * Takes over the spans of one scanned body. The table may be reused at once; the body itself is
   * kept by reference and must not change. Duplicates and late spans are flagged in the table.
   *
   * @param knownOnly overload: take spans of traces that wait or were decided, and flag the others
   */
  add(table: SpanTable, nowMs: number, knownOnly = false): AddResult {
    this.#advance(nowMs);
    const result: AddResult = { added: 0, duplicates: 0, lateDropped: 0, lateKept: 0, unheld: 0 };
    if (table.count === 0) return result;
    const body = this.#bodies.open(table.bodies[0] as Uint8Array, table.count);
    const hashes = this.#hashesFor(table);
    for (let span = 0; span < table.count; span += 1) {
      const hash = hashes[span] as number;
      this.#addSpan(table.rows, span * WORDS, hash, body, result, knownOnly);
    }
    this.#bodies.close(body);
    return result;
  }

  /**
   * The next trace to decide, or undefined. Settle it before asking again:
   * `while ((trace = window.due(now)) !== undefined) { …; window.settle(decision); }`
   */
  due(nowMs: number): TraceView | undefined {
    if (this.#pending !== NO_ENTRY) throw new Error('settle the trace before asking for the next');
    this.#advance(nowMs);
    this.#bodies.tend(this.#nowMs);
    const entry = this.#nextEntry();
    if (entry === NO_ENTRY) return undefined;
    this.#pending = entry;
    this.#lookAhead.step(entry);
    this.#fillView(this.#view, entry);
    // What settling will look up is fetched while the trace is decided.
    this.#hash = this.#table.hashOf(this.#view.spans.rows, 0);
    this.#touched ^= this.#table.peek(this.#hash) ^ this.#decided.peek(this.#hash);
    return this.#view;
  }

  /** Frees the trace handed out last and remembers its decision for spans still to come. */
  settle(decision: Decision): void {
    const entry = this.#pending;
    if (entry === NO_ENTRY) throw new Error('there is no trace to settle');
    this.#pending = NO_ENTRY;
    // Late spans do not refresh the memory: only kept traces have them, and both fates must be
    // forgotten alike.
    if (this.#view.earlier === undefined) {
      const { rows } = this.#view.spans;
      this.#decided.add(rows, 0, this.#hash, decision);
    }
    const since = this.#table.word(entry, trace.SPANS) - this.#view.spans.count;
    if (since > 0 && decision.keep) this.#keepWaiting(entry, since, decision);
    else this.#release(entry);
    this.#view.earlier = undefined;
  }

  /**
   * What is here of a trace, by its id of 32 hex digits: a copy, for whoever asks. Undefined when
   * nothing of it waits.
   */
  waiting(traceId: string): TraceView | undefined {
    const id = new Int32Array(WORDS);
    for (let word = 0; word < 4; word += 1) {
      id[TRACE_A + word] = Number.parseInt(traceId.slice(word * 8, word * 8 + 8), 16) | 0;
    }
    const entry = this.#table.find(id, 0, this.#table.hashOf(id, 0));
    if (entry === NO_ENTRY) return undefined;
    const view = new TraceView();
    this.#fillView(view, entry);
    return view;
  }

  /** From now on every waiting trace is due, with trigger 'shutdown'. */
  shutdown(): void {
    this.#closing = true;
  }

  /**
   * New delays and bounds; nothing waiting is lost. The sizes of the decision memories and the hash
   * seed stay what they were.
   */
  configure(config: WindowConfig): void {
    this.#config = config;
  }

  /** Epoch ms at which `due` will have something (the past when it has already). */
  nextDueMs(): number | undefined {
    if (this.#all.first === NO_ENTRY && this.#due.first === NO_ENTRY) return undefined;
    if (this.#due.first !== NO_ENTRY || this.#closing || this.#overBound()) return this.#nowMs;
    const timeout = this.#table.firstSeenMs(this.#all.first) + this.#config.timeoutMs;
    if (this.#rooted.first === NO_ENTRY) return timeout;
    return Math.min(timeout, this.#table.rootSeenMs(this.#rooted.first) + this.#config.rootDelayMs);
  }

  stats(nowMs: number): WindowStats {
    const oldest = this.#all.first;
    return {
      traces: this.#table.size,
      spans: this.#spans.used,
      bodies: this.#bodies.count,
      bytes: this.#bytes(),
      oldestMs: oldest === NO_ENTRY ? 0 : Math.max(0, nowMs - this.#table.firstSeenMs(oldest)),
    };
  }

  /** Share of the fullest bound in use: 0 empty, 1 full, more between two steps. */
  fullness(): number {
    const { maxTraces, maxSpans, maxBytes } = this.#config;
    return Math.max(
      this.#table.size / maxTraces,
      this.#spans.used / maxSpans,
      this.#bytes() / maxBytes,
    );
  }

  /** What `fullness` would come to at least if so much arrived steadily. */
  fullnessAt(spansPerSecond: number, bytesPerSecond: number): number {
    const { maxSpans, maxBytes, rootDelayMs } = this.#config;
    const bytes = bytesPerSecond + spansPerSecond * STORED_ROW_BYTES;
    return (rootDelayMs / 1000) * Math.max(spansPerSecond / maxSpans, bytes / maxBytes);
  }

  /** Marks the interned names of all waiting spans. */
  markNames(used: Uint8Array): void {
    const rows = new Int32Array(WORDS);
    for (const list of [this.#all, this.#due]) {
      for (let entry = list.first; entry !== NO_ENTRY; entry = list.after(entry)) {
        for (let row = this.#table.word(entry, trace.HEAD); row !== NO_ROW; ) {
          this.#bodies.copyShared(row, rows, 0);
          row = this.#spans.copy(row, rows, 0);
          for (const name of NAMES) used[rows[name] as number] = 1;
        }
      }
    }
  }

  /** Hashes of the table's trace ids; what they will look up is on its way by then. */
  #hashesFor({ rows, count }: SpanTable): Int32Array {
    if (this.#hashes.length < count) this.#hashes = new Int32Array(count * 2);
    this.#touched ^= this.#table.touch(rows, count, this.#hashes);
    return this.#hashes;
  }

  #advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
  }

  #bytes(): number {
    return (
      this.#bodies.totalBytes +
      this.#largeBytes +
      this.#spans.used * STORED_ROW_BYTES +
      this.#table.size * trace.ENTRY_BYTES
    );
  }

  #overBound(): boolean {
    return (
      this.#table.size > this.#config.maxTraces ||
      this.#spans.used > this.#config.maxSpans ||
      this.#bytes() > this.#config.maxBytes
    );
  }

  #addSpan(
    rows: Int32Array,
    base: number,
    hash: number,
    body: number,
    result: AddResult,
    knownOnly: boolean,
  ): void {
    let entry = this.#table.find(rows, base, hash);
    if (entry === NO_ENTRY) {
      const place = this.#decided.find(rows, base, hash);
      const earlier = place === UNKNOWN ? undefined : this.#decided.keptAt(place);
      if (place !== UNKNOWN && earlier === undefined) {
        result.lateDropped += 1;
        flag(rows, base, META_LATE);
        return;
      }
      if (knownOnly && place === UNKNOWN) {
        result.unheld += 1;
        flag(rows, base, META_UNHELD);
        return;
      }
      entry = this.#open(rows, base, hash, earlier);
    } else if (this.#isDuplicate(entry, rows, base)) {
      flag(rows, base, META_DUPLICATE);
      result.duplicates += 1;
      return;
    }
    this.#store(entry, rows, base, body);
    if ((this.#table.word(entry, trace.FLAGS) & LATE) !== 0) {
      result.lateKept += 1;
      flag(rows, base, META_LATE | META_LATE_KEPT);
    } else result.added += 1;
  }

  /** A new entry: waiting, or due at once when its trace was kept before. */
  #open(rows: Int32Array, base: number, hash: number, earlier: Decision | undefined): number {
    const entry = this.#table.insert(rows, base, hash);
    this.#table.setFirstSeenMs(entry, this.#nowMs);
    this.#table.setWord(entry, trace.HEAD, NO_ROW);
    if (earlier === undefined) this.#all.append(entry);
    else {
      this.#earlier.set(entry, earlier);
      this.#table.setWord(entry, trace.FLAGS, LATE);
      this.#due.append(entry);
    }
    return entry;
  }

  #store(entry: number, rows: Int32Array, base: number, body: number): void {
    const table = this.#table;
    const row = this.#spans.insert(rows, base, table.word(entry, trace.HEAD));
    this.#bodies.attach(body, row, rows, base);
    table.setWord(entry, trace.HEAD, row);
    const spans = table.word(entry, trace.SPANS) + 1;
    const bytes = table.word(entry, trace.BYTES) + (rows[base + LENGTH] as number);
    table.setWord(entry, trace.SPANS, spans);
    table.setWord(entry, trace.BYTES, bytes);
    this.#markSeen(entry, rows, base, row);
    if (((rows[base + PARENT_A] as number) | (rows[base + PARENT_B] as number)) === 0) {
      this.#noteRoot(entry);
    }
    if (spans >= this.#config.maxSpansPerTrace) this.#makeDue(entry, OVER_SPANS);
    else if (bytes >= this.#config.maxBytesPerTrace) this.#makeDue(entry, OVER_BYTES);
  }

  #noteRoot(entry: number): void {
    const flags = this.#table.word(entry, trace.FLAGS);
    if ((flags & (ROOTED | QUEUED_DUE)) !== 0) return;
    this.#table.setWord(entry, trace.FLAGS, flags | ROOTED);
    this.#table.setRootSeenMs(entry, this.#nowMs);
    this.#rooted.append(entry);
  }

  #makeDue(entry: number, why: number): void {
    const flags = this.#table.word(entry, trace.FLAGS);
    if ((flags & QUEUED_DUE) !== 0) return;
    if ((flags & ROOTED) !== 0) this.#rooted.remove(entry);
    this.#all.remove(entry);
    this.#table.setWord(entry, trace.FLAGS, flags | why);
    this.#due.append(entry);
  }

  /** One of 64 bits for the span id at `rows[base]`. */
  #seenBit(rows: Int32Array, base: number): number {
    const id = (rows[base + SPAN_A] as number) ^ (rows[base + SPAN_B] as number);
    return Math.imul(id, 0x9e3779b1) >>> 26;
  }

  #markSeen(entry: number, rows: Int32Array, base: number, row: number): void {
    const bit = this.#seenBit(rows, base);
    const field = bit < 32 ? trace.SEEN_A : trace.SEEN_B;
    this.#table.setWord(entry, field, this.#table.word(entry, field) | (1 << (bit & 31)));
    if (this.#table.word(entry, trace.SPANS) <= CHAIN_MAX) return;
    const large = this.#large.get(entry);
    if (large === undefined) return;
    this.#largeBytes -= large.bytes;
    large.add(row);
    this.#largeBytes += large.bytes;
  }

  #isDuplicate(entry: number, rows: Int32Array, base: number): boolean {
    const bit = this.#seenBit(rows, base);
    const seen = this.#table.word(entry, bit < 32 ? trace.SEEN_A : trace.SEEN_B);
    if ((seen & (1 << (bit & 31))) === 0) return false;
    const idA = rows[base + SPAN_A] as number;
    const idB = rows[base + SPAN_B] as number;
    if (this.#table.word(entry, trace.SPANS) > CHAIN_MAX) {
      return this.#largeOf(entry).has(idA, idB);
    }
    const spans = this.#spans;
    for (let row = this.#table.word(entry, trace.HEAD); row !== NO_ROW; row = spans.next(row)) {
      if (spans.hasId(row, idA, idB)) return true;
    }
    return false;
  }

  #largeOf(entry: number): LargeTrace {
    const known = this.#large.get(entry);
    if (known !== undefined) return known;
    const large = new LargeTrace(this.#spans, this.#table.word(entry, trace.HEAD), this.#seed);
    this.#large.set(entry, large);
    this.#largeBytes += large.bytes;
    return large;
  }

  #forgetLarge(entry: number): void {
    const large = this.#large.get(entry);
    if (large === undefined) return;
    this.#largeBytes -= large.bytes;
    this.#large.delete(entry);
  }

  /** Chooses who is due and notes the trigger in the view. */
  #nextEntry(): number {
    const { rootDelayMs, timeoutMs } = this.#config;
    if (this.#due.first !== NO_ENTRY) {
      this.#view.trigger = triggerOf(this.#table.word(this.#due.first, trace.FLAGS));
      return this.#due.first;
    }
    const rooted = this.#rooted.first;
    const oldest = this.#all.first;
    if (this.#closing) return this.#take(oldest, 'shutdown');
    if (rooted !== NO_ENTRY && this.#table.rootSeenMs(rooted) + rootDelayMs <= this.#nowMs) {
      return this.#take(rooted, 'root');
    }
    if (oldest !== NO_ENTRY && this.#table.firstSeenMs(oldest) + timeoutMs <= this.#nowMs) {
      return this.#take(oldest, 'timeout');
    }
    if (!this.#overBound() || (this.#bodies.shrink() && !this.#overBound())) return NO_ENTRY;
    // The trace whose root has been here longest is the most likely to be whole.
    return this.#take(rooted === NO_ENTRY ? oldest : rooted, 'evicted');
  }

  #take(entry: number, trigger: Trigger): number {
    this.#view.trigger = trigger;
    return entry;
  }

  #fillView(view: TraceView, entry: number): void {
    const count = this.#table.word(entry, trace.SPANS);
    view.spans.resize(count);
    view.spans.bodies = this.#bodies.bytes;
    let row = this.#table.word(entry, trace.HEAD);
    for (let span = count - 1; span >= 0; span -= 1) {
      const base = span * WORDS;
      this.#table.copyId(entry, view.spans.rows, base);
      this.#bodies.copyShared(row, view.spans.rows, base);
      row = this.#spans.copy(row, view.spans.rows, base);
    }
    view.firstSeenMs = this.#table.firstSeenMs(entry);
    view.bytes = this.#table.word(entry, trace.BYTES);
    view.earlier = this.#earlier.get(entry);
    view.refresh();
  }

  /** Spans that arrived while the trace was being written follow its decision as late ones. */
  #keepWaiting(entry: number, count: number, decision: Decision): void {
    let last = this.#table.word(entry, trace.HEAD);
    let bytes = this.#spans.length(last);
    for (let span = 1; span < count; span += 1) {
      last = this.#spans.next(last);
      bytes += this.#spans.length(last);
    }
    this.#releaseRows(this.#spans.next(last));
    this.#spans.link(last, NO_ROW);
    this.#leaveQueues(entry);
    this.#table.setWord(entry, trace.SPANS, count);
    this.#table.setWord(entry, trace.BYTES, bytes);
    this.#table.setWord(entry, trace.FLAGS, LATE);
    this.#forgetLarge(entry);
    this.#earlier.set(entry, decision);
    this.#due.append(entry);
  }

  #release(entry: number): void {
    this.#releaseRows(this.#table.word(entry, trace.HEAD));
    this.#leaveQueues(entry);
    this.#forgetLarge(entry);
    this.#earlier.delete(entry);
    this.#table.remove(entry);
  }

  #releaseRows(first: number): void {
    let row = first;
    while (row !== NO_ROW) {
      const next = this.#spans.next(row);
      this.#bodies.detach(row);
      this.#spans.remove(row);
      row = next;
    }
  }

  #leaveQueues(entry: number): void {
    const flags = this.#table.word(entry, trace.FLAGS);
    if ((flags & QUEUED_DUE) !== 0) this.#due.remove(entry);
    else {
      this.#all.remove(entry);
      if ((flags & ROOTED) !== 0) this.#rooted.remove(entry);
    }
  }
}

function flag(rows: Int32Array, base: number, bit: number): void {
  rows[base + META] = (rows[base + META] as number) | bit;
}

function triggerOf(flags: number): Trigger {
  if ((flags & LATE) !== 0) return 'late';
  return (flags & OVER_SPANS) !== 0 ? 'span_limit' : 'byte_limit';
}
