import { type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import {
  END_HI,
  HOST,
  INSTANCE,
  KIND_CLIENT,
  KIND_SERVER,
  META,
  META_DUPLICATE,
  META_LATE,
  META_NEGATIVE,
  META_UNHELD,
  SERVICE,
  type SpanTable,
  START_HI,
  WORDS,
} from '../otlp/span-table.ts';
import { bucketTime } from '../red/bucket-time.ts';
import { PARENT_MISSING } from '../window/parents.ts';
import type { TraceView } from '../window/trace-view.ts';

/**
 * How good the spans are that a service sends: what whoever steers by them must know first.
 *
 * - missing_roots: traces decided without their root, counted at the service of the first span
 *   whose parent never came; missing_parents: such spans, in any trace
 * - late: spans of traces that were decided before
 * - duplicates: spans that were waiting already; rejected: spans that could not be taken
 * - skewed: spans of another process than their parent that begin before it, or answer a client
 *   that did not fail after it went on, by more than `ALLOWANCE_NS`; skew_max_ns: by how much
 * - negative: spans that end before they begin
 * - future, past: spans whose times are more than `FUTURE_MS` ahead of their arrival, or more than
 *   `PAST_MS` behind
 */
export interface QualityRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  service: string;
  /** Spans received, but for rejected ones and duplicates. */
  spans: number;
  /** Traces decided whose root, or first span without a parent, is of this service. */
  traces: number;
  missing_roots: number;
  missing_parents: number;
  late: number;
  duplicates: number;
  rejected: number;
  skewed: number;
  skew_max_ns: number;
  negative: number;
  future: number;
  past: number;
}

/** Clocks kept by NTP in one data centre agree better than this; a network hop takes less. */
const ALLOWANCE_NS = 10e6;
const FUTURE_MS = 10_000;
const PAST_MS = 3_600_000;

/** Nanoseconds of one step of a time's high word: 4.3 s, near enough to ask no more. */
const HIGH_NS = 2 ** 32;

export interface QualityLimits {
  /** Services between two drains; more are counted together. */
  maxServices: number;
}

const DEFAULTS: QualityLimits = { maxServices: 1000 };

type Counts = Omit<QualityRow, 'time' | 'service'>;

/** Quality of ingest by service, from every span, kept or not. */
export class QualityAggregator {
  readonly #strings: Interner;
  readonly #limits: QualityLimits;
  readonly #services = new Map<number, Counts>();
  #time = 0;
  #finished: QualityRow[] = [];
  #overflowed = 0;

  constructor(strings: Interner, limits: Partial<QualityLimits> = {}) {
    this.#strings = strings;
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Look-ups of services that were counted under `__overflow__`, since the start. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** A scanned body after the window has flagged its duplicates, late spans and those it left. */
  recordArrivals(table: SpanTable, nowMs: number): void {
    this.#turnTo(nowMs);
    for (let span = 0; span < table.count; span += 1) {
      const meta = table.word(span, META);
      if ((meta & (META_DUPLICATE | META_LATE | META_UNHELD)) === 0) continue;
      const counts = this.#countsOf(table.word(span, SERVICE));
      if ((meta & META_DUPLICATE) !== 0) counts.duplicates += 1;
      else counts.spans += 1;
      if ((meta & META_LATE) !== 0) counts.late += 1;
    }
  }

  /** Spans left out of an accepted body, by interned service. */
  recordRejected(rejected: ReadonlyMap<number, number>, nowMs: number): void {
    this.#turnTo(nowMs);
    for (const [service, count] of rejected) this.#countsOf(service).rejected += count;
  }

  /** A trace that was due. Late spans were counted when they arrived. */
  recordTrace(trace: TraceView, nowMs: number): void {
    if (trace.trigger === 'late') return;
    this.#turnTo(nowMs);
    const { spans, parents } = trace;
    const arrivalHigh = (trace.firstSeenMs * 1e6) / HIGH_NS;
    const futureHigh = arrivalHigh + (FUTURE_MS * 1e6) / HIGH_NS;
    const pastHigh = arrivalHigh - (PAST_MS * 1e6) / HIGH_NS;
    let service = -1;
    let counts: Counts | undefined;
    let orphan = -1;
    for (let span = 0; span < spans.count; span += 1) {
      const base = span * WORDS;
      const { rows } = spans;
      if (counts === undefined || rows[base + SERVICE] !== service) {
        service = rows[base + SERVICE] as number;
        counts = this.#countsOf(service);
      }
      counts.spans += 1;
      if (((rows[base + META] as number) & META_NEGATIVE) !== 0) counts.negative += 1;
      if ((rows[base + START_HI] as number) >>> 0 > futureHigh) counts.future += 1;
      else if ((rows[base + END_HI] as number) >>> 0 < pastHigh) counts.past += 1;
      const parent = parents[span] as number;
      if (parent === PARENT_MISSING) {
        counts.missing_parents += 1;
        if (orphan < 0) orphan = span;
      } else if (parent >= 0 && elsewhere(rows, base, parent * WORDS)) {
        noteSkew(counts, skewNs(spans, span, parent));
      }
    }
    this.#noteRoot(trace, orphan);
  }

  /** Increments since the last drain. */
  drain(): QualityRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #noteRoot({ spans, root }: TraceView, orphan: number): void {
    const top = root >= 0 ? root : orphan;
    const counts = this.#countsOf(spans.service(Math.max(0, top)));
    counts.traces += 1;
    if (root < 0) counts.missing_roots += 1;
  }

  #countsOf(service: number): Counts {
    const known = this.#services.get(service);
    if (known !== undefined) return known;
    if (this.#services.size >= this.#limits.maxServices && service !== OVERFLOW_ID) {
      this.#overflowed += 1;
      return this.#countsOf(OVERFLOW_ID);
    }
    const counts = noCounts();
    this.#services.set(service, counts);
    return counts;
  }

  #turnTo(nowMs: number): void {
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
  }

  #turn(time: number): void {
    for (const [service, counts] of this.#services) {
      this.#finished.push({ time: this.#time, service: this.#strings.text(service), ...counts });
    }
    this.#services.clear();
    this.#time = time;
  }
}

function noCounts(): Counts {
  return {
    spans: 0,
    traces: 0,
    missing_roots: 0,
    missing_parents: 0,
    late: 0,
    duplicates: 0,
    rejected: 0,
    skewed: 0,
    skew_max_ns: 0,
    negative: 0,
    future: 0,
    past: 0,
  };
}

/** Whether two spans come from different processes, whose clocks may differ. */
function elsewhere(rows: Int32Array, left: number, right: number): boolean {
  return (
    rows[left + SERVICE] !== rows[right + SERVICE] ||
    rows[left + INSTANCE] !== rows[right + INSTANCE] ||
    rows[left + HOST] !== rows[right + HOST]
  );
}

/**
 * By how much a span lies outside its parent where only clocks can be the cause: nothing begins
 * before what caused it, and a client that got its answer did not get it before it was sent.
 */
function skewNs(spans: SpanTable, span: number, parent: number): number {
  const earlyNs = -spans.startAfterNs(span, parent);
  const answers = spans.kind(span) === KIND_SERVER && spans.kind(parent) === KIND_CLIENT;
  if (!answers || spans.isError(parent)) return earlyNs;
  return Math.max(earlyNs, spans.endAfterNs(span, parent) - spans.durationNs(parent));
}

function noteSkew(counts: Counts, ns: number): void {
  if (ns <= ALLOWANCE_NS) return;
  counts.skewed += 1;
  // A wrong clock may be off by decades; more than a double holds exactly is all the same.
  counts.skew_max_ns = Math.max(counts.skew_max_ns, Math.min(ns, Number.MAX_SAFE_INTEGER));
}
