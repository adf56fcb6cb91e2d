/**
 * Counts of the last window in equal parts, the oldest counted whole.
 *
 *     used = sum over the present part and the `parts` before it
 *
 * These cover at least the window, so what is admitted by them never exceeds the limit in any
 * window; a call may be refused up to one part too early. (Interpolating between two fixed windows
 * needs less room but lets up to twice the limit pass in a window.)
 */
import { requirePositive, requireThat } from '../config.ts';

export interface TallyRule {
  readonly limit: number;
  readonly windowMs: number;
  readonly parts: number;
}

/** Plain JSON. */
export interface Tally {
  /** Length of a part when it was counted. */
  readonly partMs: number;
  /** Start of the newest part over its length. */
  readonly slot: number;
  /** Newest first, at most `parts` + 1. */
  readonly counts: readonly number[];
}

const MOST_PARTS = 60;
const NOISE = 1e-9;

export function checkTallyRule(rule: TallyRule, field = ''): TallyRule {
  const { limit, windowMs, parts } = rule;
  requirePositive(`${field}limit`, limit);
  requirePositive(`${field}windowMs`, windowMs);
  const some = Number.isInteger(parts) && parts >= 1 && parts <= MOST_PARTS;
  requireThat(some, `${field}parts`, parts, `a whole number from 1 to ${MOST_PARTS}`);
  const whole = Number.isInteger(windowMs / parts);
  requireThat(whole, `${field}windowMs`, windowMs, `a multiple of parts (${parts}) in whole ms`);
  return { limit, windowMs, parts };
}

/** The tally as it stands at this instant. Counts from ahead (the clock went back) are of now. */
export function tallyAt(tally: Tally | null, rule: TallyRule, nowMs: number): Tally {
  const partMs = rule.windowMs / rule.parts;
  const slot = Math.floor(nowMs / partMs);
  if (tally === null) {
    return { partMs, slot, counts: [0] };
  }
  if (tally.partMs !== partMs) {
    return { partMs, slot, counts: [usedOf(tally)] };
  }
  const passed = slot - tally.slot;
  if (passed <= 0) {
    return passed === 0 ? tally : { partMs, slot, counts: tally.counts };
  }
  if (passed > rule.parts) {
    return { partMs, slot, counts: [0] };
  }
  const counts = new Array<number>(passed).fill(0);
  for (let at = 0; at < tally.counts.length && counts.length <= rule.parts; at += 1) {
    counts.push(tally.counts[at] as number);
  }
  return { partMs, slot, counts };
}

export function usedOf(tally: Tally): number {
  let used = 0;
  for (const count of tally.counts) {
    used += count;
  }
  return used;
}

/** Until `cost` fits, of a tally as it stands at `nowMs`; 0: it does; null: it never will. */
export function tallyWaitMs(
  tally: Tally,
  rule: TallyRule,
  { cost, nowMs }: { readonly cost: number; readonly nowMs: number },
): number | null {
  if (cost > rule.limit) {
    return null;
  }
  let over = usedOf(tally) + cost - rule.limit;
  let oldest = tally.counts.length;
  while (over > NOISE && oldest > 0) {
    oldest -= 1;
    over -= tally.counts[oldest] as number;
  }
  const freeSlot = tally.slot - oldest + rule.parts + 1;
  return oldest === tally.counts.length ? 0 : Math.ceil(freeSlot * tally.partMs - nowMs);
}

export function withCost(tally: Tally, cost: number): Tally {
  const counts = tally.counts.slice();
  counts[0] = (counts[0] as number) + cost;
  return { ...tally, counts };
}
