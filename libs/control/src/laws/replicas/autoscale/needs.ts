/** What was needed lately: the hold of the way down. */

/** Plain JSON. */
export interface Need {
  readonly atMs: number;
  /** Where the piece of the hold begins that it is the most of. */
  readonly fromMs?: number;
  readonly replicas: number;
  /** Not estimated in an overload. */
  readonly isSure: boolean;
}

/** The hold is remembered in so many pieces. */
const HOLD_PIECES = 32;

/** Those of one piece of the hold become one: the most, at the latest time. */
export function noteNeed(needs: readonly Need[], need: Need, heldMs: number): readonly Need[] {
  const oldest = needs[0];
  const held =
    oldest === undefined || need.atMs - oldest.atMs <= heldMs
      ? needs
      : needs.filter(({ atMs }) => need.atMs - atMs <= heldMs);
  const last = held.at(-1);
  const first = last === undefined ? need.atMs : (last.fromMs ?? last.atMs);
  if (
    last !== undefined &&
    last.isSure === need.isSure &&
    need.atMs - first < heldMs / HOLD_PIECES
  ) {
    const replicas = Math.max(last.replicas, need.replicas);
    return held.with(-1, { atMs: need.atMs, replicas, isSure: need.isSure, fromMs: first });
  }
  const piece = {
    atMs: need.atMs,
    replicas: need.replicas,
    isSure: need.isSure,
    fromMs: need.atMs,
  };
  return [...held.slice(1 - 2 * HOLD_PIECES), piece];
}

/** The most of the hold; what was thought in an overload is known better when it is over. */
export function mostNeeded(needs: readonly Need[], isOverloaded: boolean): number {
  let most = 0;
  for (const { replicas, isSure } of needs) {
    if (isSure || isOverloaded) most = Math.max(most, replicas);
  }
  return most;
}
