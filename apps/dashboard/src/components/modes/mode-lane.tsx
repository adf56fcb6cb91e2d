'use client';

import type { ModeHistory, ModeSegment } from '@flyball/contract';
import { type KeyboardEvent, type PointerEvent, useCallback, useState } from 'react';
import { formatClock, formatMs } from '../../lib/format.ts';
import { modeWords } from '../../lib/mode.ts';
import { Canvas, type Paint } from '../ui/canvas.tsx';
import { drawLane } from './draw-lane.ts';

type Props = {
  service: string;
  segments: readonly ModeSegment[];
  actions: ModeHistory['actions'];
  range: { fromMs: number; toMs: number };
  ticks: readonly number[];
  chosen: string | null;
  onChoose: (transitionId: string | null) => void;
};

/** One service's modes over time: pointer or arrow keys pick a segment, Enter its cause. */
export function ModeLane(props: Props) {
  const { service, segments, actions, range, ticks, chosen, onChoose } = props;
  const [at, setAt] = useState<number | null>(null);
  const index = at ?? segments.length - 1;
  const draw = useCallback(
    (paint: Paint) => drawLane(paint, { segments, actions, range, ticks, chosen, at }),
    [segments, actions, range, ticks, chosen, at],
  );
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter') onChoose(segments[index]?.transitionId ?? null);
    const moves: Record<string, number> = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      Home: 0,
      End: segments.length - 1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(segments.length - 1, Math.max(0, to)));
  };
  const under = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const atMs = range.fromMs + share * (range.toMs - range.fromMs);
    const found = segments.findIndex(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
    return found === -1 ? null : found;
  };
  const segment = segments[index];
  const words = segment ? describe(segment) : 'no data in this range';
  const short = segment ? brief(segment, at !== null) : words;
  return (
    <>
      <div className="flex items-baseline justify-between gap-2 text-sm sm:block">
        <span className="font-medium">{service}</span>
        <span className="truncate text-xs text-muted sm:block">{short}</span>
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={`Modes of ${service}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, segments.length - 1)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={words}
        title={words}
        onKeyDown={keys}
        onPointerMove={(event) => setAt(under(event))}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
        onClick={(event) => {
          const found = under(event as unknown as PointerEvent<HTMLElement>);
          onChoose(found === null ? null : (segments[found]?.transitionId ?? null));
        }}
        className="h-10 cursor-pointer rounded-sm bg-bg"
      >
        <Canvas draw={draw} className="size-full" />
      </div>
    </>
  );
}

/** The lane's newest mode with its age; of one that is pointed at, when it began. */
function brief({ mode, fromMs, toMs }: ModeSegment, pointedAt: boolean): string {
  return pointedAt
    ? `${modeWords[mode]} from ${formatClock(fromMs)}`
    : `${modeWords[mode]} for ${formatMs(toMs - fromMs)}`;
}

function describe({ mode, fromMs, toMs }: ModeSegment): string {
  const span = `${formatClock(fromMs)} to ${formatClock(toMs)}, ${formatMs(toMs - fromMs)}`;
  return `${modeWords[mode]} ${span}`;
}
