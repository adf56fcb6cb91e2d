/**
 * A cost per request as it may be learned from one figure: at most half as much again as what is
 * known, or two thirds of it. A window that is half filled with zeros shows one that is many times
 * too high or too low; a cost that really changed is followed all the same, a little later.
 */
export function soberCost(known: number | null, seen: number): number {
  return known === null ? seen : Math.min(MOST * known, Math.max(known / MOST, seen));
}

const MOST = 1.5;
