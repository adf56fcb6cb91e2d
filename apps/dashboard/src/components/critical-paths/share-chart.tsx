'use client';

import { memo } from 'react';
import {
  Area,
  AreaChart,
  CartesianGrid,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { formatDateTime, formatMs, formatRatio } from '../../lib/format.ts';
import { everythingElse, type SharePoint } from '../../lib/path-series.ts';
import { grid, margin, seriesColour, timeAxis, valueAxis } from '../charts/axes.ts';
import { ChartFrame } from '../charts/chart-frame.tsx';
import { Tip } from '../charts/tip.tsx';

type Props = { names: string[]; points: SharePoint[]; fromMs: number; toMs: number };

export function colourOfName(names: readonly string[], name: string): string {
  const at = names.indexOf(name);
  return at === -1 || name === everythingElse ? 'var(--no-data)' : seriesColour(at);
}

/** Shares of the endpoint's time, stacked; where there was no trace there is a gap. */
export const ShareChart = memo(function ShareChart({ names, points, fromMs, toMs }: Props) {
  const tip = ({ active, payload }: TooltipContentProps) => {
    const point = payload[0]?.payload as SharePoint | undefined;
    if (!active || !point) return null;
    return (
      <Tip
        head={`${formatDateTime(point.atMs)}, mean ${formatMs(point.meanMs)}`}
        rows={names
          .map((name, at) => ({
            name,
            value: formatRatio(point.shares[at] ?? null),
            colour: colourOfName(names, name),
          }))
          .reverse()}
      />
    );
  };
  return (
    <ChartFrame
      title="Share of the time over time"
      about="% of the endpoint’s total time"
      height={240}
      legend={names.map((name) => ({ name, colour: colourOfName(names, name) }))}
      table={() => ({
        columns: ['Time', 'Mean', ...names],
        rows: points.map(({ atMs, meanMs, shares }) => [
          formatDateTime(atMs),
          formatMs(meanMs),
          ...shares.map(formatRatio),
        ]),
      })}
    >
      <ResponsiveContainer width="100%" height="100%" debounce={100}>
        <AreaChart data={points} margin={margin}>
          <CartesianGrid {...grid} />
          <XAxis {...timeAxis(fromMs, toMs)} />
          <YAxis
            {...valueAxis((value) => formatRatio(value))}
            domain={[0, 1]}
            ticks={[0, 0.25, 0.5, 0.75, 1]}
            allowDataOverflow
          />
          <Tooltip content={tip} isAnimationActive={false} />
          {names.map((name, at) => (
            <Area
              key={name}
              name={name}
              dataKey={(point: SharePoint) => point.shares[at] ?? null}
              stackId="share"
              type="stepAfter"
              stroke="var(--surface)"
              strokeWidth={1}
              fill={colourOfName(names, name)}
              fillOpacity={0.9}
              isAnimationActive={false}
              connectNulls={false}
              activeDot={false}
            />
          ))}
        </AreaChart>
      </ResponsiveContainer>
    </ChartFrame>
  );
});
