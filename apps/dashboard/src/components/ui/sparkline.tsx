'use client';

import { useCallback } from 'react';
import { Canvas, type Paint } from './canvas.tsx';

type Props = {
  values: readonly (number | null)[];
  label: string;
  format: (value: number | null) => string;
};

/** A line over time from zero; where nothing is known there is a gap with a dotted floor. */
export function Sparkline({ values, label, format }: Props) {
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 0);
  const draw = useCallback((paint: Paint) => drawLine(paint, values, top), [values, top]);
  const summary =
    known.length === 0
      ? 'no data'
      : `latest ${format(values.at(-1) ?? null)}, highest ${format(top)}` +
        (known.length < values.length ? `, ${values.length - known.length} min without data` : '');
  return (
    <span role="img" aria-label={`${label}: ${summary}`} title={summary} className="block">
      <Canvas draw={draw} className="h-6 w-full" />
    </span>
  );
}

function drawLine(
  { context, width, height, colour }: Paint,
  values: readonly (number | null)[],
  top: number,
): void {
  const step = width / Math.max(1, values.length - 1);
  const y = (value: number) => height - 1.5 - (top === 0 ? 0 : (value / top) * (height - 3));
  context.lineWidth = 1.25;
  context.strokeStyle = colour('--muted');
  context.beginPath();
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) {
      drawing = false;
      return;
    }
    if (drawing) context.lineTo(i * step, y(value));
    else context.moveTo(i * step, y(value));
    drawing = true;
  });
  context.stroke();
  context.fillStyle = colour('--no-data');
  values.forEach((value, i) => {
    if (value === null) context.fillRect(i * step, height - 2, Math.min(1.5, step), 1.5);
  });
}
