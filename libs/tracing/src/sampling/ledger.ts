import { bucketTime } from '../red/bucket-time.ts';
import type { Trigger } from '../window/config.ts';
import type { TraceView } from '../window/trace-view.ts';
import type { Decision, DecisionReason } from './decision.ts';

/** A row of flyball_sampling: an increment; rows of one key add up. */
export interface SamplingRow {
  /** Epoch seconds, a multiple of 10. */
  time: number;
  /** Name of the rule, '' when none matched. */
  policy: string;
  reason: LedgerReason;
  /** What made the traces due; 'late' for spans that followed an earlier decision. */
  trigger: LedgerTrigger;
  /** Traces decided; under overload, where nobody waits for a trace, their roots. */
  seen: number;
  kept: number;
  /** Bytes of the spans seen. */
  bytes: number;
  spans: number;
  spans_kept: number;
  /** Sum of the probabilities with which the spans were kept: over `spans` it is the mean rate. */
  probability_sum: number;
  /** A trace kept and one dropped, or ''. */
  example_kept: string;
  example_dropped: string;
}

/** 'late': spans of a trace dropped before, of which only that is remembered. */
export type LedgerReason = DecisionReason | 'late';
/** Besides the window's: spans decided on arrival, and dropped traces kept by a look back. */
export type LedgerTrigger = Trigger | 'overload' | 'look_back';
export type LedgerDecision = Pick<Decision, 'keep' | 'probability' | 'rule'> & {
  readonly reason: LedgerReason;
};

/** Spans that share a decision without being a trace that was due. */
export interface LedgerSpans {
  readonly decision: LedgerDecision;
  readonly trigger: LedgerTrigger;
  readonly traces: number;
  readonly spans: number;
  readonly bytes: number;
  /** One of their traces. */
  readonly example: string;
}

export interface LedgerLimits {
  /** Rows between two drains; what is more counts under the rule `__overflow__`. */
  maxRows: number;
}

const DEFAULTS: LedgerLimits = { maxRows: 2000 };
const OVERFLOW_RULE = '__overflow__';

/** What was decided and why, drops and late spans included. */
export class SamplingLedger {
  readonly #limits: LedgerLimits;
  readonly #rows = new Map<string, Map<string, SamplingRow>>();
  #last: SamplingRow | undefined;
  #size = 0;
  #time = 0;
  #finished: SamplingRow[] = [];
  #overflowed = 0;

  constructor(limits: Partial<LedgerLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** Decisions counted under `__overflow__` since the start. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** A trace that was due. Late spans follow an earlier decision: they are no further trace. */
  record(trace: TraceView, decision: Decision, nowMs: number): void {
    const row = this.#rowOf(decision, trace.trigger, nowMs);
    const late = trace.trigger === 'late';
    this.#add(row, decision, late ? 0 : 1, trace.spans.count, trace.bytes);
    if (decision.keep) {
      if (row.example_kept === '') row.example_kept = trace.traceId;
    } else if (row.example_dropped === '') row.example_dropped = trace.traceId;
  }

  recordSpans(about: LedgerSpans, nowMs: number): void {
    const { decision, trigger, traces, spans, bytes, example } = about;
    if (spans === 0) return;
    const row = this.#rowOf(decision, trigger, nowMs);
    if (trigger === 'look_back') {
      // They were seen when they were dropped.
      row.kept += traces;
      row.spans_kept += spans;
    } else this.#add(row, decision, traces, spans, bytes);
    if (decision.keep) row.example_kept = example;
    else row.example_dropped = example;
  }

  /** Increments since the last drain. */
  drain(): SamplingRow[] {
    this.#turn(this.#time);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  #add(
    row: SamplingRow,
    decision: LedgerDecision,
    traces: number,
    spans: number,
    bytes: number,
  ): void {
    row.seen += traces;
    row.spans += spans;
    row.bytes += bytes;
    row.probability_sum += spans * decision.probability;
    if (!decision.keep) return;
    row.kept += traces;
    row.spans_kept += spans;
  }

  #rowOf(decision: LedgerDecision, trigger: LedgerTrigger, nowMs: number): SamplingRow {
    const time = bucketTime(nowMs);
    if (time !== this.#time) this.#turn(time);
    const { rule, reason } = decision;
    const last = this.#last;
    // Most traces are decided as the one before was.
    if (last?.policy === rule && last.reason === reason && last.trigger === trigger) return last;
    const known = this.#rows.get(rule)?.get(reason + trigger);
    if (known !== undefined) {
      this.#last = known;
      return known;
    }
    if (this.#size < this.#limits.maxRows) return this.#open(rule, reason, trigger);
    this.#overflowed += 1;
    return this.#open(OVERFLOW_RULE, reason, trigger);
  }

  #open(policy: string, reason: LedgerReason, trigger: LedgerTrigger): SamplingRow {
    const ofRule = this.#rows.get(policy) ?? new Map<string, SamplingRow>();
    this.#rows.set(policy, ofRule);
    const known = ofRule.get(reason + trigger);
    if (known !== undefined) return known;
    const row: SamplingRow = {
      time: this.#time,
      policy,
      reason,
      trigger,
      seen: 0,
      kept: 0,
      bytes: 0,
      spans: 0,
      spans_kept: 0,
      probability_sum: 0,
      example_kept: '',
      example_dropped: '',
    };
    ofRule.set(reason + trigger, row);
    this.#size += 1;
    return row;
  }

  #turn(time: number): void {
    for (const ofRule of this.#rows.values()) this.#finished.push(...ofRule.values());
    this.#rows.clear();
    this.#last = undefined;
    this.#size = 0;
    this.#time = time;
  }
}
