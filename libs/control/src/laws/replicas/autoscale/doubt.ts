/**
 * Figures that cannot be true together, or a silence that came all at once: nothing is done on them
 * until they have lasted, and nothing is learned from them.
 *
 * - Requests arrive, but no replica is busy; or replicas are busy, but nothing arrives.
 * - Everything that arrived a moment ago is gone at once. Zero in place of a value looks the same.
 * - A request costs a third, or three times, of what it did.
 *
 * A changed cost is believed after two minutes, a silence after fifteen: idle replicas cost little,
 * and taking them away from a service that is only not seen costs all.
 */

/** Plain JSON. */
export interface Doubt {
  /** Null: the figures agree. */
  readonly sinceMs: number | null;
  readonly kind: 'silence' | 'contradiction' | null;
}

export const NO_DOUBT: Doubt = { sinceMs: null, kind: null };

const BELIEVED_AFTER_MS = { silence: 900_000, contradiction: 120_000 } as const;
const FACTOR = 3;
const SATURATED = 0.9;

export interface Account {
  readonly nowMs: number;
  readonly usualRate: number;
  readonly usualCost: number | null;
  readonly rate: number;
  readonly utilization: number;
  readonly serving: number;
}

/** `sinceMs` set: do not act. A doubt that has lasted is given up. */
export function doubtAfter(doubt: Doubt, account: Account): Doubt {
  const kind = kindOf(account);
  if (kind === null) return NO_DOUBT;
  if (doubt.kind !== kind) return { sinceMs: account.nowMs, kind };
  const since = doubt.sinceMs;
  const believed = since === null || account.nowMs - since >= BELIEVED_AFTER_MS[kind];
  return { sinceMs: believed ? null : since, kind };
}

function kindOf({ usualRate, usualCost, rate, utilization, serving }: Account): Doubt['kind'] {
  if (usualCost === null) return null;
  if (rate === 0 || utilization === 0) {
    return usualRate > 0 || rate > 0 || utilization > 0 ? 'silence' : null;
  }
  const cost = (utilization * serving) / rate;
  if (cost > FACTOR * usualCost) return 'contradiction';
  // With every replica busy, work is cut off by capacity and looks cheap.
  return cost < usualCost / FACTOR && utilization < SATURATED ? 'contradiction' : null;
}
