'use client';

import { memo } from 'react';
import {
  CartesianGrid,
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
import { extent, niceScale } from '../../lib/scale.ts';
import { grid, margin, seriesColour, timeAxis, valueAxis } from '../charts/axes.ts';
import { ChartFrame } from '../charts/chart-frame.tsx';
import { Tip } from '../charts/tip.tsx';
import type { LoopChartProps } from './signal-chart.tsx';

/** The parts the law added up, so that nobody has to guess why. */
export const TermsChart = memo(function TermsChart(props: LoopChartProps & { terms: string[] }) {
  const { loop, points, fromMs, toMs, terms } = props;
  const scale = niceScale(
    ...extent(points.flatMap(({ sample }) => terms.map((term) => sample?.terms[term]))),
    3,
  );
  const tip = ({ active, payload }: TooltipContentProps) => {
    const sample = (payload[0]?.payload as LoopPoint | undefined)?.sample;
    if (!active || !sample) return null;
    return (
      <Tip
        head={formatDateTime(sample.atMs)}
        rows={terms.map((term, at) => ({
          name: term,
          value: formatNumber(sample.terms[term] ?? null),
          colour: seriesColour(at),
        }))}
      />
    );
  };
  return (
    <ChartFrame
      title="Terms of the law"
      about="as the law added them up"
      legend={terms.map((name, at) => ({ name, colour: seriesColour(at), dash: '' }))}
      height={140}
      table={() => ({
        columns: ['Time', ...terms],
        rows: points.map(({ atMs, sample }) => [
          formatDateTime(atMs),
          ...terms.map((term) => formatNumber(sample?.terms[term] ?? null)),
        ]),
      })}
    >
      <ResponsiveContainer width="100%" height="100%" debounce={100}>
        <ComposedChart data={points} margin={margin} syncId={loop.id} syncMethod="value">
          <CartesianGrid {...grid} />
          <XAxis {...timeAxis(fromMs, toMs)} />
          <YAxis {...valueAxis(formatNumber)} domain={scale.domain} ticks={scale.ticks} />
          <Tooltip content={tip} isAnimationActive={false} />
          {terms.map((term, at) => (
            <Line
              key={term}
              name={term}
              dataKey={({ sample }: LoopPoint) => sample?.terms[term] ?? null}
              type="stepAfter"
              stroke={seriesColour(at)}
              strokeWidth={1.5}
              dot={false}
              isAnimationActive={false}
            />
          ))}
        </ComposedChart>
      </ResponsiveContainer>
    </ChartFrame>
  );
});
