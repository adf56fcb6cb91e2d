'use client';

import type { TraceSummary } from '@flyball/contract';
import { useRouter } from 'next/navigation';
import { memo, useMemo } from 'react';
import {
  CartesianGrid,
  ResponsiveContainer,
  Scatter,
  ScatterChart,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { formatDateTime, formatMs } from '../../lib/format.ts';
import { grid, margin, timeAxis, valueAxis } from '../charts/axes.ts';
import { ChartFrame } from '../charts/chart-frame.tsx';
import { DragZoom } from '../charts/drag-zoom.tsx';
import { Tip } from '../charts/tip.tsx';

type Props = {
  traces: readonly TraceSummary[];
  fromMs: number;
  toMs: number;
  onZoom: (fromMs: number, toMs: number) => void;
};

type Dot = { atMs: number; durationMs: number; trace: TraceSummary };

const mostDots = 800;

/** Each kept trace as a dot; triangles have errors. Drag to look closer, click to open. */
export const DurationChart = memo(function DurationChart(props: Props) {
  const { traces, fromMs, toMs } = props;
  const dots = useMemo(
    () =>
      traces.slice(0, mostDots).map((trace) => ({
        atMs: trace.startMs,
        durationMs: Math.max(trace.durationMs, 0.001),
        trace,
      })),
    [traces],
  );
  const clean = dots.filter(({ trace }) => trace.errorCount === 0);
  const failed = dots.filter(({ trace }) => trace.errorCount > 0);
  const router = useRouter();
  const open = (dot: { payload?: unknown }) => {
    router.push(`/traces/${(dot.payload as Dot).trace.traceId}`);
  };
  return (
    <ChartFrame
      title="Duration over time"
      about="log scale · ● no error ▲ error · drag to zoom"
      height={180}
      table={() => ({
        columns: ['Time', 'Root', 'Duration', 'Errors'],
        rows: dots.map(({ trace }) => [
          formatDateTime(trace.startMs),
          `${trace.rootService ?? ''} ${trace.rootOperation ?? ''}`,
          formatMs(trace.durationMs),
          String(trace.errorCount),
        ]),
      })}
    >
      <DragZoom fromMs={fromMs} toMs={toMs} onZoom={props.onZoom}>
        <ResponsiveContainer width="100%" height="100%" debounce={100}>
          <ScatterChart margin={margin}>
            <CartesianGrid {...grid} />
            <XAxis {...timeAxis(fromMs, toMs)} />
            <YAxis
              {...valueAxis(formatMs)}
              type="number"
              dataKey="durationMs"
              scale="log"
              domain={['auto', 'auto']}
            />
            <Tooltip content={DotTip} isAnimationActive={false} cursor={false} />
            <Scatter
              name="no error"
              data={clean}
              fill="var(--series-1)"
              fillOpacity={0.65}
              isAnimationActive={false}
              onClick={open}
              cursor="pointer"
            />
            <Scatter
              name="error"
              data={failed}
              shape="triangle"
              fill="var(--bad)"
              isAnimationActive={false}
              onClick={open}
              cursor="pointer"
            />
          </ScatterChart>
        </ResponsiveContainer>
      </DragZoom>
    </ChartFrame>
  );
});

function DotTip({ active, payload }: TooltipContentProps) {
  const dot = payload[0]?.payload as Dot | undefined;
  if (!active || !dot) return null;
  const { trace } = dot;
  return (
    <Tip
      head={`${trace.rootService ?? 'root not received'} ${trace.rootOperation ?? ''}`}
      rows={[
        { name: 'at', value: formatDateTime(trace.startMs) },
        { name: 'duration', value: formatMs(trace.durationMs) },
        { name: 'spans', value: String(trace.spanCount) },
        { name: 'errors', value: String(trace.errorCount) },
      ]}
    />
  );
}
