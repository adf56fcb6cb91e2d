import type { Counter, Registry } from '../self/metrics.ts';
import type { AffinityEvents } from './affinity.ts';

export interface ScaleMetrics {
  readonly affinity: AffinityEvents;
  readonly taken: Counter;
  readonly returned: Counter;
  readonly failures: Counter;
  readonly unsure: Counter;
  queued(bytes: () => number): void;
  members(count: () => number): void;
}

/** What members do for each other. */
export function scaleMetrics(registry: Registry): ScaleMetrics {
  const spans = registry.counter(
    'flyball_collector_forwarded_spans_total',
    'Spans sent on to the member that decides their trace.',
  );
  const bytes = registry.counter(
    'flyball_collector_forwarded_bytes_total',
    'Bytes of spans sent on to other members.',
  );
  const keptHere = registry.counter(
    'flyball_collector_kept_here_spans_total',
    'Spans decided here because the member that owns them is away.',
  );
  const split = registry.counter(
    'flyball_collector_split_traces_total',
    'Traces decided here that another collector owned meanwhile: it may have parts of them.',
  );
  return {
    affinity: {
      forwarded: (to, count, size) => {
        spans.add({ to }, count);
        bytes.add({ to }, size);
      },
      keptHere: (count) => keptHere.add({}, count),
      split: () => split.add(),
    },
    taken: registry.counter(
      'flyball_collector_taken_batches_total',
      'Batches of spans that other members have sent here.',
    ),
    returned: registry.counter(
      'flyball_collector_returned_spans_total',
      'Spans that could not be delivered to the member they were meant for.',
    ),
    failures: registry.counter(
      'flyball_collector_forward_failures_total',
      'Attempts to reach another member that failed.',
    ),
    unsure: registry.counter(
      'flyball_collector_unsure_batches_total',
      'Batches decided here though a member that never answered may have taken them too.',
    ),
    members: (read) =>
      registry.gauge('flyball_collector_members', 'Collectors that share the traces.', read),
    queued: (read) =>
      registry.gauge('flyball_collector_forward_queue_bytes', 'Bytes that wait for others.', read),
  };
}
