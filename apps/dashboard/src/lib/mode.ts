import type { Mode, Verdict } from '@flyball/contract';

/** How a mode or a verdict is told: by word, by shape, by colour token and by pattern. */

export type LaneMode = Mode | 'no-data';
export type Pattern = 'plain' | 'diagonal' | 'dense-diagonal' | 'cross' | 'gap';

export const modeWords: Record<LaneMode, string> = {
  target: 'Target',
  recovery: 'Recovery',
  degraded: 'Degraded',
  floor: 'Floor',
  'no-data': 'No data',
};

export const modeColours: Record<LaneMode, string> = {
  target: '--target',
  recovery: '--recovery',
  degraded: '--degraded',
  floor: '--floor',
  'no-data': '--no-data',
};

export const modePatterns: Record<LaneMode, Pattern> = {
  target: 'plain',
  recovery: 'diagonal',
  degraded: 'dense-diagonal',
  floor: 'cross',
  'no-data': 'gap',
};

export const verdictWords: Record<Verdict, string> = {
  ok: 'fine',
  warn: 'warning',
  bad: 'bad',
  unknown: 'unknown',
};

/** Worst first. */
const modeOrder: readonly Mode[] = ['floor', 'degraded', 'recovery', 'target'];

export function modeRank(mode: Mode | null): number {
  return mode === null ? modeOrder.length : modeOrder.indexOf(mode);
}
