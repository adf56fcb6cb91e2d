import type { Reason } from '../reasons.ts';

/** Reasons of laws and guards that had nothing to go by. */
const BLIND: ReadonlySet<Reason> = new Set<Reason>([
  'no-evidence',
  'stale-evidence',
  'doubtful',
  'evidence-missing',
  'evidence-stale',
  'least-without-evidence',
]);

/** Whether nothing could be known at this tick, by its evidence or by what was said of it. */
export function isBlind(evidenceAgeMs: number | null, ...reasons: readonly Reason[]): boolean {
  return evidenceAgeMs === null || reasons.some((reason) => BLIND.has(reason));
}
