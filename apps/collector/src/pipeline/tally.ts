import type { Counter, Registry } from '../self/metrics.ts';

/** What the pipeline counts about itself. */
export interface Tally {
  /** Items accepted, by signal. */
  readonly received: Counter;
  /** Items left out of accepted requests, by signal. */
  readonly rejected: Counter;
  /** Bodies refused as a whole, by signal. */
  readonly faults: Counter;
  readonly duplicates: Counter;
  /** Faults of spans, by service and kind of fault. */
  readonly quality: Counter;
  /** Decided traces, by trigger and verdict. */
  readonly traces: Counter;
  /** Decided spans, by verdict and reason. */
  readonly spans: Counter;
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
    quality: registry.counter(
      'flyball_collector_ingest_faults_total',
      'Spans and traces that came late, twice, out of order, incomplete or not at all.',
    ),
    traces: registry.counter(
      'flyball_collector_decided_traces_total',
      'Traces decided, by what made them due and how.',
    ),
    spans: registry.counter(
      'flyball_collector_decided_spans_total',
      'Spans kept or dropped, by reason.',
    ),
  };
}
