import { type BoostTarget, type Interner, SpanTable, scan } from '@flyball/tracing';
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

/** Requests that may wait. */
const MAX_WAITING = 16;

interface Job {
  readonly request: LookBackRequest;
  readonly filters: readonly ServiceFilter[];
  readonly parts: RingPart[];
  part: RingPart | undefined;
  /** Traces of `part` that are still to be looked at, the newest last. */
  traces: RingTrace[];
  found: number;
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
  private job: Job | undefined;
  private reading = false;

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
      if (job.found >= this.options.maxTraces) this.job = undefined;
    }
  }

  private next(): Job | undefined {
    const request = this.waiting.shift();
    if (request === undefined) return undefined;
    const parts = this.ring.parts(request.sinceMs).reverse();
    const filters = servicesOf(request.target).map(filterOf);
    this.job = { request, filters, parts, part: undefined, traces: [], found: 0 };
    return this.job;
  }

  private open(job: Job): void {
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
    const { request, filters, part } = job;
    if (part === undefined || part.promoted.has(trace.at)) return;
    if (trace.decidedMs < request.sinceMs) return;
    if (!filters.every((filter) => mayTouch(trace.services, filter))) return;
    const { table, strings } = this;
    if (!scan(trace.spans, strings, table).ok || !this.isWanted(request.target)) {
      table.clear();
      return;
    }
    part.promoted.add(trace.at);
    job.found += 1;
    this.traces += 1;
    this.spans += table.count;
    this.promote(table, request.by, nowMs);
    table.clear();
  }

  private isWanted(target: BoostTarget): boolean {
    const { table, strings } = this;
    const serviceOf = (span: number) => strings.text(table.service(span));
    switch (target.kind) {
      case 'service':
        return some(table, (span) => serviceOf(span) === target.service);
      case 'operation':
        return some(
          table,
          (span) =>
            serviceOf(span) === target.service &&
            strings.text(table.name(span)) === target.operation,
        );
      case 'edge': {
        const callers = new Set<string>();
        for (let span = 0; span < table.count; span += 1) {
          if (serviceOf(span) === target.caller) callers.add(table.spanId(span));
        }
        return some(
          table,
          (span) => serviceOf(span) === target.callee && callers.has(table.parentSpanId(span)),
        );
      }
    }
  }
}

function servicesOf(target: BoostTarget): string[] {
  return target.kind === 'edge' ? [target.caller, target.callee] : [target.service];
}

function some(table: SpanTable, test: (span: number) => boolean): boolean {
  for (let span = 0; span < table.count; span += 1) if (test(span)) return true;
  return false;
}
