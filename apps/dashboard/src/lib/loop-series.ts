import type { Knob, LoopSample } from '@flyball/contract';
import { usualStepMs, withGaps } from './gaps.ts';

/** A loop's samples as chart points; a gap in the ticks is a gap in every line. */
export type LoopPoint = {
  atMs: number;
  sample: LoopSample | null;
  /** In force, by instance; one entry named '' for a plain number. */
  applied: Record<string, number>;
};

export function loopPoints(samples: readonly LoopSample[]): LoopPoint[] {
  const points = samples.map(
    (sample): LoopPoint => ({ atMs: sample.atMs, sample, applied: knobEntries(sample.applied) }),
  );
  return withGaps(points, usualStepMs(points), (atMs) => ({ atMs, sample: null, applied: {} }));
}

function knobEntries(knob: Knob | null): Record<string, number> {
  if (knob === null) return {};
  return typeof knob === 'number' ? { '': knob } : knob;
}

/** A knob that is one number; null for weights, which are drawn by instance. */
export function plainKnob(knob: Knob | null | undefined): number | null {
  return typeof knob === 'number' ? knob : null;
}

const mostNames = 100;

/** Instances in first-seen order. */
export function instanceNames(points: readonly LoopPoint[]): string[] {
  const names = new Set<string>();
  for (const { applied } of points) {
    for (const name of Object.keys(applied)) if (name !== '') names.add(name);
  }
  return [...names].slice(0, mostNames);
}

/**
 * Terms in first-seen order. Times are left out: guards say how long they wait and until when,
 * and beside a date every other term is a line at zero.
 */
export function termNames(samples: readonly LoopSample[]): string[] {
  const names = new Set<string>();
  for (const { terms } of samples) {
    for (const name of Object.keys(terms)) if (!name.endsWith('Ms')) names.add(name);
  }
  return [...names].slice(0, mostNames);
}
