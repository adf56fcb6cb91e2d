'use client';

import type { Matrix } from '@flyball/contract';
import clsx from 'clsx';
import { ModeLabel } from '../ui/glyphs.tsx';
import { CellFace, cellLabel } from './cell-face.tsx';
import { type CellChoice, columns, columnWords } from './columns.ts';
import { Exhaustion } from './matrix-table.tsx';

type Props = { matrix: Matrix; onChoose: (cell: CellChoice) => void };

/** The matrix for a narrow screen: a service a card, trouble first within it. */
export function MatrixCards({ matrix, onChoose }: Props) {
  return (
    <div className="space-y-3">
      {matrix.rows.map((row) => (
        <section key={row.service} className="rounded-md border bg-surface">
          <header className="flex items-start justify-between gap-3 px-3 py-2">
            <h2 className="font-semibold">
              {row.service}
              <Exhaustion row={row} />
            </h2>
            <ModeLabel mode={row.mode} />
          </header>
          <div className="grid grid-cols-2 border-t">
            {columns.map((column) => {
              const cell = row.cells[column];
              return (
                <button
                  key={column}
                  type="button"
                  aria-label={cellLabel(row.service, columnWords[column], cell)}
                  onClick={() => onChoose({ service: row.service, column })}
                  className={clsx(
                    'min-w-0 border-b px-3 py-1.5 text-left text-sm odd:border-r',
                    cell.exempt === null && cell.verdict === 'bad' && 'bg-bad-soft',
                    cell.exempt === null && cell.verdict === 'warn' && 'bg-warn-soft',
                  )}
                >
                  <span className="block text-xs text-muted">{columnWords[column]}</span>
                  <CellFace cell={cell} />
                </button>
              );
            })}
          </div>
        </section>
      ))}
    </div>
  );
}
