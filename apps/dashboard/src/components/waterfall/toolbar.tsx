'use client';

import { ChevronsDownUp, ChevronsUpDown, SkipForward, ZoomIn, ZoomOut } from 'lucide-react';
import { formatNs } from '../../lib/format.ts';
import type { Model } from '../../lib/waterfall/model.ts';
import { seriesColour } from '../charts/axes.ts';
import { Button, IconButton } from '../ui/button.tsx';
import type { WaterfallState } from './use-waterfall.ts';

export function Toolbar({ model, state }: { model: Model; state: WaterfallState }) {
  const { view, durationNs } = state;
  const zoomed = view.endNs - view.startNs < durationNs;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b px-3 py-1.5">
      <Services model={model} state={state} />
      <div className="ml-auto flex items-center gap-0.5">
        {zoomed ? (
          <span className="mr-1 text-xs text-muted">
            {formatNs(view.startNs)} – {formatNs(view.endNs)}
          </span>
        ) : null}
        <IconButton label="Zoom out (-)" disabled={!zoomed} onClick={() => state.zoom(2)}>
          <ZoomOut size={15} aria-hidden />
        </IconButton>
        <IconButton label="Zoom in (+)" onClick={() => state.zoom(0.5)}>
          <ZoomIn size={15} aria-hidden />
        </IconButton>
        <IconButton label="Close all rows" onClick={() => state.setDepth(1)}>
          <ChevronsDownUp size={15} aria-hidden />
        </IconButton>
        <IconButton label="Open all rows" onClick={() => state.setDepth(null)}>
          <ChevronsUpDown size={15} aria-hidden />
        </IconButton>
        <Button small onClick={state.selectNextOnPath} title="Next piece of the critical path (n)">
          <SkipForward size={13} aria-hidden /> Path
        </Button>
      </div>
    </div>
  );
}

/** The colours' legend is also the filter. */
function Services({ model, state }: { model: Model; state: WaterfallState }) {
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-1">
      {model.detail.services.map((service, index) => {
        const chosen = state.only === service;
        return (
          <button
            key={service}
            type="button"
            aria-pressed={chosen}
            title={chosen ? 'Show all services' : `Show only ${service}`}
            onClick={() => state.setOnly(chosen ? null : service)}
            className={`flex h-7 items-center gap-1.5 rounded-md border px-1.5 text-xs ${
              chosen ? 'border-accent bg-accent-soft' : 'border-transparent hover:bg-sunken'
            } ${state.only !== null && !chosen ? 'text-faint' : ''}`}
          >
            <i
              aria-hidden
              className="size-2.5 rounded-[2px]"
              style={{ background: seriesColour(index) }}
            />
            {service}
          </button>
        );
      })}
      <PathLegend />
    </div>
  );
}

function PathLegend() {
  return (
    <span className="ml-1 hidden items-center gap-2 text-xs text-muted md:flex">
      {(['solid', 'dashed', 'dotted'] as const).map((style) => (
        <span key={style} className="flex items-center gap-1">
          <i aria-hidden className="w-5" style={{ borderTop: `2px ${style} var(--path)` }} />
          {{ solid: 'critical path', dashed: 'inferred', dotted: 'ambiguous' }[style]}
        </span>
      ))}
    </span>
  );
}
