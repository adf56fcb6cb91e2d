'use client';

import type { Matrix, MatrixCell } from '@flyball/contract';
import Link from 'next/link';
import { type KeyboardEvent, useState } from 'react';
import { formatActor, formatClock, formatDateTime, formatUnit } from '../../lib/format.ts';
import { verdictWords } from '../../lib/mode.ts';
import { buttonClass } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { VerdictGlyph } from '../ui/glyphs.tsx';
import { CellStrip, stripSummary } from './cell-strip.tsx';
import { type CellChoice, columnWords } from './columns.ts';

type Props = { matrix: Matrix; chosen: CellChoice | null; onClose: () => void };

/** One cell in full, with the hour to walk through. */
export function CellDialog({ matrix, chosen, onClose }: Props) {
  const row = matrix.rows.find(({ service }) => service === chosen?.service);
  const cell = chosen && row ? row.cells[chosen.column] : null;
  if (!chosen || !cell) return null;
  const service = encodeURIComponent(chosen.service);
  return (
    <Dialog
      open
      onOpenChange={onClose}
      wide
      title={`${chosen.service}: ${columnWords[chosen.column].toLowerCase()}`}
    >
      <p className="flex flex-wrap items-center gap-2">
        <VerdictGlyph verdict={cell.verdict} />
        <span className="text-lg font-medium">{cell.display}</span>
        <span className="text-muted">{verdictWords[cell.verdict]}</span>
        {cell.threshold ? <span className="text-muted">· {cell.threshold}</span> : null}
      </p>
      {cell.detail ? <p className="mt-2 text-sm">{cell.detail}</p> : null}
      {cell.origin ? (
        <p className="mt-2 text-sm">
          The trouble begins in{' '}
          <Link
            className="font-medium underline"
            href={`/traces?service=${encodeURIComponent(cell.origin)}&status=error`}
          >
            {cell.origin}
          </Link>
          .
        </p>
      ) : null}
      {cell.exempt ? (
        <p className="mt-2 text-sm">
          Exempt until {formatDateTime(cell.exempt.untilMs)}, by {formatActor(cell.exempt.by)}.
        </p>
      ) : null}
      <StripWalk key={`${chosen.service} ${chosen.column}`} matrix={matrix} cell={cell} />
      <div className="mt-4 flex flex-wrap gap-2">
        <Link className={buttonClass()} href={`/traces?service=${service}`}>
          Traces
        </Link>
        <Link className={buttonClass()} href={`/traces?service=${service}&status=error`}>
          Traces with errors
        </Link>
        <Link className={buttonClass()} href={`/modes?service=${service}`}>
          Mode history
        </Link>
        <Link className={buttonClass()} href={`/loops?service=${service}`}>
          Loops
        </Link>
      </div>
    </Dialog>
  );
}

function StripWalk({ matrix, cell }: { matrix: Matrix; cell: MatrixCell }) {
  const last = cell.strip.length - 1;
  const [at, setAt] = useState(last);
  if (last < 0) return <p className="mt-3 text-sm text-muted">No history of this cell.</p>;
  const value = cell.strip[at] ?? null;
  const startMs = matrix.fromMs + at * matrix.stepMs;
  const words =
    value === null
      ? `${formatClock(startMs)}: no data`
      : `${formatClock(startMs)}: ${formatUnit(value, cell.unit)}, ` +
        verdictWords[cell.stripVerdicts[at] ?? 'unknown'];
  const keys = (event: KeyboardEvent) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(last, Math.max(0, to)));
  };
  return (
    <div className="mt-3">
      <div className="flex justify-between text-xs text-muted">
        <span>{words}</span>
        <span>{stripSummary(cell)}</span>
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label="Minute of the last hour"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={words}
        onKeyDown={keys}
        onPointerDown={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const share = (event.clientX - box.left) / box.width;
          setAt(Math.min(last, Math.max(0, Math.floor(share * (last + 1)))));
        }}
        className="mt-1 h-20 w-full cursor-crosshair rounded border bg-bg"
      >
        <CellStrip cell={cell} selected={at} />
      </div>
      <div className="mt-1 flex justify-between text-xs text-faint">
        <span>{formatClock(matrix.fromMs)}</span>
        <span>{formatClock(matrix.toMs)}</span>
      </div>
    </div>
  );
}
