/** Credit of each candidate between two picks. */
export type Credits = Readonly<Record<string, number>>;

export interface Candidate {
  id: string;
  weight: number;
}

/**
 * Smooth weighted round robin: every candidate gains its weight, the richest is picked and pays
 * the sum of all weights. Over `sum` picks each candidate with whole-number weights is picked
 * exactly `weight` times, spread evenly. Weights that add up to nothing count as equal, because
 * traffic has to go somewhere. Candidates that left lose their credit.
 */
export function pickNext(
  credits: Credits,
  candidates: readonly Candidate[],
): { id: string; credits: Credits } | null {
  const sum = candidates.reduce((total, candidate) => total + candidate.weight, 0);
  const equal = !(sum > 0);
  const total = equal ? candidates.length : sum;
  const next: Record<string, number> = {};
  let best: string | null = null;
  for (const { id, weight } of candidates) {
    if (!equal && weight === 0) continue;
    const credit = (credits[id] ?? 0) + (equal ? 1 : weight);
    next[id] = credit;
    if (best === null || credit > (next[best] ?? 0)) best = id;
  }
  if (best === null) return null;
  next[best] = (next[best] ?? 0) - total;
  return { id: best, credits: next };
}
