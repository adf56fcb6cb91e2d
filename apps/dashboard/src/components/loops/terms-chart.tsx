'use client';

import { memo } from 'react';
import {
  ComposedChart,
  Line,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { formatDateTime, formatNumber } from '../../lib/format.ts';
import type { LoopPoint } from '../../lib/loop-series.ts';
import { extent } from '../../lib/scale.ts';
import { seriesColour } from '../charts/axes.ts';
import { ChartFrame } from '../charts/chart-frame.tsx';
import { Tip } from '../charts/tip.tsx';
import type { LoopChartProps } from './signal-chart.tsx';

/**
 * What the law reckoned with, so that nobody has to guess why. Requests a second, shares and
 * seconds stand side by side in it: each has its own scale, or most were a line at zero.
 */
export const TermsChart = memo(function TermsChart(props: LoopChartProps & { terms: string[] }) {
  const { points, terms } = props;
  return (
    <ChartFrame
      title="Terms of the law"
      about="newest value, each on its own scale"
      table={() => ({
        columns: ['Time', ...terms],
        rows: points.map(({ atMs, sample }) => [
          formatDateTime(atMs),
          ...terms.map((term) => formatNumber(sample?.terms[term] ?? null)),
        ]),
      })}
    >
      <ul className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3 xl:grid-cols-5">
        {terms.slice(0, mostCells).map((term) => (
          <TermCell key={term} {...props} term={term} />
        ))}
      </ul>
      {terms.length > mostCells ? (
        <p className="mt-2 text-xs text-muted">
          {terms.length - mostCells} more stand in the table.
        </p>
      ) : null}
    </ChartFrame>
  );
});

/** Weights have a score for each instance. */
const mostCells = 30;

const margin = { top: 3, right: 1, bottom: 3, left: 1 };

function TermCell({ loop, points, fromMs, toMs, term }: LoopChartProps & { term: string }) {
  const termOf = ({ sample }: LoopPoint) => sample?.terms[term] ?? null;
  const newest = points.findLast((point) => point.sample !== null);
  const [low, high] = extent(points.map(termOf));
  // A term that never moves is drawn in the middle.
  const domain = low === high ? [low - 1, high + 1] : [low, high];
  const tip = ({ active, payload }: TooltipContentProps) => {
    const point = payload[0]?.payload as LoopPoint | undefined;
    if (!active || !point?.sample) return null;
    const rows = [{ name: term, value: formatNumber(termOf(point)) }];
    return <Tip head={formatDateTime(point.atMs)} rows={rows} />;
  };
  return (
    <li className="min-w-0">
      <p className="flex justify-between gap-2 text-xs">
        <span className="truncate text-muted" title={term}>
          {term}
        </span>
        <span className="font-medium">
          {formatNumber(newest === undefined ? null : termOf(newest))}
        </span>
      </p>
      <div className="h-9 border-b">
        <ResponsiveContainer width="100%" height="100%" debounce={100}>
          <ComposedChart data={points} margin={margin} syncId={loop.id} syncMethod="value">
            <XAxis dataKey="atMs" type="number" domain={[fromMs, toMs]} allowDataOverflow hide />
            <YAxis domain={domain} hide />
            <Tooltip content={tip} isAnimationActive={false} />
            <Line
              name={term}
              dataKey={termOf}
              type="stepAfter"
              stroke={seriesColour(0)}
              strokeWidth={1.5}
              dot={false}
              isAnimationActive={false}
            />
          </ComposedChart>
        </ResponsiveContainer>
      </div>
    </li>
  );
}
