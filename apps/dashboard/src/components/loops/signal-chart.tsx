'use client';

import type { Loop } from '@flyball/contract';
import { memo } from 'react';
import {
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { formatDateTime, formatUnit } from '../../lib/format.ts';
import type { LoopPoint } from '../../lib/loop-series.ts';
import { extent, niceScale, type Scale } from '../../lib/scale.ts';
import { grid, margin, timeAxis, valueAxis } from '../charts/axes.ts';
import { ChartFrame } from '../charts/chart-frame.tsx';
import { Tip } from '../charts/tip.tsx';

export type LoopChartProps = { loop: Loop; points: LoopPoint[]; fromMs: number; toMs: number };

/** Measured against setpoint and band. */
export const SignalChart = memo(function SignalChart(props: LoopChartProps) {
  const { loop, points, fromMs, toMs } = props;
  const { low, high } = loop.band;
  const banded = low !== null || high !== null;
  const scale = signalScale(loop, points);
  const format = (value: number | null) => formatUnit(value, loop.signalUnit);
  const tip = ({ active, payload }: TooltipContentProps) => {
    const point = payload[0]?.payload as LoopPoint | undefined;
    if (!active || !point?.sample) return null;
    const { measured, setpoint, text } = point.sample;
    return (
      <Tip
        head={formatDateTime(point.atMs)}
        rows={[
          { name: 'measured', value: format(measured), colour: 'var(--series-1)' },
          { name: 'setpoint', value: format(setpoint), colour: 'var(--fg)' },
        ]}
        foot={text}
      />
    );
  };
  return (
    <ChartFrame
      title="Signal"
      about={loop.signal}
      legend={[
        { name: 'measured', colour: 'var(--series-1)', dash: '' },
        { name: 'setpoint', colour: 'var(--fg)', dash: '5 4' },
        ...(banded ? [{ name: 'band', colour: 'var(--band)' }] : []),
      ]}
      height={190}
      table={() => ({
        columns: ['Time', 'Measured', 'Setpoint'],
        rows: points.map(({ atMs, sample }) => [
          formatDateTime(atMs),
          sample ? format(sample.measured) : 'no tick',
          format(sample?.setpoint ?? null),
        ]),
      })}
    >
      <ResponsiveContainer width="100%" height="100%" debounce={100}>
        <ComposedChart data={points} margin={margin} syncId={loop.id} syncMethod="value">
          <CartesianGrid {...grid} />
          <XAxis {...timeAxis(fromMs, toMs)} />
          <YAxis {...valueAxis(format)} domain={scale.domain} ticks={scale.ticks} />
          {banded ? (
            <ReferenceArea
              {...(low === null ? {} : { y1: low })}
              {...(high === null ? {} : { y2: high })}
              fill="var(--band)"
              fillOpacity={1}
              ifOverflow="hidden"
            />
          ) : null}
          <Tooltip content={tip} isAnimationActive={false} />
          <Line
            name="setpoint"
            dataKey={({ sample }: LoopPoint) => sample?.setpoint ?? null}
            type="stepAfter"
            stroke="var(--fg)"
            strokeDasharray="5 4"
            strokeWidth={1.2}
            dot={false}
            isAnimationActive={false}
          />
          <Line
            name="measured"
            dataKey={({ sample }: LoopPoint) => sample?.measured ?? null}
            type="linear"
            stroke="var(--series-1)"
            strokeWidth={1.6}
            dot={false}
            isAnimationActive={false}
          />
        </ComposedChart>
      </ResponsiveContainer>
    </ChartFrame>
  );
});

/** All of the line, the setpoint and the band. */
function signalScale(loop: Loop, points: readonly LoopPoint[]): Scale {
  const values = points.flatMap(({ sample }) => [sample?.measured, sample?.setpoint]);
  return niceScale(...extent([...values, loop.band.low, loop.band.high]), 4);
}
