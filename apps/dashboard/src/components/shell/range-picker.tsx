'use client';

import { useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import { RefreshCw } from 'lucide-react';
import { formatDateTime } from '../../lib/format.ts';
import { presets } from '../../lib/time-range.ts';
import { useRange } from '../../lib/use-range.ts';
import { IconButton } from '../ui/button.tsx';

/** The page's time range; a range chosen on a chart is shown and can be left again. */
export function RangePicker() {
  const [range, setRange] = useRange();
  const client = useQueryClient();
  return (
    <div className="flex items-center gap-1">
      <fieldset aria-label="Time range" className="flex rounded-md border bg-surface">
        {range.kind === 'fixed' ? (
          <span className="flex items-center border-r px-2 text-sm max-sm:text-xs">
            {formatDateTime(range.fromMs)} – {formatDateTime(range.toMs)}
          </span>
        ) : null}
        {presets.map(({ id, label }) => {
          const chosen = range.kind === 'preset' && range.id === id;
          return (
            <button
              key={id}
              type="button"
              title={label}
              aria-pressed={chosen}
              onClick={() => setRange({ kind: 'preset', id })}
              className={clsx(
                'h-8 px-2 text-sm first:rounded-l-md last:rounded-r-md max-sm:h-10',
                chosen ? 'bg-accent-soft font-medium' : 'text-muted hover:text-fg',
              )}
            >
              {id}
            </button>
          );
        })}
      </fieldset>
      <IconButton label="Fetch again" onClick={() => void client.invalidateQueries()}>
        <RefreshCw size={15} aria-hidden />
      </IconButton>
    </div>
  );
}
