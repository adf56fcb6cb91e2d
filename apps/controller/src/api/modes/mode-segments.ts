import type { Mode, ModeSegment, ModeTransition } from '@flyball/contract';

/** A step in which a mode was seen. */
export interface ModeRun {
  readonly mode: Mode;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A hole longer than this was not a slow cycle: nobody was watching. */
const GAP_MS = 30_000;

/**
 * Run-length encodes what was seen. Times between runs of one mode that are short belong to it;
 * longer ones, and those at the ends, are told as "no data" rather than drawn over.
 */
export function segmentsOf(
  runs: readonly ModeRun[],
  transitions: readonly ModeTransition[],
  range: { fromMs: number; toMs: number },
): ModeSegment[] {
  const segments: ModeSegment[] = [];
  let cursor = range.fromMs;
  const push = (mode: ModeSegment['mode'], fromMs: number, toMs: number) => {
    if (toMs <= fromMs) return;
    const last = segments.at(-1);
    if (last !== undefined && last.mode === mode) {
      segments[segments.length - 1] = { ...last, toMs };
    } else {
      segments.push({ mode, fromMs, toMs, transitionId: null });
    }
  };
  for (const run of runs) {
    const fromMs = Math.max(run.fromMs, cursor);
    const toMs = Math.min(run.toMs, range.toMs);
    if (fromMs - cursor > GAP_MS) push('no-data', cursor, fromMs);
    else push(segments.at(-1)?.mode ?? run.mode, cursor, fromMs);
    push(run.mode, fromMs, toMs);
    cursor = Math.max(cursor, toMs);
  }
  const last = segments.at(-1);
  if (last === undefined || range.toMs - cursor > GAP_MS) push('no-data', cursor, range.toMs);
  else push(last.mode, cursor, range.toMs);
  return segments.map((segment) => {
    const id = transitionInto(segment, transitions)?.id ?? null;
    return { ...segment, transitionId: id };
  });
}

/** Samples are taken in steps, so that a segment begins a little beside its transition. */
function transitionInto(
  segment: ModeSegment,
  transitions: readonly ModeTransition[],
): ModeTransition | undefined {
  const distance = (one: ModeTransition) => Math.abs(one.atMs - segment.fromMs);
  return transitions
    .filter((one) => one.to === segment.mode && distance(one) <= GAP_MS)
    .sort((a, b) => distance(a) - distance(b))[0];
}
