'use client';

import { parseAsArrayOf, parseAsFloat, parseAsInteger, parseAsString, useQueryStates } from 'nuqs';
import { useMemo, useState } from 'react';
import type { Model } from '../../lib/waterfall/model.ts';
import { nextPiece, type PathPiece } from '../../lib/waterfall/path.ts';
import { type Row, type RowChoices, revealed, visibleRows } from '../../lib/waterfall/rows.ts';
import { clampView, type View, zoomView } from '../../lib/waterfall/view.ts';

const parsers = {
  span: parseAsString,
  only: parseAsString,
  depth: parseAsInteger,
  view: parseAsArrayOf(parseAsFloat),
};

const none: ReadonlySet<string> = new Set();

/** What is open, chosen and in view. All but single opened rows is in the URL. */
export function useWaterfall(model: Model) {
  const [{ span, only, depth, view: range }, setParams] = useQueryStates(parsers);
  const [toggled, setToggled] = useState(none);
  const [onPath, setOnPath] = useState<PathPiece | null>(null);
  const durationNs = Math.max(model.detail.durationNs, 1);
  const choices: RowChoices = useMemo(
    () => ({ openDepth: depth, toggled, service: only }),
    [depth, toggled, only],
  );
  const { rows, rowOfNode } = useMemo(
    () => visibleRows(model.tree, model.groups, choices),
    [model, choices],
  );
  const view = clampView({ startNs: range?.[0] ?? 0, endNs: range?.[1] ?? durationNs }, durationNs);
  const selectedNode = span === null ? null : (model.nodeOfSpan.get(span) ?? null);

  const select = (node: number | null) => {
    if (node === null) return void setParams({ span: null });
    // What is asked for is shown, whatever hid it.
    if (only !== null && rowOfNode[node] === -1) void setParams({ only: null });
    setToggled(revealed(model.tree, model.groups, choices, node));
    void setParams({ span: model.tree.nodes[node]!.span.spanId });
  };
  const toggle = (row: Row) => {
    const next = new Set(toggled);
    if (!next.delete(row.id)) next.add(row.id);
    setToggled(next);
  };
  const setDepth = (next: number | null) => {
    setToggled(none);
    void setParams({ depth: next });
  };
  const setView = (next: View | null) => {
    const clamped = next === null ? null : clampView(next, durationNs);
    const all = clamped === null || clamped.endNs - clamped.startNs >= durationNs;
    void setParams({ view: all ? null : [Math.round(clamped.startNs), Math.round(clamped.endNs)] });
  };
  return {
    rows,
    rowOfNode,
    view,
    durationNs,
    selectedNode,
    only,
    depth,
    select,
    toggle,
    setDepth,
    setView,
    setOnly: (service: string | null) => void setParams({ only: service }),
    zoom: (factor: number) => {
      setView(zoomView(view, factor, (view.startNs + view.endNs) / 2, durationNs));
    },
    selectNextOnPath: () => {
      const here = onPath?.node === selectedNode ? onPath : firstPieceOf(model, selectedNode);
      const piece = nextPiece(model.path, here?.startNs ?? -1);
      setOnPath(piece);
      if (piece) select(piece.node);
    },
  };
}

export type WaterfallState = ReturnType<typeof useWaterfall>;

function firstPieceOf(model: Model, node: number | null): PathPiece | null {
  return model.path.inTime.find((piece) => piece.node === node) ?? null;
}
