import {
  CriticalPathAggregator,
  type Decision,
  EdgeAggregator,
  ErrorOriginAggregator,
  ExemplarAggregator,
  type Interner,
  type LedgerSpans,
  QualityAggregator,
  type QualityRow,
  RedAggregator,
  SamplingLedger,
  type SpanTable,
  type TraceView,
} from '@flyball/tracing';
import type { Outbox } from './outbox.ts';
import type { Tally } from './tally.ts';

/** What can be wrong with spans, as columns of flyball_ingest_quality. */
const PROBLEMS = [
  'missing_roots',
  'missing_parents',
  'late',
  'duplicates',
  'rejected',
  'skewed',
  'negative',
  'future',
  'past',
] as const satisfies readonly (keyof QualityRow)[];

/** Every figure that is measured from all spans, whatever is decided about them. */
export class Aggregates {
  private readonly red: RedAggregator;
  private readonly edges: EdgeAggregator;
  private readonly paths: CriticalPathAggregator;
  private readonly origins: ErrorOriginAggregator;
  private readonly quality: QualityAggregator;
  private readonly exemplars: ExemplarAggregator;
  private readonly ledger = new SamplingLedger();
  private readonly strings: Interner;
  private readonly tally: Tally;

  constructor(strings: Interner, tally: Tally) {
    this.strings = strings;
    this.tally = tally;
    this.red = new RedAggregator(strings);
    this.edges = new EdgeAggregator(strings);
    this.paths = new CriticalPathAggregator(strings);
    this.origins = new ErrorOriginAggregator(strings);
    this.quality = new QualityAggregator(strings);
    this.exemplars = new ExemplarAggregator(strings);
  }

  /** Traces whose root never came: no critical path can be told for them. */
  get rootless(): number {
    return this.paths.rootless;
  }

  /** Spans of a scanned body as they arrive, without those the window flagged as duplicates. */
  arrived(table: SpanTable, nowMs: number): void {
    this.red.record(table, nowMs);
  }

  /** A body in which the window has flagged duplicates or late spans. */
  flagged(table: SpanTable, nowMs: number): void {
    this.quality.recordArrivals(table, nowMs);
  }

  /** Spans left out of an accepted body, by interned service. */
  rejected(byService: ReadonlyMap<number, number>, nowMs: number): void {
    this.quality.recordRejected(byService, nowMs);
  }

  /** A trace that was decided for the first time. */
  decided(trace: TraceView, decision: Decision, nowMs: number): void {
    this.edges.record(trace, nowMs);
    this.paths.record(trace, decision, nowMs);
    this.origins.record(trace, decision, nowMs);
    this.quality.recordTrace(trace, nowMs);
    if (decision.keep) this.exemplars.record(trace, nowMs);
    this.ledger.record(trace, decision, nowMs);
  }

  /** Spans that came late were not there when the trace was analysed: half a path misleads. */
  followed(trace: TraceView, decision: Decision, nowMs: number): void {
    this.ledger.record(trace, decision, nowMs);
  }

  /** Dropped before, and kept now because somebody looked back. */
  promoted(spans: SpanTable, by: string, nowMs: number): void {
    const decision = { keep: true, probability: 0, reason: 'promoted', rule: by } as const;
    let bytes = 0;
    for (let span = 0; span < spans.count; span += 1) bytes += spans.bytes(span);
    const about = { traces: 1, spans: spans.count, bytes, example: spans.traceId(0) };
    this.ledger.recordSpans({ decision, trigger: 'look_back', ...about }, nowMs);
  }

  /** Spans decided without a trace that was due. */
  decidedSpans(about: LedgerSpans, nowMs: number): void {
    this.ledger.recordSpans(about, nowMs);
  }

  /** Hands the increments since the last call to the outbox. */
  drain(outbox: Outbox): void {
    const add = (table: string, rows: readonly object[]) => {
      for (const row of rows) outbox.add(table, row);
    };
    add('flyball_red', this.red.drain());
    add('flyball_edges', this.edges.drain());
    const { endpoints, paths } = this.paths.drain();
    add('flyball_endpoints', endpoints);
    add('flyball_critical_path', paths);
    add('flyball_error_origin', this.origins.drain());
    add('flyball_exemplars', this.exemplars.drain());
    add('flyball_sampling', this.ledger.drain());
    const quality = this.quality.drain();
    add('flyball_ingest_quality', quality);
    for (const row of quality) this.count(row);
  }

  /** What was counted under `__overflow__`, or not at all, because a table was full. */
  overflowed(): Readonly<Record<string, number>> {
    return {
      red: this.red.overflowed,
      edges: this.edges.overflowed,
      paths: this.paths.overflowed,
      error_origins: this.origins.overflowed,
      exemplars: this.exemplars.overflowed,
      quality: this.quality.overflowed,
      ledger: this.ledger.overflowed,
      strings: this.strings.overflows,
    };
  }

  private count(row: QualityRow): void {
    for (const problem of PROBLEMS) {
      if (row[problem] > 0) this.tally.quality.add({ service: row.service, problem }, row[problem]);
    }
  }
}
