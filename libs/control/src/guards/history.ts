/** One change of a knob that was really carried out. */
export interface ActionRecord {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
}

/** Oldest first, bounded in time and number. Plain JSON. */
export interface ActionHistory {
  readonly actions: readonly ActionRecord[];
}

export const NO_ACTIONS: ActionHistory = { actions: [] };

const HORIZON_MS = 3_600_000;
const MOST_ACTIONS = 1_000;

/**
 * Adds an action that was carried out; one that changed nothing is none. Forgets what is older
 * than an hour.
 */
export function recordAction(history: ActionHistory, action: ActionRecord): ActionHistory {
  if (action.from === action.to) {
    return history;
  }
  const kept = history.actions.filter((past) => isWithin(past, action.atMs, HORIZON_MS));
  return { actions: [...kept, action].slice(-MOST_ACTIONS) };
}

export function actionsWithin(history: ActionHistory, nowMs: number, spanMs: number): number {
  return history.actions.filter((action) => isWithin(action, nowMs, spanMs)).length;
}

/** How often the direction changed from one action to the next. */
export function reversalsWithin(history: ActionHistory, nowMs: number, spanMs: number): number {
  const signs = history.actions
    .filter((action) => isWithin(action, nowMs, spanMs))
    .map((action) => Math.sign(action.to - action.from));
  return signs.filter((sign, index) => index > 0 && sign !== signs[index - 1]).length;
}

function isWithin(action: ActionRecord, nowMs: number, spanMs: number): boolean {
  return Math.abs(nowMs - action.atMs) < spanMs;
}
