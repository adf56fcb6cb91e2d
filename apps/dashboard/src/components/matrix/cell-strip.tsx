'use client';

import type { MatrixCell, Verdict } from '@flyball/contract';
import { useCallback } from 'react';
import type { Pattern } from '../../lib/mode.ts';
import { Canvas, type Paint } from '../ui/canvas.tsx';
import { fillBox } from '../ui/patterns.ts';

type Cell = Pick<MatrixCell, 'strip' | 'stripVerdicts'>;

const looks: Record<Verdict, { token: string; pattern: Pattern; least: number }> = {
  ok: { token: '--no-data', pattern: 'plain', least: 0.08 },
  warn: { token: '--warn', pattern: 'plain', least: 0.3 },
  bad: { token: '--bad', pattern: 'plain', least: 0.45 },
  unknown: { token: '--no-data', pattern: 'gap', least: 1 },
};

/** One bar a step: height is the value, colour and least height the verdict, hatching a gap. */
export function CellStrip({ cell, selected }: { cell: Cell; selected?: number }) {
  const { strip, stripVerdicts } = cell;
  const draw = useCallback(
    (paint: Paint) => drawStrip(paint, { strip, stripVerdicts }, selected ?? null),
    [strip, stripVerdicts, selected],
  );
  return <Canvas draw={draw} className="size-full" />;
}

function drawStrip(paint: Paint, { strip, stripVerdicts }: Cell, selected: number | null): void {
  const { context, width, height, colour } = paint;
  const step = width / Math.max(1, strip.length);
  const top = Math.max(...strip.map((value) => value ?? 0), 0);
  strip.forEach((value, i) => {
    const verdict = value === null ? 'unknown' : (stripVerdicts[i] ?? 'unknown');
    const { token, pattern, least } = looks[verdict];
    const share = value === null || top === 0 ? 0 : Math.max(0, value) / top;
    const tall = Math.max(1, height * (verdict === 'unknown' ? 1 : Math.max(least, share)));
    // Whole pixels, so that equal values look equal.
    const left = Math.round(i * step);
    const right = Math.round((i + 1) * step);
    const bar = right - left > 4 && verdict !== 'unknown' ? right - left - 1 : right - left;
    fillBox(paint, { x: left, y: height - tall, width: bar, height: tall }, pattern, token);
  });
  if (selected !== null) {
    context.strokeStyle = colour('--fg');
    context.lineWidth = 1.5;
    context.strokeRect(selected * step, 0.75, Math.max(2, step), height - 1.5);
  }
}

/** The strip in one sentence. */
export function stripSummary({ stripVerdicts }: Cell): string {
  const counts: Record<Verdict, number> = { ok: 0, warn: 0, bad: 0, unknown: 0 };
  for (const verdict of stripVerdicts) counts[verdict] += 1;
  const parts = [
    counts.bad > 0 ? `${counts.bad} bad` : '',
    counts.warn > 0 ? `${counts.warn} warning` : '',
    counts.unknown > 0 ? `${counts.unknown} without data` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'fine all hour' : `last hour, minutes: ${parts.join(', ')}`;
}
