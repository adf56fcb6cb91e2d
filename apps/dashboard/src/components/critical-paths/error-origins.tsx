'use client';

import type { PathErrorOrigin } from '@flyball/contract';
import { formatNumber, formatRatio } from '../../lib/format.ts';
import { TraceLinks } from '../ui/evidence-table.tsx';
import { Panel } from '../ui/panel.tsx';

type Props = { origins: readonly PathErrorOrigin[]; traces: number };

/** The service and operation in which this endpoint's failed traces began to fail. */
export function ErrorOrigins({ origins, traces }: Props) {
  if (origins.length === 0) return null;
  return (
    <Panel title="Where errors begin" flush aside={<span>of all traces, kept or not</span>}>
      <div className="overflow-x-auto">
        <table className="w-full text-sm">
          <thead>
            <tr className="text-left text-xs text-muted">
              <th className="px-3 py-1.5">Service and operation</th>
              <th className="px-3 py-1.5 text-right">Failed traces</th>
              <th className="px-3 py-1.5 text-right">Share of all</th>
              <th className="px-3 py-1.5">Examples</th>
            </tr>
          </thead>
          <tbody className="divide-y border-t">
            {origins.map((origin) => (
              <tr key={`${origin.service} ${origin.operation}`} className="align-top">
                <td className="px-3 py-1.5 whitespace-nowrap">
                  <span className="font-medium">{origin.service}</span> {origin.operation}
                </td>
                <td className="px-3 py-1.5 text-right">{formatNumber(origin.traces)}</td>
                <td className="px-3 py-1.5 text-right">
                  {formatRatio(traces === 0 ? null : origin.traces / traces)}
                </td>
                <td className="px-3 py-1.5">
                  <TraceLinks ids={origin.exampleTraceIds} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
