'use client';

import { memo } from 'react';
import {
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { formatDateTime, formatKnob, formatNumber } from '../../lib/format.ts';
import { type LoopPoint, plainKnob } from '../../lib/loop-series.ts';
import { extent, niceScale, type Scale } from '../../lib/scale.ts';
import { grid, margin, seriesColour, timeAxis, valueAxis } from '../charts/axes.ts';
import { ChartFrame, type LegendItem } from '../charts/chart-frame.tsx';
import { Tip } from '../charts/tip.tsx';
import type { LoopChartProps } from './signal-chart.tsx';

type Props = LoopChartProps & { instances: string[] };

/** What the law asked for, what the guards left of it, what is in force. */
export const KnobChart = memo(function KnobChart(props: Props) {
  const { loop, points, fromMs, toMs, instances } = props;
  const plain = instances.length === 0;
  const scale = knobScale(points);
  return (
    <ChartFrame
      title="Knob"
      about={plain ? loop.knobUnit : `${loop.knobUnit} applied, by instance`}
      legend={plain ? plainLegend : instances.map(instanceLegend)}
      height={170}
      table={() => ({
        columns: ['Time', 'Proposed', 'After guards', 'Applied'],
        rows: points.map(({ atMs, sample }) => [
          formatDateTime(atMs),
          ...[sample?.proposed, sample?.bounded, sample?.applied].map((knob) =>
            formatKnob(knob ?? null, loop.knobUnit),
          ),
        ]),
      })}
    >
      <ResponsiveContainer width="100%" height="100%" debounce={100}>
        <ComposedChart data={points} margin={margin} syncId={loop.id} syncMethod="value">
          <CartesianGrid {...grid} />
          <XAxis {...timeAxis(fromMs, toMs)} />
          <YAxis {...valueAxis(formatNumber)} domain={scale.domain} ticks={scale.ticks} />
          <Tooltip
            content={plain ? plainTip(loop.knobUnit) : weightsTip(instances)}
            isAnimationActive={false}
          />
          {plain
            ? (['min', 'max'] as const).map((end) =>
                loop.limits[end] === null ? null : (
                  <ReferenceLine
                    key={end}
                    y={loop.limits[end]}
                    stroke="var(--no-data)"
                    ifOverflow="hidden"
                    label={{
                      value: end,
                      position: 'insideTopRight',
                      fontSize: 10,
                      fill: 'var(--faint)',
                    }}
                  />
                ),
              )
            : null}
          {plain ? plainLines() : instances.map(instanceLine)}
        </ComposedChart>
      </ResponsiveContainer>
    </ChartFrame>
  );
});

/** From zero, so that twice as much looks like twice as much. */
function knobScale(points: readonly LoopPoint[]): Scale {
  const values = points.flatMap(({ sample, applied }) => [
    plainKnob(sample?.proposed),
    plainKnob(sample?.bounded),
    ...Object.values(applied),
  ]);
  return niceScale(...extent([0, ...values]), 4);
}

const plainLegend: LegendItem[] = [
  { name: 'applied', colour: 'var(--series-1)', dash: '' },
  { name: 'after guards', colour: 'var(--series-4)', dash: '6 3' },
  { name: 'proposed', colour: 'var(--series-5)', dash: '1.5 3' },
];

function instanceLegend(name: string, at: number): LegendItem {
  return { name, colour: seriesColour(at), dash: instanceDash(at) };
}

function instanceDash(at: number): string {
  return dashes[Math.floor(at / 8) % dashes.length] ?? '';
}

const still = { type: 'stepAfter', dot: false, isAnimationActive: false } as const;

function plainLines() {
  return [
    <Line
      key="proposed"
      {...still}
      name="proposed"
      dataKey={({ sample }: LoopPoint) => plainKnob(sample?.proposed)}
      stroke="var(--series-5)"
      strokeDasharray="1.5 3"
      strokeWidth={1.6}
    />,
    <Line
      key="bounded"
      {...still}
      name="after guards"
      dataKey={({ sample }: LoopPoint) => plainKnob(sample?.bounded)}
      stroke="var(--series-4)"
      strokeDasharray="6 3"
      strokeWidth={1.4}
    />,
    <Line
      key="applied"
      {...still}
      name="applied"
      dataKey={({ sample }: LoopPoint) => plainKnob(sample?.applied)}
      stroke="var(--series-1)"
      strokeWidth={2}
    />,
  ];
}

const dashes = ['', '6 3', '2 3', '8 3 2 3'];

function instanceLine(name: string, at: number) {
  return (
    <Line
      key={name}
      {...still}
      name={name}
      dataKey={({ applied }: LoopPoint) => applied[name] ?? null}
      stroke={seriesColour(at)}
      strokeDasharray={instanceDash(at)}
      strokeWidth={1.6}
    />
  );
}

function plainTip(unit: string) {
  return ({ active, payload }: TooltipContentProps) => {
    const sample = (payload[0]?.payload as LoopPoint | undefined)?.sample;
    if (!active || !sample) return null;
    return (
      <Tip
        head={formatDateTime(sample.atMs)}
        rows={[
          { name: 'proposed', value: formatKnob(sample.proposed, unit), colour: 'var(--series-5)' },
          {
            name: 'after guards',
            value: formatKnob(sample.bounded, unit),
            colour: 'var(--series-4)',
          },
          { name: 'applied', value: formatKnob(sample.applied, unit), colour: 'var(--series-1)' },
        ]}
      />
    );
  };
}

function weightsTip(instances: readonly string[]) {
  return ({ active, payload }: TooltipContentProps) => {
    const point = payload[0]?.payload as LoopPoint | undefined;
    if (!active || !point?.sample) return null;
    return (
      <Tip
        head={formatDateTime(point.atMs)}
        rows={instances.slice(0, 12).map((name, at) => ({
          name,
          value: formatNumber(point.applied[name] ?? null),
          colour: seriesColour(at),
        }))}
      />
    );
  };
}
