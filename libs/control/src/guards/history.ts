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

/** Adds an action; forgets what is older than an hour (but keeps the newest one for dwell). */
export function recordAction(history: ActionHistory, action: ActionRecord): ActionHistory {
  const kept = history.actions.filter(
    (past, index) =>
      index === history.actions.length - 1 || Math.abs(action.atMs - past.atMs) < HORIZON_MS,
  );
  return { actions: [...kept, action].slice(-MOST_ACTIONS) };
}
