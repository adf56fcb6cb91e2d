import type { Pattern } from '../../lib/mode.ts';
import type { Paint } from './canvas.tsx';

export type Box = { x: number; y: number; width: number; height: number };

/** Fills a box so that it can be told apart without colour. */
export function fillBox(paint: Paint, box: Box, pattern: Pattern, token: string): void {
  const { context, colour } = paint;
  const { x, y, width, height } = box;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  if (pattern !== 'gap') {
    context.fillStyle = colour(token);
    context.fillRect(x, y, width, height);
  }
  context.strokeStyle = pattern === 'gap' ? colour('--no-data') : colour('--surface');
  context.lineWidth = pattern === 'gap' ? 0.75 : 1;
  const gap = { plain: 0, diagonal: 8, 'dense-diagonal': 4, cross: 5, gap: 5 }[pattern];
  if (gap > 0) {
    context.globalAlpha = pattern === 'gap' ? 1 : 0.55;
    diagonals(context, box, gap, pattern === 'gap' ? -1 : 1);
    if (pattern === 'cross') diagonals(context, box, gap, -1);
  }
  context.restore();
}

function diagonals(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Box,
  gap: number,
  slope: 1 | -1,
): void {
  context.beginPath();
  // From the origin of the canvas, so that neighbours' stripes meet.
  const first = Math.floor((x - height) / gap) * gap;
  for (let at = first; at < x + width + height; at += gap) {
    context.moveTo(at, slope === 1 ? y + height : y);
    context.lineTo(at + height, slope === 1 ? y : y + height);
  }
  context.stroke();
}
