import { randomUUID } from 'node:crypto';
import type { Dimension, LiveEvent } from '@flyball/contract';
import type { ModeReport, ModeTransition } from '@flyball/control';
import type { ModeView } from '../cycle/memory.port.ts';
import { shownEvidence } from './conduct.ts';

const DIMENSIONS: readonly Dimension[] = ['discovery', 'config', 'resilience', 'load'];

/** What is shown of a service's mode. The cause stands as long as the mode does. */
export function modeViewOf(
  report: ModeReport,
  before: ModeView | null,
  pageText: string | null,
): ModeView {
  const { transition } = report;
  return {
    mode: report.mode,
    sinceMs: report.sinceMs,
    cause:
      transition === null
        ? report.mode === 'target'
          ? null
          : (before?.cause ?? null)
        : causeOf(transition, pageText),
    dimensions: Object.fromEntries(
      DIMENSIONS.map((dimension) => [dimension, dimensionView(report, before, dimension)]),
    ) as ModeView['dimensions'],
    held: report.held?.reason ?? null,
  };
}

function dimensionView(
  report: ModeReport,
  before: ModeView | null,
  dimension: Dimension,
): { mode: ModeReport['mode']; cause: string | null } {
  const mode = report.dimensions[dimension];
  const changed = report.dimensionTransitions.find((one) => one.dimension === dimension);
  if (changed !== undefined) return { mode, cause: changed.text };
  return { mode, cause: mode === 'target' ? null : (before?.dimensions[dimension].cause ?? null) };
}

/** The machine knows that it pages; which objective and how fast is ours to add. */
function causeOf(transition: ModeTransition, pageText: string | null): string {
  const pages =
    transition.cause.kind === 'trigger' && transition.cause.trigger === 'burn-rate-page';
  return pages && pageText !== null
    ? `${transition.text.replace(/\.$/, '')}: ${pageText}.`
    : transition.text;
}

/** The row of `flyball_mode_history`. */
export function transitionRow(
  service: string,
  transition: ModeTransition,
  cause: string,
  traceId: string,
): Record<string, unknown> {
  return {
    time: new Date(transition.atMs).toISOString(),
    id: randomUUID(),
    service,
    from_mode: transition.from,
    to_mode: transition.to,
    dimension: transition.dimension,
    cause,
    evidence: JSON.stringify(transition.evidence.map(shownEvidence)),
    dwell_ms: transition.dwellMs,
    trace_id: traceId,
  };
}

export function transitionEvent(
  service: string,
  transition: ModeTransition,
  cause: string,
): LiveEvent {
  const { from, to, atMs } = transition;
  return { topic: 'mode', service, from, to, cause, atMs };
}
