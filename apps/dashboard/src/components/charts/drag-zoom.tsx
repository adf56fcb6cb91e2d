'use client';

import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { axisWidth, margin } from './axes.ts';

type Props = {
  fromMs: number;
  toMs: number;
  onZoom: (fromMs: number, toMs: number) => void;
  children: ReactNode;
};

type Drag = { startX: number; endX: number };

const fewestPixels = 5;

/** Dragging across a chart over time chooses that part of the time. */
export function DragZoom({ fromMs, toMs, onZoom, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const plot = () => {
    const rect = box.current!.getBoundingClientRect();
    const left = margin.left + axisWidth;
    return { rect, left, width: rect.width - left - margin.right };
  };
  const xOf = (event: PointerEvent) => {
    const { rect, left, width } = plot();
    return Math.min(left + width, Math.max(left, event.clientX - rect.left));
  };
  const stop = () => {
    if (drag && Math.abs(drag.endX - drag.startX) >= fewestPixels) {
      const { left, width } = plot();
      const at = (x: number) => Math.round(fromMs + ((x - left) / width) * (toMs - fromMs));
      onZoom(at(Math.min(drag.startX, drag.endX)), at(Math.max(drag.startX, drag.endX)));
    }
    setDrag(null);
  };
  return (
    <div
      ref={box}
      className="relative size-full touch-pan-y select-none"
      onPointerDown={(event) => {
        if (event.button === 0) setDrag({ startX: xOf(event), endX: xOf(event) });
      }}
      onPointerMove={(event) => {
        if (drag) setDrag({ ...drag, endX: xOf(event) });
      }}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={() => setDrag(null)}
    >
      {children}
      {drag ? (
        <div
          aria-hidden
          className="pointer-events-none absolute inset-y-0 border-x border-accent bg-accent/15"
          style={{
            left: Math.min(drag.startX, drag.endX),
            width: Math.abs(drag.endX - drag.startX),
          }}
        />
      ) : null}
    </div>
  );
}
