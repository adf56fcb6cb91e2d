'use client';

import type { Virtualizer } from '@tanstack/react-virtual';
import { useKeys } from '../../lib/use-keys.ts';
import type { Model } from '../../lib/waterfall/model.ts';
import type { Row } from '../../lib/waterfall/rows.ts';
import type { WaterfallState } from './use-waterfall.ts';

type Scroller = Virtualizer<HTMLDivElement, Element>;

/** The keys of the help's "Trace" column. */
export function useWaterfallKeys(model: Model, state: WaterfallState, scroller: Scroller): void {
  const { rows, rowOfNode, selectedNode } = state;
  const at = selectedNode === null ? -1 : (rowOfNode[selectedNode] ?? -1);
  const step = (direction: 1 | -1) => {
    for (let i = at + direction; i >= 0 && i < rows.length; i += direction) {
      const row = rows[i]!;
      if (row.kind === 'span') return state.select(row.node);
    }
  };
  const scroll = (direction: 1 | -1) =>
    scroller.scrollBy(direction * (scroller.scrollRect?.height ?? 300) * 0.5);
  const open = (wanted: boolean) => {
    const row: Row | undefined = rows[at];
    if (row?.kind === 'span' && row.hasChildren && row.open !== wanted) state.toggle(row);
  };
  const deeper = (by: 1 | -1) => {
    const most = deepest(model);
    const next = (state.depth ?? most) + by;
    state.setDepth(next > most ? null : Math.max(0, next));
  };
  const commands = new Map<string, () => void>([
    ['s', () => scroll(1)],
    ['w', () => scroll(-1)],
    ['f', () => step(1)],
    ['b', () => step(-1)],
    ['ArrowDown', () => step(1)],
    ['ArrowUp', () => step(-1)],
    ['n', state.selectNextOnPath],
    [']', () => deeper(-1)],
    ['[', () => deeper(1)],
    ['ArrowLeft', () => open(false)],
    ['ArrowRight', () => open(true)],
    ['+', () => state.zoom(0.5)],
    ['=', () => state.zoom(0.5)],
    ['-', () => state.zoom(2)],
    ['0', () => state.setView(null)],
    ['Escape', () => state.select(null)],
  ]);
  useKeys((name) => {
    const command = commands.get(name);
    command?.();
    return command !== undefined;
  });
}

function deepest(model: Model): number {
  return model.tree.nodes.reduce((most, { depth }) => Math.max(most, depth), 0);
}
