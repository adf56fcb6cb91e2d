import type { Policy } from '@flyball/contract';
import type { FiguresQuestion } from './figures.queries.ts';

/** Telemetry is kept for seven days: a longer objective is judged by what there is. */
const KEPT_MS = 7 * 24 * 3_600_000;

export function questionsOf(policies: readonly Policy[]): FiguresQuestion[] {
  return policies.map(({ service, observe, objectives }) => ({
    service,
    saturation: observe.saturation,
    objectiveWindowMs: Math.min(KEPT_MS, objectives.window),
  }));
}
