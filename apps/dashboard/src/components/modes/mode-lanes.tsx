'use client';

import type { ModeHistory } from '@flyball/contract';
import { formatTick } from '../../lib/format.ts';
import { modeWords } from '../../lib/mode.ts';
import { timeTicks } from '../../lib/time-range.ts';
import { useMedia } from '../../lib/use-media.ts';
import { ModeGlyph } from '../ui/glyphs.tsx';
import { ModeLane } from './mode-lane.tsx';

type Props = {
  history: ModeHistory;
  chosen: string | null;
  onChoose: (transitionId: string | null) => void;
};

export function ModeLanes({ history, chosen, onChoose }: Props) {
  const { fromMs, toMs } = history;
  const wide = useMedia('(min-width: 640px)');
  const ticks = timeTicks(fromMs, toMs, wide ? 8 : 3);
  const place = (atMs: number) => `${((atMs - fromMs) / (toMs - fromMs)) * 100}%`;
  return (
    <div>
      <div className="grid grid-cols-1 items-center gap-x-3 gap-y-1.5 sm:grid-cols-[9rem_1fr]">
        {history.services.map((lane) => (
          <ModeLane
            key={lane.service}
            service={lane.service}
            segments={lane.segments}
            actions={history.actions.filter(({ service }) => service === lane.service)}
            range={{ fromMs, toMs }}
            ticks={ticks}
            chosen={chosen}
            onChoose={onChoose}
          />
        ))}
        <span className="hidden sm:block" />
        <div className="relative h-4 text-xs text-faint">
          {ticks.map((tick) => (
            <span
              key={tick}
              className="absolute -translate-x-1/2 whitespace-nowrap"
              style={{ left: place(tick) }}
            >
              {formatTick(tick, toMs - fromMs)}
            </span>
          ))}
        </div>
      </div>
      <Legend />
    </div>
  );
}

function Legend() {
  return (
    <ul className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {(['target', 'recovery', 'degraded', 'floor', 'no-data'] as const).map((mode) => (
        <li key={mode} className="flex items-center gap-1.5">
          <ModeGlyph mode={mode} /> {modeWords[mode]}
          {mode === 'no-data' ? ' (hatched)' : ''}
        </li>
      ))}
      <li className="flex items-center gap-1.5">
        <svg width="10" height="12" viewBox="0 0 10 12" aria-hidden="true">
          <path d="M5 3 V12" stroke="var(--fg)" strokeWidth="1.2" />
          <circle cx="5" cy="3" r="2.5" fill="var(--fg)" />
        </svg>
        action carried out
      </li>
    </ul>
  );
}
