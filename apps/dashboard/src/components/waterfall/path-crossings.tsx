import { type Crossing, crossingsAmong } from '../../lib/waterfall/path.ts';
import type { View } from '../../lib/waterfall/view.ts';
import { columnsClass } from './columns.ts';
import { rowHeight } from './waterfall-row.tsx';

type Props = { crossings: readonly Crossing[]; view: View; first: number; last: number };

const lineTop = 19;
/** Columns of time told apart; about one per pixel of a wide screen. */
const columns = 1200;

/** Where the path passes between rows: thin lines over the rows in sight. */
export function PathCrossings({ crossings, view, first, last }: Props) {
  const width = view.endNs - view.startNs;
  const shown = crossingsAmong(crossings, first, last, width / columns).filter(
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
        {shown.map((crossing) => {
          const x = `${((crossing.atNs - view.startNs) / width) * 100}%`;
          const y1 = Math.max(0, (crossing.top - first) * rowHeight + lineTop);
          const y2 = Math.min(last - first + 1, crossing.bottom - first) * rowHeight + lineTop;
          return (
            <g key={`${crossing.atNs}-${crossing.top}`}>
              <line x1={x} x2={x} y1={y1} y2={y2} stroke="var(--path-halo)" strokeWidth="3.5" />
              <line x1={x} x2={x} y1={y1} y2={y2} stroke="var(--path)" strokeWidth="1.2" />
            </g>
          );
        })}
      </svg>
    </div>
  );
}
