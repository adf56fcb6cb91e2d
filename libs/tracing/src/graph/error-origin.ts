import { type Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import type { SpanTable } from '../otlp/span-table.ts';
import { bucketTime } from '../red/bucket-time.ts';
import type { Decision } from '../sampling/decision.ts';
import type { TraceView } from '../window/trace-view.ts';

/** A row of flyball_error_origin: an increment; rows of one key add up. */
export interface ErrorOriginRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  root_service: string;
  root_operation: string;
  origin_service: string;
  origin_operation: string;
  traces: number;
  /** A kept trace of this kind, or ''. */
  example_trace_id: string;
}

/**
 * The span in which a failed trace's error began, or -1 when no span failed.
 *
 * Errors travel up: a caller fails because its callee did. So from the failed span nearest the root
 * the way leads down from failed parent to failed child; among several failed children to the one
 * that ended last, for the earlier ones were survived (retried, or had a fallback). Where the chain
 * ends the error began. Without a failed root the search starts at the failed span whose parent did
 * not fail and that ended last.
 */
export function errorOrigin(trace: TraceView): number {
  const { spans, parents, root } = trace;
  let origin = root >= 0 && spans.isError(root) ? root : -1;
  let count = 0;
  for (let span = 0; span < spans.count; span += 1) if (spans.isError(span)) count += 1;
  if (count === 0) return -1;
  const failedChild = lastFailedChildren(spans, parents);
  if (origin < 0) origin = topmostError(spans, parents);
  // Bounded by the number of failed spans: parents that form a circle end here.
  for (let step = 0; step < count; step += 1) {
    const next = failedChild.get(origin);
    if (next === undefined) return origin;
    origin = next;
  }
  return origin;
}

/** The failed child of each span that ended last. */
function lastFailedChildren(spans: SpanTable, parents: Int32Array): Map<number, number> {
  const last = new Map<number, number>();
  for (let span = 0; span < spans.count; span += 1) {
    const parent = parents[span] as number;
    if (parent < 0 || parent === span || !spans.isError(span)) continue;
    const best = last.get(parent);
    if (best === undefined || endsLater(spans, span, best)) last.set(parent, span);
  }
  return last;
}

/** Of the failed spans whose parent did not fail the one that ended last; in a circle any. */
function topmostError(spans: SpanTable, parents: Int32Array): number {
  let best = -1;
  let any = -1;
  for (let span = 0; span < spans.count; span += 1) {
    if (!spans.isError(span)) continue;
    if (any < 0 || endsLater(spans, span, any)) any = span;
    const parent = parents[span] as number;
    if (parent >= 0 && parent !== span && spans.isError(parent)) continue;
    if (best < 0 || endsLater(spans, span, best)) best = span;
  }
  return best < 0 ? any : best;
}

/** Ties go to the smaller span id, so that the order of arrival does not matter. */
function endsLater(spans: SpanTable, left: number, right: number): boolean {
  const after = spans.endAfterNs(left, 0) - spans.endAfterNs(right, 0);
  if (after !== 0) return after > 0;
  return spans.spanId(left) < spans.spanId(right);
}

export interface ErrorOriginLimits {
  /** Pairs of root and origin between two drains. */
  maxSeries: number;
}

const DEFAULTS: ErrorOriginLimits = { maxSeries: 10_000 };

/**
 * In which service and operation the errors of each endpoint began, from every decided trace. What
 * exceeds the bound counts under `__overflow__`: totals are exact.
 */
export class ErrorOriginAggregator {
  readonly #strings: Interner;
  readonly #limits: ErrorOriginLimits;
  readonly #rows = new Map<string, ErrorOriginRow>();
  #time = 0;
  #finished: ErrorOriginRow[] = [];
  #overflowed = 0;

  constructor(strings: Interner, limits: Partial<ErrorOriginLimits> = {}) {
    this.#strings = strings;
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Traces counted under `__overflow__` since the start. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Traces without a failed span, without a root, or of late spans only are left out. */
  record(trace: TraceView, decision: Decision, nowMs: number): void {
    const { spans, root } = trace;
    if (root < 0 || trace.trigger === 'late') return;
    const origin = errorOrigin(trace);
    if (origin < 0) return;
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    const ids = [root, origin].flatMap((span) => [spans.service(span), spans.name(span)]);
    const row = this.#rowOf(ids);
    row.traces += 1;
    if (decision.keep) row.example_trace_id = trace.traceId;
  }

  /** Increments since the last drain. */
  drain(): ErrorOriginRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #rowOf(ids: readonly number[]): ErrorOriginRow {
    const known = this.#rows.get(ids.join(' '));
    if (known !== undefined) return known;
    if (this.#rows.size < this.#limits.maxSeries) return this.#newRow(ids);
    this.#overflowed += 1;
    // It has room of its own, so that it can always be counted.
    const others = ids.map(() => OVERFLOW_ID);
    return this.#rows.get(others.join(' ')) ?? this.#newRow(others);
  }

  #newRow(ids: readonly number[]): ErrorOriginRow {
    const [rootService = '', rootOperation = '', service = '', operation = ''] = ids.map((id) =>
      this.#strings.text(id),
    );
    const row = {
      time: this.#time,
      root_service: rootService,
      root_operation: rootOperation,
      origin_service: service,
      origin_operation: operation,
      traces: 0,
      example_trace_id: '',
    };
    this.#rows.set(ids.join(' '), row);
    return row;
  }

  #turn(time: number): void {
    this.#finished.push(...this.#rows.values());
    this.#rows.clear();
    this.#time = time;
  }
}
