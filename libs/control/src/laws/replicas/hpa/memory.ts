/**
 * What the HPA remembers: recommendations, to stabilise, and its own changes, to limit their rate.
 *
 * Recommendations are kept as two lists that hold only what can still decide: for the maximum over
 * a window those that no later one exceeds, for the minimum those that no later one undercuts.
 * That is exact, and short: a steady load keeps one.
 */

export interface HpaRecommendation {
  readonly atMs: number;
  readonly replicas: number;
}

/** A change of the count, in whichever direction the list is for. */
export interface HpaEvent {
  readonly atMs: number;
  readonly change: number;
}

/** A window of an hour at the usual period of 15 s. */
const MOST = 256;

/** Whether something of `atMs` is in a window that began at `fromMs`. */
type InWindow = (atMs: number, fromMs: number) => boolean;

/** With behaviour a recommendation exactly as old as the window is out of it. */
export const strictly: InWindow = (atMs, fromMs) => atMs > fromMs;
/** Without behaviour it is in. */
export const inclusively: InWindow = (atMs, fromMs) => atMs >= fromMs;

export function highest(
  falling: readonly HpaRecommendation[],
  newest: number,
  fromMs: number,
  isIn: InWindow,
): number {
  const first = falling.find((each) => isIn(each.atMs, fromMs));
  return first === undefined ? newest : Math.max(first.replicas, newest);
}

export function lowest(
  rising: readonly HpaRecommendation[],
  newest: number,
  fromMs: number,
  isIn: InWindow,
): number {
  const first = rising.find((each) => isIn(each.atMs, fromMs));
  return first === undefined ? newest : Math.min(first.replicas, newest);
}

/** Keeps what a later, higher one does not make idle. A window of no length keeps nothing. */
export function withHigh(
  falling: readonly HpaRecommendation[],
  newest: HpaRecommendation,
  windowMs: number,
): readonly HpaRecommendation[] {
  return remembered(falling, newest, windowMs, (old) => old.replicas > newest.replicas);
}

/** Keeps what a later, lower one does not make idle. */
export function withLow(
  rising: readonly HpaRecommendation[],
  newest: HpaRecommendation,
  windowMs: number,
): readonly HpaRecommendation[] {
  return remembered(rising, newest, windowMs, (old) => old.replicas < newest.replicas);
}

function remembered(
  list: readonly HpaRecommendation[],
  newest: HpaRecommendation,
  windowMs: number,
  counts: (old: HpaRecommendation) => boolean,
): readonly HpaRecommendation[] {
  if (windowMs === 0) {
    return NOTHING;
  }
  const fromMs = newest.atMs - windowMs;
  const kept = list.filter((old) => old.atMs >= fromMs && counts(old));
  kept.push(newest);
  const [first, second] = kept;
  if (kept.length > MOST && first !== undefined && second !== undefined) {
    // The stricter of the two oldest stands for both: held a little longer, never too short.
    kept.splice(0, 2, { atMs: second.atMs, replicas: first.replicas });
  }
  return kept;
}

const NOTHING: readonly HpaRecommendation[] = [];

/** Changes strictly younger than the period, summed. */
export function changedWithin(
  events: readonly HpaEvent[],
  periodMs: number,
  nowMs: number,
): number {
  let sum = 0;
  for (const event of events) {
    if (event.atMs > nowMs - periodMs) {
      sum += event.change;
    }
  }
  return sum;
}

/**
 * Adds a change. As in Kubernetes an event older than the longest period of **its own**
 * direction's policies makes room for it, the last such in the list, although a longer policy of
 * the other direction may still need it; others like it stay until their turn comes.
 */
export function withEvent(
  events: readonly HpaEvent[],
  event: HpaEvent,
  longestPeriodMs: number,
): readonly HpaEvent[] {
  const outdated = events.findLastIndex((old) => old.atMs < event.atMs - longestPeriodMs);
  if (outdated >= 0) {
    return events.with(outdated, event);
  }
  return [...events.slice(-(MOST - 1)), event];
}

export function shifted<Each extends { readonly atMs: number }>(
  list: readonly Each[],
  byMs: number,
): readonly Each[] {
  return list.map((each) => ({ ...each, atMs: each.atMs + byMs }));
}
