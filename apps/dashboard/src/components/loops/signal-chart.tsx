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
import { grid, margin, timeAxis, valueAxis } from '../charts/axes.ts';
import { ChartFrame } from '../charts/chart-frame.tsx';
import { Tip } from '../charts/tip.tsx';

export type LoopChartProps = { loop: Loop; points: LoopPoint[]; fromMs: number; toMs: number };

/** Measured against setpoint and band. */
export const SignalChart = memo(function SignalChart(props: LoopChartProps) {
  const { loop, points, fromMs, toMs } = props;
  const { low, high } = loop.band;
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
      about={`${loop.signal}: — measured, - - setpoint${low !== null || high !== null ? ', shaded: band' : ''}`}
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
          <YAxis {...valueAxis(format)} domain={signalDomain(loop, points)} />
          {low !== null || high !== null ? (
            <ReferenceArea
              {...(low === null ? {} : { y1: low })}
              {...(high === null ? {} : { y2: high })}
              fill="var(--ok)"
              fillOpacity={0.12}
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

/** All of the line, the setpoint and the band, with a little air. */
function signalDomain(loop: Loop, points: readonly LoopPoint[]): [number, number] {
  const values = points
    .flatMap(({ sample }) => [sample?.measured, sample?.setpoint])
    .concat(loop.band.low, loop.band.high)
    .filter((value) => value !== null && value !== undefined);
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
}
