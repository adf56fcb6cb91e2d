'use client';

import type { Matrix, MatrixRow } from '@flyball/contract';
import clsx from 'clsx';
import { type KeyboardEvent, useRef, useState } from 'react';
import { formatMs } from '../../lib/format.ts';
import { ModeGlyph } from '../ui/glyphs.tsx';
import { CellFace, cellLabel } from './cell-face.tsx';
import { type CellChoice, columns, columnWords } from './columns.ts';

type Props = { matrix: Matrix; onChoose: (cell: CellChoice) => void };

/** One tab stop for the whole grid; arrow keys walk it, Enter opens a cell. */
export function MatrixTable({ matrix, onChoose }: Props) {
  const [at, setAt] = useState({ row: 0, column: 0 });
  const grid = useRef<HTMLTableElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const row = Math.min(matrix.rows.length - 1, Math.max(0, at.row + step[0]));
    const column = Math.min(columns.length - 1, Math.max(0, at.column + step[1]));
    setAt({ row, column });
    grid.current?.querySelector<HTMLElement>(`[data-cell="${row}-${column}"]`)?.focus();
  };
  return (
    <div className="overflow-x-auto rounded-md border bg-surface">
      <table ref={grid} className="w-full border-collapse text-sm" onKeyDown={move}>
        <thead>
          <tr className="text-left text-xs text-muted">
            <th className="sticky left-0 z-10 bg-surface px-3 py-2">Service</th>
            {columns.map((column) => (
              <th key={column} className="px-2 py-2">
                {columnWords[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map((row, index) => (
            <Row
              key={row.service}
              row={row}
              index={index}
              current={at.row === index ? at.column : null}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const steps: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export function Exhaustion({ row }: { row: MatrixRow }) {
  if (row.timeToExhaustionMs === null) return null;
  return (
    <span className="block text-xs font-normal whitespace-nowrap text-muted">
      {row.timeToExhaustionMs <= 0
        ? 'budget is gone'
        : `budget gone in ${formatMs(row.timeToExhaustionMs)}`}
    </span>
  );
}

function Row(props: {
  row: MatrixRow;
  index: number;
  current: number | null;
  onChoose: (cell: CellChoice) => void;
}) {
  const { row, index, current } = props;
  return (
    <tr className="border-t">
      <th
        scope="row"
        className={clsx(
          'sticky left-0 z-10 border-r bg-surface px-3 py-1.5 text-left align-top',
          'font-medium',
        )}
      >
        <span className="flex items-center gap-1.5">
          <ModeGlyph mode={row.mode ?? 'no-data'} />
          {row.service}
        </span>
        <Exhaustion row={row} />
      </th>
      {columns.map((column, at) => {
        const cell = row.cells[column];
        return (
          <td key={column} className="border-r p-0 align-top last:border-r-0">
            <button
              type="button"
              data-cell={`${index}-${at}`}
              tabIndex={current === at ? 0 : -1}
              aria-label={cellLabel(row.service, columnWords[column], cell)}
              onClick={() => props.onChoose({ service: row.service, column })}
              className={clsx(
                'block w-full min-w-28 px-2 py-1.5 text-left hover:bg-sunken',
                cell.exempt === null && cell.verdict === 'bad' && 'bg-bad-soft',
                cell.exempt === null && cell.verdict === 'warn' && 'bg-warn-soft',
              )}
            >
              <CellFace cell={cell} />
            </button>
          </td>
        );
      })}
    </tr>
  );
}
