import { type Crossing, type Stroke, strokesAmong } from '../../lib/waterfall/path.ts';
import type { View } from '../../lib/waterfall/view.ts';
import { columnsClass } from './columns.ts';
import { rowHeight } from './waterfall-row.tsx';

type Props = { crossings: readonly Crossing[]; view: View; first: number; last: number };

const lineTop = 13;
/** Columns of time told apart; about one per pixel of a wide screen. */
const columns = 1200;
/** A stroke over more rows than this is drawn faint: it leads somewhere, it is not the matter. */
const longRows = 8;

/** Where the path passes between rows: thin lines behind the rows in sight. */
export function PathCrossings({ crossings, view, first, last }: Props) {
  const width = view.endNs - view.startNs;
  const strokes = strokesAmong(crossings, first, last, width / columns).filter(
    ({ atNs }) => atNs >= view.startNs && atNs <= view.endNs,
  );
  return (
    <div
      aria-hidden
      className={`${columnsClass} pointer-events-none absolute inset-x-0`}
      style={{ top: first * rowHeight, height: (last - first + 1) * rowHeight }}
    >
      <span />
      <svg className="mr-3 h-full w-[calc(100%-0.75rem)]">
        <title>critical path</title>
        {strokes.map((stroke) => (
          <Line
            key={`${stroke.atNs} ${stroke.far}`}
            stroke={stroke}
            first={first}
            x={`${((stroke.atNs - view.startNs) / width) * 100}%`}
          />
        ))}
      </svg>
    </div>
  );
}

function Line({ stroke, first, x }: { stroke: Stroke; first: number; x: string }) {
  const faint = stroke.far || stroke.to - stroke.from > longRows;
  return (
    <line
      x1={x}
      x2={x}
      y1={(stroke.from - first) * rowHeight + lineTop}
      y2={(stroke.to - first) * rowHeight + lineTop}
      stroke="var(--path)"
      strokeWidth={faint ? 0.75 : 1.2}
      strokeOpacity={faint ? 0.45 : 1}
    />
  );
}
