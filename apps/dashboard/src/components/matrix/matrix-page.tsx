'use client';

import type { Matrix } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsBoolean, parseAsString, useQueryStates } from 'nuqs';
import { formatClock } from '../../lib/format.ts';
import { matrixQuery } from '../../lib/queries.ts';
import { useMedia } from '../../lib/use-media.ts';
import { Button } from '../ui/button.tsx';
import { PageHead } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { CellDialog } from './cell-dialog.tsx';
import { type CellChoice, columns } from './columns.ts';
import { MatrixCards } from './matrix-cards.tsx';
import { MatrixTable } from './matrix-table.tsx';

export function MatrixPage() {
  const query = useQuery(matrixQuery);
  const [params, setParams] = useQueryStates({
    troubled: parseAsBoolean.withDefault(false),
    cell: parseAsString,
  });
  return (
    <>
      <PageHead title="Health matrix" about="Worst first: least time until the budget is gone.">
        <Button
          small
          aria-pressed={params.troubled}
          look={params.troubled ? 'primary' : 'secondary'}
          onClick={() => void setParams({ troubled: !params.troubled })}
        >
          Only trouble
        </Button>
        {query.data ? (
          <span className="text-xs text-muted">as of {formatClock(query.data.generatedAtMs)}</span>
        ) : null}
      </PageHead>
      <Loaded query={query}>
        {(matrix) => (
          <Body
            matrix={params.troubled ? onlyTrouble(matrix) : matrix}
            filtered={params.troubled}
            chosen={params.cell}
            onChoose={(cell) => void setParams({ cell })}
          />
        )}
      </Loaded>
    </>
  );
}

function onlyTrouble(matrix: Matrix): Matrix {
  const troubled = matrix.rows.filter(({ cells }) =>
    columns.some((column) => cells[column].verdict !== 'ok' && cells[column].exempt === null),
  );
  return { ...matrix, rows: troubled };
}

type BodyProps = {
  matrix: Matrix;
  filtered: boolean;
  chosen: string | null;
  onChoose: (cell: string | null) => void;
};

function Body({ matrix, filtered, chosen, onChoose }: BodyProps) {
  const wide = useMedia('(min-width: 900px)');
  if (matrix.rows.length === 0) {
    return (
      <div className="rounded-md border bg-surface">
        {filtered ? (
          <Empty title="No trouble">Every cell of every service is fine or exempt.</Empty>
        ) : (
          <Empty title="No service has been seen yet">
            Send spans to Flyball: the{' '}
            <Link className="underline" href="/">
              overview
            </Link>{' '}
            says how. Rows appear within seconds.
          </Empty>
        )}
      </div>
    );
  }
  const choose = ({ service, column }: CellChoice) => onChoose(`${column}:${service}`);
  return (
    <>
      {wide ? (
        <MatrixTable matrix={matrix} onChoose={choose} />
      ) : (
        <MatrixCards matrix={matrix} onChoose={choose} />
      )}
      <CellDialog matrix={matrix} chosen={parseChoice(chosen)} onClose={() => onChoose(null)} />
    </>
  );
}

function parseChoice(text: string | null): CellChoice | null {
  const at = text?.indexOf(':') ?? -1;
  if (text === null || at === -1) return null;
  const column = columns.find((each) => each === text.slice(0, at));
  return column === undefined ? null : { column, service: text.slice(at + 1) };
}
