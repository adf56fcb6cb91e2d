/** Reasons of laws and guards that had nothing to go by. */
const BLIND = new Set([
  'no-evidence',
  'stale-evidence',
  'doubtful',
  'evidence-missing',
  'evidence-stale',
  'least-without-evidence',
]);

/** Whether nothing could be known at this tick, by its evidence or by what was said of it. */
export function isBlind(evidenceAgeMs: number | null, ...reasons: readonly string[]): boolean {
  return evidenceAgeMs === null || reasons.some((reason) => BLIND.has(reason));
}
