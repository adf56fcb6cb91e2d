import { decodeSpan, eraseThreshold, type Interner, type SpanTable } from '@flyball/tracing';

/** On the rows of promoted traces: who wanted them back. */
const PROMOTED_ATTRIBUTE = 'flyball.promoted';

/**
 * The rows of a trace that was dropped and is kept after all.
 *
 * The estimator: a trace was kept with probability p and then stood for 1/p, so the sum over the
 * kept ones is right already. One that was dropped and comes back because of what it is about adds
 * detail, not mass: it stands for 0. To give it weight, the traces kept before would have to lose
 * theirs, and their rows are written. So `SampleRate` is 0 and tracestate names no threshold, which
 * means that the probability is not known.
 */
export function promotedRows(spans: SpanTable, strings: Interner, by: string): object[] {
  return Array.from({ length: spans.count }, (_, span) => {
    const row = decodeSpan(spans, span, strings);
    return {
      ...row,
      TraceState: eraseThreshold(row.TraceState),
      SpanAttributes: { ...row.SpanAttributes, SampleRate: '0', [PROMOTED_ATTRIBUTE]: by },
    };
  });
}
