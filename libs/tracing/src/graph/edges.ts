import { EMPTY_ID, type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import {
  KIND_CLIENT,
  KIND_CONSUMER,
  KIND_PRODUCER,
  KIND_SERVER,
  type SpanTable,
} from '../otlp/span-table.ts';
import { bucketTime } from '../red/bucket-time.ts';
import { type CountColumns, Counts, countSpan } from '../red/counts.ts';
import type { TraceView } from '../window/trace-view.ts';
import { callTypeOf, type EdgeType, PeerNames } from './peer.ts';

/** A row of flyball_edges: an increment; rows of one key add up. */
export interface EdgeRow extends CountColumns {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  caller: string;
  callee: string;
  type: EdgeType;
}

export interface EdgeLimits {
  /** Edges between two drains. */
  maxSeries: number;
}

const DEFAULTS: EdgeLimits = { maxSeries: 10_000 };

interface Edge {
  caller: number;
  callee: number;
  type: EdgeType;
  counts: Counts;
}

const TYPES: readonly EdgeType[] = ['http', 'rpc', 'messaging', 'database', 'internal'];

/**
 * Who calls whom, from every decided trace, kept or not.
 *
 * A call is a server (or consumer) span under a span of its caller, or any span under a span of
 * another service. It is timed as its caller saw it when the caller has a client span for it, and
 * it failed when either side says so. A client or producer span that nobody answers in the trace is
 * an edge to what it names: a database, a broker, a peer without tracing. A consumer whose producer
 * is in another trace, tied to it by links at most, is called by the queue it names: the way of a
 * message is then producer to queue and queue to consumer.
 */
export class EdgeAggregator {
  readonly #strings: Interner;
  readonly #limits: EdgeLimits;
  /** By caller, then by callee and type: two look-ups, no key to build. */
  readonly #edges = new Map<number, Map<number, Edge>>();
  readonly #peers: PeerNames;
  #count = 0;
  #time = 0;
  #finished: EdgeRow[] = [];
  #overflowed = 0;
  #answered = new Uint8Array(64);

  constructor(strings: Interner, limits: Partial<EdgeLimits> = {}) {
    this.#strings = strings;
    this.#peers = new PeerNames(strings);
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Calls counted under `__overflow__` since the start. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Late spans are left out: their callers and callees have been counted without them. */
  record(trace: TraceView, nowMs: number): void {
    if (trace.trigger === 'late') return;
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    const { spans, parents } = trace;
    if (this.#answered.length < spans.count) this.#answered = new Uint8Array(spans.count * 2);
    this.#answered.fill(0, 0, spans.count);
    for (let span = 0; span < spans.count; span += 1) {
      const parent = parents[span] as number;
      if (parent >= 0 && parent !== span) this.#recordCall(spans, parent, span);
      else if (spans.kind(span) === KIND_CONSUMER) this.#recordDelivery(spans, span);
    }
    for (let span = 0; span < spans.count; span += 1) {
      if (this.#answered[span] === 0) this.#recordUnanswered(spans, span);
    }
  }

  /** Increments since the last drain. */
  drain(): EdgeRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #recordCall(spans: SpanTable, parent: number, child: number): void {
    const kind = spans.kind(child);
    const caller = spans.service(parent);
    const callee = spans.service(child);
    const receives = kind === KIND_SERVER || kind === KIND_CONSUMER;
    if (!receives && caller === callee) return;
    const parentKind = spans.kind(parent);
    const calls = parentKind === KIND_CLIENT || parentKind === KIND_PRODUCER;
    // A consumer may work long after its producer went on: only a client's time is the call's.
    const timed = parentKind === KIND_CLIENT && this.#answered[parent] === 0 ? parent : child;
    if (calls) this.#answered[parent] = 1;
    const type = this.#typeOf(spans, calls ? parent : child, receives);
    const failed = spans.isError(child) || (calls && spans.isError(parent));
    countSpan(this.#countsOf(caller, callee, type), spans, timed, failed);
  }

  #typeOf(spans: SpanTable, span: number, receives: boolean): EdgeType {
    const kind = spans.kind(span);
    const says =
      receives || kind === KIND_CLIENT || kind === KIND_PRODUCER || kind === KIND_CONSUMER;
    return says ? callTypeOf(spans, span) : 'internal';
  }

  #recordUnanswered(spans: SpanTable, span: number): void {
    const kind = spans.kind(span);
    if (kind !== KIND_CLIENT && kind !== KIND_PRODUCER) return;
    const type = callTypeOf(spans, span);
    const name = this.#peers.nameOf(spans, span, type);
    if (name === EMPTY_ID) return;
    const counts = this.#countsOf(spans.service(span), name, type);
    countSpan(counts, spans, span, spans.isError(span));
  }

  #recordDelivery(spans: SpanTable, span: number): void {
    const queue = this.#peers.nameOf(spans, span, 'messaging');
    if (queue === EMPTY_ID) return;
    const counts = this.#countsOf(queue, spans.service(span), 'messaging');
    countSpan(counts, spans, span, spans.isError(span));
  }

  #countsOf(caller: number, callee: number, type: EdgeType): Counts {
    const known = this.#edges.get(caller)?.get(callee * TYPES.length + TYPES.indexOf(type));
    if (known !== undefined) return known.counts;
    if (this.#count < this.#limits.maxSeries) return this.#edgeOf(caller, callee, type);
    this.#overflowed += 1;
    return this.#edgeOf(OVERFLOW_ID, OVERFLOW_ID, type);
  }

  #edgeOf(caller: number, callee: number, type: EdgeType): Counts {
    let callees = this.#edges.get(caller);
    if (callees === undefined) {
      callees = new Map();
      this.#edges.set(caller, callees);
    }
    const key = callee * TYPES.length + TYPES.indexOf(type);
    const known = callees.get(key);
    if (known !== undefined) return known.counts;
    const edge = { caller, callee, type, counts: new Counts() };
    callees.set(key, edge);
    this.#count += 1;
    return edge.counts;
  }

  #turn(time: number): void {
    for (const callees of this.#edges.values()) {
      for (const { caller, callee, type, counts } of callees.values()) {
        this.#finished.push({
          time: this.#time,
          caller: this.#strings.text(caller),
          callee: this.#strings.text(callee),
          type,
          ...counts.columns(),
        });
      }
    }
    this.#edges.clear();
    this.#count = 0;
    this.#time = time;
  }
}
