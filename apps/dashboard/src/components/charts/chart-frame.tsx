'use client';

import { type ReactNode, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';

/** `dash` as in SVG; a filled square when it is left out. */
export type LegendItem = { name: string; colour: string; dash?: string };

export type ChartTable = { columns: readonly string[]; rows: readonly (readonly string[])[] };

type Props = {
  title: string;
  /** Unit and meaning of the vertical axis. */
  about: string;
  /** Pixels; left out: as high as what is in it. */
  height?: number;
  legend?: readonly LegendItem[];
  table: () => ChartTable;
  children: ReactNode;
};

/** Every chart can be read as a table. */
export function ChartFrame({ title, about, height, legend, table, children }: Props) {
  const [asTable, setAsTable] = useState(false);
  return (
    <Panel
      title={title}
      aside={
        <>
          <span>{about}</span>
          <Button small look="ghost" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {asTable ? 'View as chart' : 'View as table'}
          </Button>
        </>
      }
    >
      {asTable ? (
        <DataTable table={table()} />
      ) : (
        <>
          {legend ? <Legend items={legend} /> : null}
          <div style={{ height }}>{children}</div>
        </>
      )}
    </Panel>
  );
}

function Legend({ items }: { items: readonly LegendItem[] }) {
  return (
    <ul className="mb-1 flex flex-wrap gap-x-4 gap-y-0.5 pl-2 text-xs text-muted">
      {items.map(({ name, colour, dash }) => (
        <li key={name} className="flex items-center gap-1.5">
          <svg width="18" height="8" viewBox="0 0 18 8" aria-hidden="true">
            {dash === undefined ? (
              <rect x="5" width="8" height="8" rx="1" fill={colour} />
            ) : (
              <path d="M0 4 H18" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
            )}
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

const mostRows = 800;

function DataTable({ table }: { table: ChartTable }) {
  return (
    <section aria-label="Data" className="max-h-96 overflow-auto" tabIndex={-1}>
      <table className="w-full text-sm">
        <thead className="sticky top-0 bg-surface">
          <tr className="text-left text-xs text-muted">
            {table.columns.map((column, at) => (
              <th key={column} className={at === 0 ? 'py-1 pr-3' : 'py-1 pr-3 text-right'}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {table.rows.slice(0, mostRows).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of figures have no other identity
            <tr key={index}>
              {row.map((value, at) => (
                <td
                  key={table.columns[at]}
                  className={at === 0 ? 'py-0.5 pr-3 whitespace-nowrap' : 'py-0.5 pr-3 text-right'}
                >
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
