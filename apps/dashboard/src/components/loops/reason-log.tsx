'use client';

import type { Loop, LoopSample } from '@flyball/contract';
import { useMemo, useState } from 'react';
import { formatClock, formatCount, formatKnob, formatUnit } from '../../lib/format.ts';
import { runsOf } from '../../lib/runs.ts';
import { Button } from '../ui/button.tsx';
import { TraceLinks } from '../ui/evidence-table.tsx';
import { ModeLabel } from '../ui/glyphs.tsx';
import { Panel } from '../ui/panel.tsx';

const atFirst = 30;

/** Why it did what it did, newest first; ticks that say the same are one line with a count. */
export function ReasonLog({ loop, samples }: { loop: Loop; samples: readonly LoopSample[] }) {
  const [all, setAll] = useState(false);
  const runs = useMemo(() => runsOf(samples.toReversed(), sameReason), [samples]);
  const shown = all ? runs : runs.slice(0, atFirst);
  return (
    <Panel title="Reasons" flush aside={<span>{samples.length} ticks · newest first</span>}>
      <ol className="divide-y text-sm">
        {shown.map(({ first, last, count }) => (
          <li
            key={first.atMs}
            className="grid gap-x-4 gap-y-0.5 px-3 py-1.5 sm:grid-cols-[9.5rem_9rem_1fr_10rem_5rem]"
          >
            <span className="text-muted">
              {formatClock(last.atMs)}
              {count > 1 ? ` – ${formatClock(first.atMs)}` : ''}
              <span className="block text-xs">{formatCount(count, 'tick')}</span>
            </span>
            <span>
              <code className="font-mono text-xs">{first.reason}</code>
              {first.mode ? (
                <span className="block">
                  <ModeLabel mode={first.mode} className="text-xs" />
                </span>
              ) : null}
            </span>
            <span className="min-w-0">{first.text}</span>
            <span className="min-w-0 truncate text-xs text-muted">
              measured {formatUnit(first.measured, loop.signalUnit)}
              <span className="block truncate">
                applied {formatKnob(first.applied, loop.knobUnit)}
              </span>
            </span>
            <TraceLinks ids={first.traceId ? [first.traceId] : []} />
          </li>
        ))}
      </ol>
      {runs.length > shown.length ? (
        <div className="border-t p-2 text-center">
          <Button onClick={() => setAll(true)}>Show all {runs.length}</Button>
        </div>
      ) : null}
    </Panel>
  );
}

function sameReason(a: LoopSample, b: LoopSample): boolean {
  return a.reason === b.reason && a.mode === b.mode;
}
