import type { ModeHistory, ModeSegment } from '@flyball/contract';
import { type LaneMode, modeColours, modePatterns } from '../../lib/mode.ts';
import type { Paint } from '../ui/canvas.tsx';
import { fillBox } from '../ui/patterns.ts';

type Lane = {
  segments: readonly ModeSegment[];
  actions: ModeHistory['actions'];
  range: { fromMs: number; toMs: number };
  ticks: readonly number[];
  /** Id of the chosen transition. */
  chosen: string | null;
  /** Index of the segment under the pointer or the arrow keys. */
  at: number | null;
};

/** Taller is worse, so that a lane reads without its colours. */
const heights: Record<LaneMode, number> = {
  target: 0.4,
  recovery: 0.55,
  degraded: 0.75,
  floor: 1,
  'no-data': 1,
};

const flagHeight = 9;
/** More flags than these would hide the modes behind their stems: only their heads are drawn. */
const mostStems = 12;

export function drawLane(paint: Paint, lane: Lane): void {
  const { context, width, height, colour } = paint;
  const { fromMs, toMs } = lane.range;
  const x = (atMs: number) => ((atMs - fromMs) / (toMs - fromMs)) * width;
  context.fillStyle = colour('--line');
  for (const tick of lane.ticks) context.fillRect(Math.round(x(tick)), 0, 1, height);
  const floor = height - flagHeight;
  lane.segments.forEach((segment, index) => {
    const left = Math.max(0, x(segment.fromMs));
    const right = Math.min(width, x(segment.toMs));
    const tall = floor * heights[segment.mode];
    // A segment shorter than a pixel happened all the same.
    const box = { x: left, y: height - tall, width: Math.max(1, right - left), height: tall };
    fillBox(paint, box, modePatterns[segment.mode], modeColours[segment.mode]);
    const isChosen = segment.transitionId !== null && segment.transitionId === lane.chosen;
    if (index !== lane.at && !isChosen) return;
    context.strokeStyle = colour('--fg');
    context.lineWidth = isChosen ? 2 : 1;
    context.strokeRect(box.x + 0.5, box.y + 0.5, Math.max(1, box.width - 1), box.height - 1);
  });
  const stems = lane.actions.length <= mostStems;
  for (const action of lane.actions) drawFlag(paint, x(action.atMs), stems);
}

function drawFlag({ context, height, colour }: Paint, x: number, stem: boolean): void {
  if (stem) {
    context.strokeStyle = colour('--path-halo');
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(x, 4);
    context.lineTo(x, height);
    context.stroke();
    context.strokeStyle = colour('--fg');
    context.lineWidth = 1.2;
    context.stroke();
  }
  context.fillStyle = colour('--fg');
  context.beginPath();
  context.arc(x, 4, stem ? 3 : 2, 0, Math.PI * 2);
  context.fill();
}
