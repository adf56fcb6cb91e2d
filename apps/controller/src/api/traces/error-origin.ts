import type { TraceSpan } from '@flyball/contract';

/** A failed span whose children did not fail is where an error began; of several the earliest. */
export function originOfError(
  spans: readonly TraceSpan[],
): { service: string; spanId: string } | null {
  const failed = spans.filter((span) => span.status === 'Error');
  const parentsOfFailed = new Set(failed.map((span) => span.parentSpanId));
  const begins = failed.filter((span) => !parentsOfFailed.has(span.spanId));
  const endOf = (span: TraceSpan) => span.startOffsetNs + span.durationNs;
  const [first] = begins.sort((a, b) => endOf(a) - endOf(b) || (a.spanId < b.spanId ? -1 : 1));
  return first === undefined ? null : { service: first.service, spanId: first.spanId };
}
