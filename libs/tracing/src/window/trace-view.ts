import { SPAN_A, SPAN_B, SpanTable } from '../otlp/span-table.ts';
import type { Decision } from '../sampling/decision.ts';
import type { Trigger } from './config.ts';
import { Parents } from './parents.ts';

/**
 * One trace that is due. Its spans are rows 0 … count-1 of `spans`, in order of arrival. The window
 * reuses the object: it is valid until the trace is settled.
 */
export class TraceView {
  readonly spans = new SpanTable();
  trigger: Trigger = 'root';
  /** Row of the root, or -1: no parent id, earliest start, then longest, then smaller id. */
  root = -1;
  firstSeenMs = 0;
  /** Bytes of its spans as they arrived. */
  bytes = 0;
  /** With trigger 'late': the decision made before, which these spans follow. */
  earlier: Decision | undefined;
  readonly #parents = new Parents();
  #linked = false;

  /** 32 lower-case hex digits. */
  get traceId(): string {
    return this.spans.traceId(0);
  }

  /**
   * For each span the row of its parent, or `NO_PARENT`, or `PARENT_MISSING`. Computed when asked
   * for, once a trace; longer than `count` and reused, so read only the first `count`.
   */
  get parents(): Int32Array {
    if (!this.#linked) {
      this.#parents.link(this.spans);
      this.#linked = true;
    }
    return this.#parents.parent;
  }

  /** Call after the spans have changed: chooses `root` anew. */
  refresh(): void {
    this.#linked = false;
    this.root = -1;
    for (let span = 0; span < this.spans.count; span += 1) {
      if (!this.spans.isRoot(span)) continue;
      if (this.root < 0 || precedes(this.spans, span, this.root)) this.root = span;
    }
  }
}

function precedes(spans: SpanTable, left: number, right: number): boolean {
  const leftStart = spans.startNs(left);
  const rightStart = spans.startNs(right);
  if (leftStart !== rightStart) return leftStart < rightStart;
  const leftDuration = spans.durationNs(left);
  const rightDuration = spans.durationNs(right);
  if (leftDuration !== rightDuration) return leftDuration > rightDuration;
  for (const field of [SPAN_A, SPAN_B]) {
    const difference = (spans.word(left, field) >>> 0) - (spans.word(right, field) >>> 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
