import {
  type BoostTarget,
  compileBoostTarget,
  type Interner,
  Parents,
  SpanTable,
  scan,
} from '@flyball/tracing';
import type { RingPart, TraceRing } from './ring.ts';
import { filterOf, mayTouch, type RingTrace, type ServiceFilter } from './segment.ts';

export interface LookBackRequest {
  readonly target: BoostTarget;
  /** Traces decided since then, epoch ms. */
  readonly sinceMs: number;
  /** Who asks; written on every span. */
  readonly by: string;
}

export interface LookBackOptions {
  /** Traces kept for one request, the newest first. */
  readonly maxTraces: number;
}

/** Takes the spans of a promoted trace; the table is used again afterwards. */
export type Promote = (spans: SpanTable, by: string, nowMs: number) => void;

/** When a trace was brought back, and who wanted it. */
export interface Promotion {
  readonly atMs: number;
  readonly by: string;
}

/** Promotions that can be told about. */
const MAX_TOLD = 10_000;
/** Requests that may wait. */
const MAX_WAITING = 16;

interface Job {
  readonly request: LookBackRequest;
  readonly filter: ServiceFilter;
  readonly isWanted: ReturnType<typeof compileBoostTarget>;
  readonly parts: RingPart[];
  part: RingPart | undefined;
  /** Traces of `part` that are still to be looked at, the newest last. */
  traces: RingTrace[];
  found: number;
  /** Whether traces of `part` were brought back. */
  fromPart: boolean;
}

/**
 * Brings dropped traces back from the ring: one request after the other, newest traces first, a
 * little in every step of the loop. A trace is brought back at most once.
 */
export class LookBack {
  /** Traces and spans brought back, and requests refused because too many waited. */
  traces = 0;
  spans = 0;
  refused = 0;
  private readonly ring: TraceRing;
  private readonly strings: Interner;
  private readonly promote: Promote;
  private readonly options: LookBackOptions;
  private readonly waiting: LookBackRequest[] = [];
  private readonly table = new SpanTable();
  private readonly parents = new Parents();
  private job: Job | undefined;
  private reading = false;
  private readonly told = new Map<string, Promotion>();

  constructor(ring: TraceRing, strings: Interner, promote: Promote, options: LookBackOptions) {
    this.ring = ring;
    this.strings = strings;
    this.promote = promote;
    this.options = options;
  }

  /** True while a request is worked on or waits. */
  get busy(): boolean {
    return this.job !== undefined || this.waiting.length > 0;
  }

  ask(request: LookBackRequest): void {
    if (this.waiting.length < MAX_WAITING) this.waiting.push(request);
    else this.refused += 1;
  }

  /** Goes on until `spent` says that the time is up, or a file has to be read first. */
  step(nowMs: number, spent: () => boolean): void {
    while (!spent() && !this.reading) {
      const job = this.job ?? this.next();
      if (job === undefined) return;
      const trace = job.traces.pop();
      if (trace === undefined) this.open(job);
      else this.look(job, trace, nowMs);
      if (job.found >= this.options.maxTraces) this.end(job);
    }
  }

  /** Of one of the traces brought back last. */
  promotion(traceId: string): Promotion | undefined {
    return this.told.get(traceId);
  }

  private end(job: Job): void {
    this.leave(job);
    this.job = undefined;
  }

  /** What was brought back is noted once a part, not once a trace. */
  private leave(job: Job): void {
    if (job.part !== undefined && job.fromPart) this.ring.note(job.part);
    job.fromPart = false;
  }

  private next(): Job | undefined {
    const request = this.waiting.shift();
    if (request === undefined) return undefined;
    const parts = this.ring.parts(request.sinceMs).reverse();
    const { target } = request;
    // A callee may be a database or a broker: none of the spans is its own.
    const filter = filterOf(target.kind === 'edge' ? target.caller : target.service);
    const isWanted = compileBoostTarget(target, this.strings);
    this.job = {
      request,
      filter,
      isWanted,
      parts,
      part: undefined,
      traces: [],
      found: 0,
      fromPart: false,
    };
    return this.job;
  }

  private open(job: Job): void {
    this.leave(job);
    job.part = job.parts.pop();
    const { part } = job;
    if (part === undefined) {
      this.job = undefined;
      return;
    }
    this.reading = true;
    void this.ring.read(part).then((traces) => {
      job.traces = traces;
      this.reading = false;
    });
  }

  private look(job: Job, trace: RingTrace, nowMs: number): void {
    const { request, filter, isWanted, part } = job;
    if (part === undefined || part.promoted.has(trace.at)) return;
    if (trace.decidedMs < request.sinceMs) return;
    if (!mayTouch(trace.services, filter)) return;
    const { table, strings } = this;
    if (!scan(trace.spans, strings, table).ok || !isWanted(this.linked())) {
      table.clear();
      return;
    }
    part.promoted.add(trace.at);
    job.found += 1;
    job.fromPart = true;
    this.tell(table.traceId(0), { atMs: nowMs, by: request.by });
    this.traces += 1;
    this.spans += table.count;
    this.promote(table, request.by, nowMs);
    table.clear();
  }

  private tell(traceId: string, promotion: Promotion): void {
    const oldest = this.told.keys().next().value;
    if (this.told.size >= MAX_TOLD && oldest !== undefined) this.told.delete(oldest);
    this.told.set(traceId, promotion);
  }

  private linked() {
    const { table: spans, parents } = this;
    parents.link(spans);
    return { spans, parents: parents.parent };
  }
}
