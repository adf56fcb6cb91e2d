import {
  type Decision,
  Interner,
  keptInOverload,
  overloadDecision,
  Sampler,
  type SamplingRules,
  SpanTable,
  scan,
  scanJson,
  type TraceView,
  TraceWindow,
  type WindowConfig,
} from '@flyball/tracing';
import { bodyPool } from '../receive/body-pool.ts';
import type { BodyEncoding, Outcome } from '../receive/intake.ts';
import type { TraceRing } from '../ring/ring.ts';
import { Aggregates } from './aggregates.ts';
import { FarDays } from './far-days.ts';
import { type Outbox, PAYLOAD_LENGTH } from './outbox.ts';
import { diskFault, refusal } from './points.ts';
import type { Sharding, SpanOrigin } from './sharding.port.ts';
import { SpanSum } from './span-sum.ts';
import type { Tally } from './tally.ts';
import { decodeText } from './text.ts';
import { TraceRows } from './trace-rows.ts';

/**
 * The way of a span: scan, RED, window, decide, edges and causes, rows.
 *
 * Every figure is measured from all spans; only the rows of `otel_traces` depend on the decision.
 */
export class TracePipeline {
  readonly window: TraceWindow;
  readonly strings = new Interner();
  readonly sampler: Sampler;
  /** Under overload 1 in this many traces is kept, span by span; undefined: traces wait. */
  oneIn: number | undefined;
  /** Spans and bytes taken in since the start, without those that were sent on to others. */
  accepted = 0;
  acceptedBytes = 0;
  /** Spans read since the start, those sent on included. */
  read = 0;
  readonly aggregates: Aggregates;
  private readonly table = new SpanTable(1024);
  /** Days of rows that go by themselves. */
  readonly farDays = new FarDays();
  readonly rows: TraceRows;
  private readonly outbox: Outbox;
  private readonly tally: Tally;
  private kept: KeptTrace | undefined;
  private forgotMs = 0;
  /** Where dropped traces are remembered for a while; undefined: nowhere. */
  ring: Pick<TraceRing, 'add'> | undefined;
  /** Set where there are several collectors or workers. */
  sharding: Sharding | undefined;
  /** Told when a bug has cost a trace its decision, or a kept one the row of a span. */
  onFault: (traceId: string, error: Error) => void = () => {};

  constructor(window: WindowConfig, rules: SamplingRules, outbox: Outbox, tally: Tally) {
    this.window = new TraceWindow(window, (body) => bodyPool.give(body));
    this.sampler = new Sampler(this.strings, rules);
    this.outbox = outbox;
    this.rows = new TraceRows(this.strings, this.farDays, outbox);
    this.tally = tally;
    this.aggregates = new Aggregates(this.strings, tally);
  }

  /** Rules for traces decided from now on. */
  setRules(rules: SamplingRules): void {
    this.sampler.configure(rules);
  }

  /** Takes in a request; spans of traces that others decide are sent on to them. */
  receive(
    encoding: BodyEncoding,
    body: Uint8Array,
    nowMs: number,
    origin: SpanOrigin = 'sender',
  ): Outcome {
    const { strings, table } = this;
    const text = encoding === 'json' ? decodeText(body) : '';
    if (text === undefined) return NOT_UTF8;
    const result =
      encoding === 'json' ? scanJson(text, strings, table) : scan(body, strings, table);
    if (!result.ok) {
      this.tally.faults.add({ signal: 'traces' });
      return refusal(result.fault);
    }
    const { rejected, rejectedBy } = result;
    const { count } = table;
    const busy = this.sharding?.place(table, origin);
    if (busy !== undefined) {
      table.clear();
      return busy;
    }
    this.read += count;
    this.accepted += table.count;
    this.acceptedBytes += Math.round((body.length * table.count) / Math.max(1, count));
    if (origin === 'sender') this.noteReceived(count, rejectedBy, nowMs);
    const written = this.takeIn(nowMs);
    table.clear();
    return written ? { kind: 'accepted', rejected } : diskFault('rows wait for the disk');
  }

  /** The spans of the table. @returns false when some were kept and the disk refused them */
  private takeIn(nowMs: number): boolean {
    const { table, oneIn } = this;
    // The window first: it flags the duplicates, which RED leaves out.
    const added = this.window.add(table, nowMs, oneIn !== undefined);
    this.aggregates.arrived(table, nowMs);
    const alone = oneIn !== undefined && added.unheld > 0;
    const written = !alone || this.decideUnheld(oneIn, nowMs);
    if (added.duplicates + added.lateKept + added.lateDropped + added.unheld > 0) {
      this.aggregates.flagged(table, nowMs);
    }
    if (added.lateDropped > 0) this.noteLate(added.lateDropped, nowMs);
    if (added.duplicates > 0) this.tally.duplicates.add({}, added.duplicates);
    return written;
  }

  /**
   * Decides traces that are due until `spent` says that the time is up, or the rows are enough for
   * one write. A large trace is turned into rows over several calls, so that it does not hold up
   * the rest of the process.
   *
   * @returns whether more is to be done at once
   */
  step(nowMs: number, spent: () => boolean): boolean {
    while (!spent() && !this.batchFull()) {
      if (this.kept !== undefined) {
        this.writeRows(this.kept, nowMs, spent);
        continue;
      }
      const trace = this.window.due(nowMs);
      if (trace === undefined) return false;
      const decision = this.decidedSafely(trace, nowMs);
      if (decision.keep) this.kept = { trace, decision, next: 0, faulty: 0 };
      else {
        if (isRegrettable(decision)) this.remember(trace, nowMs);
        this.settle(trace, decision);
      }
    }
    return true;
  }

  /**
   * Gives the room of names that nobody bears any more to others, when it is needed: names made of
   * ids would else take all of it for ever. Costs a walk over all waiting spans.
   */
  forgetNames(nowMs: number): void {
    const { strings } = this;
    if (!strings.crowded || nowMs - this.forgotMs < FORGET_EVERY_MS) return;
    this.forgotMs = nowMs;
    // The aggregates hold ids until they are drained.
    this.drain();
    const used = strings.marks();
    this.window.markNames(used);
    this.sampler.markNames(used);
    strings.forget(used);
  }

  /** Hands the increments since the last call to the outbox. */
  drain(): void {
    this.aggregates.drain(this.outbox);
  }

  /** What is counted where a request arrives from outside, and only there. */
  private noteReceived(spans: number, rejected: ReadonlyMap<number, number>, nowMs: number): void {
    this.tally.received.add({ signal: 'traces' }, spans);
    if (rejected.size === 0) return;
    for (const count of rejected.values()) this.tally.rejected.add({ signal: 'traces' }, count);
    this.aggregates.rejected(rejected, nowMs);
  }

  /** A bug that one trace brings to light costs that trace, not the process with all others. */
  private decidedSafely(trace: TraceView, nowMs: number): Decision {
    try {
      return this.decided(trace, nowMs);
    } catch (error) {
      this.fault(trace, error as Error);
    }
    try {
      this.aggregates.followed(trace, FAULT, nowMs);
    } catch {
      // It was told above, and the ledger may be what is faulty.
    }
    return FAULT;
  }

  private remember(trace: TraceView, nowMs: number): void {
    try {
      this.ring?.add(trace, nowMs);
    } catch (error) {
      this.fault(trace, error as Error);
    }
  }

  private fault({ spans }: TraceView, error: Error): void {
    this.tally.bugs.add();
    this.onFault(spans.count === 0 ? '' : spans.traceId(0), error);
  }

  private decided(trace: TraceView, nowMs: number): Decision {
    if (trace.earlier !== undefined) {
      this.aggregates.followed(trace, trace.earlier, nowMs);
      return trace.earlier;
    }
    const decision = this.sampler.decide(trace, nowMs);
    this.aggregates.decided(trace, decision, nowMs);
    this.sharding?.decided(trace);
    return decision;
  }

  /**
   * Overload: spans of traces that nobody waits for are decided alone, by a hash of the trace id.
   * What is kept is in the spool before the sender is told.
   *
   * @returns false when the disk refused it
   */
  private decideUnheld(oneIn: number, nowMs: number): boolean {
    const { table } = this;
    const decision = overloadDecision(oneIn);
    const kept = new SpanSum();
    const dropped = new SpanSum();
    for (let span = 0; span < table.count; span += 1) {
      if (!table.isUnheld(span)) continue;
      const keep = keptInOverload(table, span, oneIn);
      (keep ? kept : dropped).add(table, span);
      if (keep) this.rows.write(table, span, decision, nowMs);
    }
    this.aggregates.decidedSpans({ decision, trigger: 'overload', ...kept.of(table) }, nowMs);
    const drop = { ...decision, keep: false };
    this.aggregates.decidedSpans(
      { decision: drop, trigger: 'overload', ...dropped.of(table) },
      nowMs,
    );
    this.tally.spans.add('kept', 'overload', kept.spans);
    this.tally.spans.add('dropped', 'overload', dropped.spans);
    return kept.spans === 0 || this.outbox.flush(nowMs);
  }

  /** Spans that follow an earlier decision to drop, of which only that is remembered. */
  private noteLate(count: number, nowMs: number): void {
    this.tally.spans.add('dropped', 'late', count);
    const { table } = this;
    const late = new SpanSum();
    for (let span = 0; span < table.count; span += 1) {
      if (table.isLateDropped(span)) late.add(table, span);
    }
    const decision = { keep: false, probability: 0, rule: '', reason: 'late' } as const;
    this.aggregates.decidedSpans(
      { decision, trigger: 'late', ...late.of(table), traces: 0 },
      nowMs,
    );
  }

  private writeRows(kept: KeptTrace, nowMs: number, spent: () => boolean): void {
    const { spans } = kept.trace;
    while (kept.next < spans.count) {
      try {
        this.rows.write(spans, kept.next, kept.decision, nowMs);
      } catch (error) {
        kept.faulty += 1;
        this.fault(kept.trace, error as Error);
      }
      kept.next += 1;
      if (spent() || this.batchFull()) return;
    }
    this.kept = undefined;
    this.settle(kept.trace, kept.decision, kept.faulty);
  }

  private batchFull(): boolean {
    return this.rows.length >= PAYLOAD_LENGTH;
  }

  /**
   * A trace counts as decided only now: what is kept of it goes to the spool in this step.
   *
   * @param faulty spans of a kept trace that could not be written
   */
  private settle(trace: TraceView, decision: Decision, faulty = 0): void {
    const verdict = decision.keep ? 'kept' : 'dropped';
    const late = trace.earlier !== undefined;
    if (!late) this.tally.traces.add(trace.trigger, verdict);
    const reason = late ? 'late' : decision.reason;
    this.tally.spans.add(verdict, reason, trace.spans.count - faulty);
    if (faulty > 0) this.tally.spans.add('dropped', 'fault', faulty);
    this.window.settle(decision);
  }
}

/** Between two times that names are forgotten. */
const FORGET_EVERY_MS = 60_000;

/** Of a trace that could not be decided. */
const FAULT: Decision = Object.freeze({
  keep: false,
  probability: 0,
  threshold: 2n ** 56n,
  reason: 'fault',
  rule: '',
});

/** What a rule drops on purpose nobody will want back. */
function isRegrettable({ probability, reason }: Decision): boolean {
  return probability > 0 || reason === 'no_match';
}

/** A kept trace of which the rows before `next` have been written. */
interface KeptTrace {
  readonly trace: TraceView;
  readonly decision: Decision;
  next: number;
  /** Spans that could not be written. */
  faulty: number;
}

const NOT_UTF8: Outcome = { kind: 'invalid', message: 'the body is not UTF-8 text' };
