'use client';

import { type PointerEvent, useCallback, useRef, useState } from 'react';
import { formatNs } from '../../lib/format.ts';
import type { Model } from '../../lib/waterfall/model.ts';
import type { View } from '../../lib/waterfall/view.ts';
import { Canvas, type Paint } from '../ui/canvas.tsx';

type Props = { model: Model; view: View; onView: (view: View | null) => void };

/** The whole trace at a glance; drag to look at a part, double-click for all of it. */
export function Minimap({ model, view, onView }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<View | null>(null);
  const durationNs = Math.max(model.detail.durationNs, 1);
  const draw = useCallback(
    (paint: Paint) => drawMinimap(paint, model, durationNs),
    [model, durationNs],
  );
  const atNs = (event: PointerEvent) => {
    const rect = box.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - rect.left) / rect.width)) * durationNs;
  };
  const shown = drag ?? view;
  const from = Math.min(shown.startNs, shown.endNs);
  const to = Math.max(shown.startNs, shown.endNs);
  const percent = (ns: number) => `${(ns / durationNs) * 100}%`;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys +, - and 0 do the same
    <div
      ref={box}
      className="relative mx-3 my-2 h-14 cursor-crosshair touch-pan-y border bg-bg select-none"
      title="Drag to zoom, double-click for the whole trace"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ startNs: atNs(event), endNs: atNs(event) });
      }}
      onPointerMove={(event) => {
        if (drag) setDrag({ ...drag, endNs: atNs(event) });
      }}
      onPointerUp={() => {
        if (drag && Math.abs(drag.endNs - drag.startNs) > durationNs / 200) {
          onView({ startNs: from, endNs: to });
        }
        setDrag(null);
      }}
      onPointerCancel={() => setDrag(null)}
      onDoubleClick={() => onView(null)}
    >
      <Canvas draw={draw} className="size-full" />
      <div className="absolute inset-y-0 left-0 bg-bg/70" style={{ width: percent(from) }} />
      <div
        className="absolute inset-y-0 right-0 bg-bg/70"
        style={{ width: percent(durationNs - to) }}
      />
      <div
        className="absolute inset-y-0 border-x border-accent"
        style={{ left: percent(from), width: percent(to - from) }}
      />
      <span className="sr-only">
        In view: {formatNs(view.startNs)} to {formatNs(view.endNs)}
      </span>
    </div>
  );
}

function drawMinimap(paint: Paint, model: Model, durationNs: number): void {
  const { context, width, height, colour } = paint;
  const { nodes } = model.tree;
  const pathBand = 6;
  const scaleY = (height - pathBand) / Math.max(nodes.length, 1);
  const thick = Math.max(1, Math.min(3, scaleY * 0.8));
  const colours = model.detail.services.map((_, i) => colour(`--series-${(i % 8) + 1}`));
  // More spans than pixel rows: every nth stands for its neighbours.
  const stride = Math.max(1, Math.floor(nodes.length / 6000));
  for (let i = 0; i < nodes.length; i += stride) {
    const { span } = nodes[i]!;
    context.fillStyle = colours[model.colourOf.get(span.service) ?? 0] ?? colour('--muted');
    const x = (span.startOffsetNs / durationNs) * width;
    const w = Math.max(0.6, (span.durationNs / durationNs) * width);
    context.fillRect(x, i * scaleY, w, thick);
  }
  context.fillStyle = colour('--path');
  for (const { startNs, endNs } of model.path.inTime) {
    const x = (startNs / durationNs) * width;
    const w = Math.max(0.5, ((endNs - startNs) / durationNs) * width);
    context.fillRect(x, height - 3, w, 2);
  }
}
