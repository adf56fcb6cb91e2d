'use client';

import type { PathRow } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { formatMs, formatNumber, formatRatio } from '../../lib/format.ts';
import { loopsQuery } from '../../lib/queries.ts';
import { TraceLinks } from '../ui/evidence-table.tsx';
import { Panel } from '../ui/panel.tsx';
import { colourOfName } from './share-chart.tsx';

const heads: [string, string][] = [
  ['Share', 'of the endpoint’s total time'],
  ['p50', 'of its own time on the path'],
  ['p95', 'of its own time on the path'],
  ['p99', 'of its own time on the path'],
  ['Slack', 'how much later it could end, mean'],
  ['Drag', 'at most this can be won here per trace, mean'],
  ['Errors', 'of its traces'],
  ['Traces', 'in which it was on the path'],
];

/** Where the time goes, and what could be won. */
export function PathTable({ rows, names }: { rows: readonly PathRow[]; names: readonly string[] }) {
  const largest = Math.max(...rows.map(({ share }) => share), 0.0001);
  return (
    <Panel
      title="Where the time goes"
      flush
      aside={<span>drag: at most this can be won here</span>}
    >
      <div className="overflow-x-auto">
        <table className="w-full text-sm">
          <thead>
            <tr className="text-left text-xs text-muted">
              <th className="px-3 py-1.5">Service and operation</th>
              {heads.map(([head, about]) => (
                <th key={head} title={about} className="px-3 py-1.5 text-right">
                  {head}
                </th>
              ))}
              <th className="px-3 py-1.5">Examples</th>
              <th className="px-3 py-1.5">Loops</th>
            </tr>
          </thead>
          <tbody className="divide-y border-t">
            {rows.map((row) => (
              <Row
                key={`${row.service} ${row.operation}`}
                row={row}
                names={names}
                largest={largest}
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Row(props: { row: PathRow; names: readonly string[]; largest: number }) {
  const { row, names, largest } = props;
  const colour = colourOfName(names, `${row.service} ${row.operation}`);
  return (
    <tr className="align-top">
      <td className="px-3 py-1.5">
        <span className="flex items-center gap-2 whitespace-nowrap">
          <i aria-hidden className="size-2.5 rounded-[2px]" style={{ background: colour }} />
          <span>
            <span className="font-medium">{row.service}</span> {row.operation}
          </span>
        </span>
        <span className="mt-1 block h-1 bg-sunken">
          <span
            className="block h-1"
            style={{ width: `${(row.share / largest) * 100}%`, background: colour }}
          />
        </span>
      </td>
      {[
        formatRatio(row.share),
        formatMs(row.p50Ms),
        formatMs(row.p95Ms),
        formatMs(row.p99Ms),
        formatMs(row.slackMs),
        formatMs(row.dragMs),
        formatRatio(row.errorRatio),
        formatNumber(row.traces),
      ].map((value, at) => (
        <td key={heads[at]?.[0]} className="px-3 py-1.5 text-right whitespace-nowrap">
          {value}
        </td>
      ))}
      <td className="px-3 py-1.5">
        <TraceLinks ids={row.exampleTraceIds} />
      </td>
      <td className="px-3 py-1.5">
        <LoopsOf service={row.service} />
      </td>
    </tr>
  );
}

/** The loops that can do something about it. */
function LoopsOf({ service }: { service: string }) {
  const loops = useQuery(loopsQuery).data?.loops ?? [];
  const own = loops.filter((loop) => loop.service === service);
  if (own.length === 0) return <span className="text-muted">–</span>;
  return (
    <span className="flex flex-wrap gap-x-2">
      {own.map((loop) => (
        <Link
          key={loop.id}
          href={`/loops/${encodeURIComponent(loop.service)}/${encodeURIComponent(loop.name)}`}
          className="text-xs text-accent hover:underline"
        >
          {loop.name}
        </Link>
      ))}
    </span>
  );
}
