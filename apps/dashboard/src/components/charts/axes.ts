import { formatTick } from '../../lib/format.ts';
import { timeTicks } from '../../lib/time-range.ts';

/** What all charts over time share, so that they line up below each other. */

export const axisWidth = 62;
export const margin = { top: 6, right: 12, bottom: 0, left: 0 };

const tick = { fontSize: 11, fill: 'var(--faint)' };

export function timeAxis(fromMs: number, toMs: number) {
  return {
    dataKey: 'atMs',
    type: 'number',
    scale: 'time',
    domain: [fromMs, toMs] as [number, number],
    ticks: timeTicks(fromMs, toMs, 6),
    tickFormatter: (atMs: number) => formatTick(atMs, toMs - fromMs),
    allowDataOverflow: true,
    stroke: 'var(--line-strong)',
    tick,
    tickMargin: 6,
    minTickGap: 24,
    height: 24,
  } as const;
}

export function valueAxis(format: (value: number) => string) {
  return {
    width: axisWidth,
    tickFormatter: format,
    stroke: 'var(--line-strong)',
    tick,
    tickMargin: 4,
    tickCount: 4,
  } as const;
}

export const grid = { stroke: 'var(--line)', vertical: false } as const;

/** Colours are handed out by position. */
export function seriesColour(index: number): string {
  return `var(--series-${(index % 8) + 1})`;
}
