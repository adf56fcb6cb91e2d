'use client';

import type { ModeTransition } from '@flyball/contract';
import clsx from 'clsx';
import { formatDateTime, formatMs } from '../../lib/format.ts';
import { Arrow, ModeLabel } from '../ui/glyphs.tsx';
import { Empty } from '../ui/states.tsx';

type Props = {
  transitions: readonly ModeTransition[];
  chosen: string | null;
  onChoose: (id: string | null) => void;
};

export function TransitionList({ transitions, chosen, onChoose }: Props) {
  if (transitions.length === 0) {
    return <Empty title="No mode changed in this range">The lanes above show what held.</Empty>;
  }
  return (
    <ul className="divide-y">
      {transitions.map((transition) => (
        <li key={transition.id}>
          <button
            type="button"
            aria-pressed={transition.id === chosen}
            onClick={() => onChoose(transition.id === chosen ? null : transition.id)}
            className={clsx(
              'grid w-full gap-x-4 gap-y-0.5 px-3 py-2 text-left text-sm hover:bg-sunken',
              'sm:grid-cols-[8.5rem_8rem_15rem_1fr_auto]',
              transition.id === chosen && 'bg-accent-soft',
            )}
          >
            <span className="text-muted">{formatDateTime(transition.atMs)}</span>
            <span className="font-medium">{transition.service}</span>
            <span className="flex items-center gap-2">
              <ModeLabel mode={transition.from} />
              <Arrow />
              <ModeLabel mode={transition.to} />
            </span>
            <span className="min-w-0">{transition.cause}</span>
            <span className="text-xs text-muted">
              {transition.dwellMs === null || transition.dwellMs === 0
                ? ''
                : `after ${formatMs(transition.dwellMs)}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
