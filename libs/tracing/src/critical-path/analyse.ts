import { type CriticalPath, criticalPath } from './critical-path.ts';
import { slackAndDrag } from './slack.ts';
import { type PathSpan, pathInputOf } from './spans.ts';
import { CONFIDENCES, type Confidence, type PathInput, type PathWarning } from './types.ts';
import { type WhatIf, whatIf } from './what-if.ts';
import { createPathWorkspace } from './workspace.ts';

/** A stretch of time in which the root waited for this span itself. */
export interface PathSegment {
  readonly spanId: string;
  /** Nanoseconds after `TracePath.baseNs`, in corrected times. */
  readonly startNs: number;
  readonly endNs: number;
  readonly confidence: Confidence;
}

/** What the path says about one span. Nanoseconds. */
export interface SpanOnPath {
  /** Its own time on the path; 0 off the path. */
  readonly exclusiveNs: number;
  /** How much later it could end for nothing; null when nothing waited for it. */
  readonly slackNs: number | null;
  /** How much earlier the root would end without its own time; null when nothing waited for it. */
  readonly dragNs: number | null;
  /** Correction of its clock; 0 when none. */
  readonly shiftNs: number;
}

export interface TracePath {
  /** null when no span can be the root. */
  readonly rootSpanId: string | null;
  readonly durationNs: number;
  /** Nanoseconds since 1970 from which the segments count. */
  readonly baseNs: bigint;
  /** Left to right; together exactly the root's time. */
  readonly segments: readonly PathSegment[];
  /** Position `i` belongs to `spans[i]`. */
  readonly spans: readonly SpanOnPath[];
  readonly warnings: readonly PathWarning[];
  readonly orphanSpans: number;
}

/** Critical path, slack and drag of one trace as plain objects. Never throws on bad traces. */
export function analyseTrace(spans: readonly PathSpan[]): TracePath {
  const { input, path, baseNs } = prepare(spans);
  const { slackNs, dragNs } = slackAndDrag(input, path);
  const known = (ns: number) => (Number.isNaN(ns) ? null : ns);
  const { segments, warnings, orphanSpans } = path;
  return {
    rootSpanId: spans[path.rootIndex]?.spanId ?? null,
    durationNs: path.durationNs,
    baseNs,
    segments: Array.from({ length: segments.count }, (_, i) => ({
      spanId: spans[segments.span[i]!]!.spanId,
      startNs: segments.startNs[i]!,
      endNs: segments.endNs[i]!,
      confidence: CONFIDENCES[segments.confidence[i]!]!,
    })),
    spans: spans.map((_, i) => ({
      exclusiveNs: path.exclusiveNs[i]!,
      slackNs: known(slackNs[i]!),
      dragNs: known(dragNs[i]!),
      shiftNs: path.shiftNs[i]!,
    })),
    warnings,
    orphanSpans,
  };
}

/**
 * How long the trace would take if each span's own time were multiplied by `scaleOf(span)`, for
 * example `(span) => (span.operation === 'charge' ? 0.8 : 1)`. See `whatIf`.
 */
export function whatIfTrace(
  spans: readonly PathSpan[],
  scaleOf: (span: PathSpan) => number,
): WhatIf {
  const { input, path } = prepare(spans);
  return whatIf(input, path, (i) => scaleOf(spans[i]!));
}

function prepare(spans: readonly PathSpan[]): {
  input: PathInput;
  path: CriticalPath;
  baseNs: bigint;
} {
  const ws = createPathWorkspace();
  const { input, baseNs } = pathInputOf(spans, ws);
  return { input, path: criticalPath(input, ws), baseNs };
}
