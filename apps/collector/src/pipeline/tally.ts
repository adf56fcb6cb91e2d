import type { Counter, CounterSeries, Registry } from '../self/metrics.ts';

/** A counter with two labels of few values each; to count makes no objects and no strings. */
class PairCounter {
  private readonly series = new Map<string, Map<string, CounterSeries>>();
  private readonly counter: Counter;
  private readonly labels: readonly [string, string];

  constructor(counter: Counter, labels: readonly [string, string]) {
    this.counter = counter;
    this.labels = labels;
  }

  add(first: string, second: string, by = 1): void {
    const series = this.series.get(first)?.get(second) ?? this.open(first, second);
    series.value += by;
  }

  private open(first: string, second: string): CounterSeries {
    const [firstName, secondName] = this.labels;
    const series = this.counter.series({ [firstName]: first, [secondName]: second });
    const row = this.series.get(first) ?? new Map<string, CounterSeries>();
    this.series.set(first, row.set(second, series));
    return series;
  }
}

/** What the pipeline counts about itself. */
export interface Tally {
  /** Items accepted, by signal. */
  readonly received: Counter;
  /** Items left out of accepted requests, by signal. */
  readonly rejected: Counter;
  /** Bodies refused as a whole, by signal. */
  readonly faults: Counter;
  readonly duplicates: Counter;
  /** Traces that a bug has cost their decision, or the row of a span. */
  readonly bugs: Counter;
  /** Faults of spans, by service and kind of fault. */
  readonly quality: Counter;
  /** Decided traces, by trigger and verdict. */
  readonly traces: PairCounter;
  /** Decided spans, by verdict and reason. */
  readonly spans: PairCounter;
}

export function createTally(registry: Registry): Tally {
  return {
    received: registry.counter(
      'flyball_collector_received_total',
      'Spans, data points and log records accepted.',
    ),
    rejected: registry.counter(
      'flyball_collector_rejected_total',
      'Spans, data points and log records left out of accepted requests.',
    ),
    faults: registry.counter(
      'flyball_collector_decode_errors_total',
      'Bodies that could not be read at all.',
    ),
    duplicates: registry.counter(
      'flyball_collector_duplicate_spans_total',
      'Spans that had already arrived.',
    ),
    bugs: registry.counter(
      'flyball_collector_faults_total',
      'Traces or rows of spans lost to a bug of the collector; its log names them.',
    ),
    quality: registry.counter(
      'flyball_collector_ingest_faults_total',
      'Spans and traces that came late, twice, out of order, incomplete or not at all.',
    ),
    traces: new PairCounter(
      registry.counter(
        'flyball_collector_decided_traces_total',
        'Traces decided, by what made them due and how.',
      ),
      ['trigger', 'verdict'],
    ),
    spans: new PairCounter(
      registry.counter(
        'flyball_collector_decided_spans_total',
        'Spans kept or dropped, by reason.',
      ),
      ['verdict', 'reason'],
    ),
  };
}
