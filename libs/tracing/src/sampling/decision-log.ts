import { TRACE_A } from '../otlp/span-table.ts';
import type { Trigger } from '../window/config.ts';
import type { TraceView } from '../window/trace-view.ts';
import type { Decision } from './decision.ts';

/** Rules before the deciding one of which it is noted why they did not match. */
export const NOTED_RULES = 12;
/** In `failed`: nothing is noted. */
export const NOT_NOTED = 0xffff;

/** What is noted on the way to a decision; one object is used again and again. */
export interface DecisionNotes {
  nowMs: number;
  /** Position of the rule that decided, -1 when none matched. */
  rule: number;
  /** Which book of rules was in force. */
  book: number;
  /** For each rule before: number of the condition that failed. */
  readonly failed: Uint16Array;
}

/** A decision as it was made, and what was noted on the way. */
export interface LoggedDecision {
  readonly decidedMs: number;
  readonly trigger: Trigger;
  readonly decision: Decision;
  /** Position of the rule in its book, -1 when none matched. */
  readonly rule: number;
  /** Which book of rules was in force. */
  readonly book: number;
  /** For each rule before: number of the condition that failed. */
  readonly failed: readonly number[];
}

/** The last decisions, for whoever asks why: fixed memory, the oldest gives way. */
export class DecisionLog {
  readonly #capacity: number;
  readonly #ids: Int32Array;
  readonly #timesMs: Float64Array;
  readonly #rules: Int16Array;
  readonly #books: Int32Array;
  readonly #failed: Uint16Array;
  readonly #decisions: (Decision | undefined)[];
  readonly #triggers: (Trigger | undefined)[];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#ids = new Int32Array(capacity * 4);
    this.#timesMs = new Float64Array(capacity);
    this.#rules = new Int16Array(capacity);
    this.#books = new Int32Array(capacity);
    this.#failed = new Uint16Array(capacity * NOTED_RULES);
    this.#decisions = new Array(capacity).fill(undefined);
    this.#triggers = new Array(capacity).fill(undefined);
  }

  /** Decisions held at most. */
  get capacity(): number {
    return this.#capacity;
  }

  /** When the oldest decision still held was made; undefined before the first. */
  get sinceMs(): number | undefined {
    if (this.#next === 0 || this.#capacity === 0) return undefined;
    const oldest = this.#next > this.#capacity ? this.#next % this.#capacity : 0;
    return this.#timesMs[oldest];
  }

  /** @param asked rules asked before the one that decided */
  note(trace: TraceView, decision: Decision, notes: DecisionNotes, asked: number): void {
    if (this.#capacity === 0) return;
    const place = this.#next % this.#capacity;
    this.#next += 1;
    const { rows } = trace.spans;
    for (let word = 0; word < 4; word += 1) {
      this.#ids[place * 4 + word] = rows[TRACE_A + word] as number;
    }
    this.#timesMs[place] = notes.nowMs;
    this.#rules[place] = notes.rule;
    this.#books[place] = notes.book;
    this.#decisions[place] = decision;
    this.#triggers[place] = trace.trigger;
    const first = place * NOTED_RULES;
    const noted = Math.min(asked, NOTED_RULES);
    for (let at = 0; at < noted; at += 1) {
      this.#failed[first + at] = notes.failed[at] as number;
    }
  }

  /** The last decision on a trace id of 32 hex digits. Walks all: for people, not for spans. */
  find(traceId: string): LoggedDecision | undefined {
    const words = [0, 8, 16, 24].map((at) => Number.parseInt(traceId.slice(at, at + 8), 16) | 0);
    const held = Math.min(this.#next, this.#capacity);
    for (let back = 1; back <= held; back += 1) {
      const place = (this.#next - back) % this.#capacity;
      if (words.every((word, index) => this.#ids[place * 4 + index] === word)) {
        return this.#read(place);
      }
    }
    return undefined;
  }

  #read(place: number): LoggedDecision {
    return {
      decidedMs: this.#timesMs[place] as number,
      trigger: this.#triggers[place] as Trigger,
      decision: this.#decisions[place] as Decision,
      rule: this.#rules[place] as number,
      book: this.#books[place] as number,
      failed: [...this.#failed.subarray(place * NOTED_RULES, (place + 1) * NOTED_RULES)],
    };
  }
}
