import type { MatrixCell } from '@flyball/contract';
import clsx from 'clsx';
import { formatActor, formatClock } from '../../lib/format.ts';
import { verdictWords } from '../../lib/mode.ts';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { CellStrip, stripSummary } from './cell-strip.tsx';

/** Value, verdict, the threshold it broke, and the last hour. */
export function CellFace({ cell }: { cell: MatrixCell }) {
  const loud = cell.verdict === 'bad' || cell.verdict === 'warn';
  return (
    <span className="block">
      <span className="flex items-center gap-1.5">
        <VerdictGlyph verdict={cell.verdict} />
        <span
          className={clsx(
            'truncate',
            loud && 'font-medium',
            cell.verdict === 'unknown' && 'text-muted',
          )}
        >
          {cell.display}
        </span>
      </span>
      <span className="block h-4 truncate text-xs text-muted">{remark(cell)}</span>
      <span className="block h-4">
        <CellStrip cell={cell} />
      </span>
    </span>
  );
}

function remark(cell: MatrixCell): string {
  if (cell.exempt)
    return `exempt until ${formatClock(cell.exempt.untilMs)}, ${formatActor(cell.exempt.by)}`;
  if (cell.origin) return `begins in ${cell.origin}`;
  return cell.threshold ?? '';
}

export function cellLabel(service: string, column: string, cell: MatrixCell): string {
  const parts = [
    `${service}, ${column}: ${cell.display}, ${verdictWords[cell.verdict]}`,
    remark(cell),
    stripSummary(cell),
  ];
  return parts.filter((part) => part !== '').join('; ');
}
