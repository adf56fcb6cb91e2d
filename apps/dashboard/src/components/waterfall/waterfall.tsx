'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef } from 'react';
import { formatNs } from '../../lib/format.ts';
import { useMedia } from '../../lib/use-media.ts';
import type { Model } from '../../lib/waterfall/model.ts';
import { crossings } from '../../lib/waterfall/path.ts';
import { niceTicks } from '../../lib/waterfall/view.ts';
import { columnsClass } from './columns.ts';
import { Minimap } from './minimap.tsx';
import { PathCrossings } from './path-crossings.tsx';
import { SpanPanel } from './span-panel.tsx';
import { Toolbar } from './toolbar.tsx';
import { useWaterfall, type WaterfallState } from './use-waterfall.ts';
import { useWaterfallKeys } from './use-waterfall-keys.ts';
import { rowHeight, WaterfallRow } from './waterfall-row.tsx';

export function Waterfall({ model }: { model: Model }) {
  const state = useWaterfall(model);
  return (
    <div className="flex flex-col gap-3 xl:flex-row">
      <section aria-label="Waterfall" className="min-w-0 flex-1 rounded-md border bg-surface">
        <Toolbar model={model} state={state} />
        <Minimap model={model} view={state.view} onView={state.setView} />
        <Ruler state={state} />
        <Rows model={model} state={state} />
      </section>
      {state.selectedNode === null ? null : (
        <SpanPanel
          model={model}
          node={state.selectedNode}
          onSelect={state.select}
          onClose={() => state.select(null)}
        />
      )}
    </div>
  );
}

function Ruler({ state }: { state: WaterfallState }) {
  const { view } = state;
  const wide = useMedia('(min-width: 768px)');
  const scale = 100 / (view.endNs - view.startNs);
  return (
    <div className={`${columnsClass} border-b text-xs text-faint`}>
      <span className="px-2 py-1 text-muted">Service and operation</span>
      <span className="relative mr-3 block h-6 overflow-hidden">
        {niceTicks(view, wide ? 8 : 3).map((tick) => (
          <span
            key={tick}
            className="absolute top-1 border-l pl-1 whitespace-nowrap"
            style={{ left: `${(tick - view.startNs) * scale}%` }}
          >
            {(tick - view.startNs) * scale > 92 ? '' : formatNs(tick)}
          </span>
        ))}
      </span>
    </div>
  );
}

function Rows({ model, state }: { model: Model; state: WaterfallState }) {
  const box = useRef<HTMLDivElement>(null);
  const { rows, rowOfNode, selectedNode, view } = state;
  const scroller = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const all = useMemo(() => crossings(model.path, rowOfNode), [model, rowOfNode]);
  useWaterfallKeys(model, state, scroller);
  const chosenRow = selectedNode === null ? -1 : (rowOfNode[selectedNode] ?? -1);
  useEffect(() => {
    if (chosenRow >= 0) scroller.scrollToIndex(chosenRow, { align: 'auto' });
  }, [chosenRow, scroller]);
  const items = scroller.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  return (
    <div
      ref={box}
      role="tree"
      tabIndex={0}
      aria-label={`${rows.length} rows of spans`}
      {...(chosenRow >= 0 ? { 'aria-activedescendant': `row-${chosenRow}` } : {})}
      className="max-h-[68dvh] min-h-24 overflow-x-hidden overflow-y-auto"
    >
      <div className="relative" style={{ height: scroller.getTotalSize() }}>
        <PathCrossings crossings={all} view={view} first={first} last={last} />
        {items.map((item) => (
          <div
            key={item.key}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
          >
            <WaterfallRow
              id={`row-${item.index}`}
              row={rows[item.index]!}
              model={model}
              view={view}
              selected={item.index === chosenRow}
              onSelect={state.select}
              onToggle={state.toggle}
            />
          </div>
        ))}
      </div>
    </div>
  );
}
