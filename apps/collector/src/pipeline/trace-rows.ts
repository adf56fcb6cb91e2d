import { type Decision, type Interner, type SpanTable, TraceRowWriter } from '@flyball/tracing';
import { farLane } from '../spool/lanes.ts';
import type { FarDays } from './far-days.ts';
import type { Outbox } from './outbox.ts';

const TABLE = 'otel_traces';

/** Rows of kept spans on their way to the outbox; those of days far away by themselves. */
export class TraceRows {
  private readonly usual: TraceRowWriter;
  private readonly far: TraceRowWriter;
  private readonly strings: Interner;
  private readonly days: FarDays;

  constructor(strings: Interner, days: FarDays, outbox: Outbox) {
    this.strings = strings;
    this.days = days;
    this.usual = new TraceRowWriter(strings);
    this.far = new TraceRowWriter(strings);
    outbox.attach(TABLE, this.usual);
    outbox.attach(farLane(TABLE), this.far);
  }

  /** Bytes that wait for the outbox. */
  get length(): number {
    return this.usual.length + this.far.length;
  }

  write(spans: SpanTable, span: number, decision: Decision, nowMs: number): void {
    const lane = this.isFar(spans, span, nowMs) ? this.far : this.usual;
    lane.write(spans, span, decision);
  }

  /** For a row that is written another way. */
  laneOf(spans: SpanTable, span: number, nowMs: number): string {
    return this.isFar(spans, span, nowMs) ? farLane(TABLE) : TABLE;
  }

  private isFar(spans: SpanTable, span: number, nowMs: number): boolean {
    if (!this.days.isFar(spans.startDay(span), nowMs)) return false;
    this.days.note(this.strings.text(spans.service(span)), nowMs);
    return true;
  }
}
