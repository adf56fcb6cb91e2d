'use client';

import type { Loop, LoopSamples } from '@flyball/contract';
import { useMemo } from 'react';
import { instanceNames, loopPoints, termNames } from '../../lib/loop-series.ts';
import { KnobChart } from './knob-chart.tsx';
import { SignalChart } from './signal-chart.tsx';
import { TermsChart } from './terms-chart.tsx';

/** Three charts on one time axis with linked cursors: what it sees, does, and reckons with. */
export function LoopCharts({ loop, answer }: { loop: Loop; answer: LoopSamples }) {
  const points = useMemo(() => loopPoints(answer.samples), [answer.samples]);
  const instances = useMemo(() => instanceNames(points), [points]);
  const terms = useMemo(() => termNames(answer.samples), [answer.samples]);
  // Weights have a score for each instance instead of one signal.
  const measures = answer.samples.some(
    ({ measured, setpoint }) => measured !== null || setpoint !== null,
  );
  const shared = { loop, points, fromMs: answer.fromMs, toMs: answer.toMs };
  return (
    <div className="space-y-4">
      {measures ? <SignalChart {...shared} /> : null}
      <KnobChart {...shared} instances={instances} />
      {terms.length === 0 ? null : <TermsChart {...shared} terms={terms} />}
    </div>
  );
}
