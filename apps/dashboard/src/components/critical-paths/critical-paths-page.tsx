'use client';

import type { PathEndpoints } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { parseAsString, useQueryStates } from 'nuqs';
import { formatMs, formatNumber, formatRatio } from '../../lib/format.ts';
import { endpointsQuery, overviewQuery } from '../../lib/queries.ts';
import { useRange } from '../../lib/use-range.ts';
import { SendData } from '../overview/send-data.tsx';
import { RangePicker } from '../shell/range-picker.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { Breakdown } from './breakdown.tsx';

type Endpoint = PathEndpoints['endpoints'][number];

export function CriticalPathsPage() {
  const [range] = useRange();
  const [{ service, operation }, setParams] = useQueryStates(
    { service: parseAsString, operation: parseAsString },
    { history: 'push' },
  );
  const query = useQuery(endpointsQuery(range));
  return (
    <>
      <PageHead
        title="Critical paths"
        about="Where an endpoint’s time goes, from all traces, kept or not."
      >
        <RangePicker />
      </PageHead>
      <Loaded query={query}>
        {({ endpoints }) => {
          const first = endpoints[0];
          if (first === undefined) return <NoEndpoints />;
          const chosen = endpoints.find(
            (each) => each.service === service && each.operation === operation,
          );
          // An address may name an endpoint that is quiet just now; it is asked for all the same.
          const shown = chosen ?? (service && operation ? { service, operation } : first);
          return (
            <div className="space-y-4">
              <Endpoints
                endpoints={endpoints}
                shown={shown}
                onChoose={(each) =>
                  void setParams({ service: each.service, operation: each.operation })
                }
              />
              <Breakdown range={range} service={shown.service} operation={shown.operation} />
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

function Endpoints(props: {
  endpoints: readonly Endpoint[];
  shown: { service: string; operation: string };
  onChoose: (endpoint: Endpoint) => void;
}) {
  return (
    <Panel title="Endpoints" flush aside={<span>most total time first</span>}>
      <div className="max-h-72 overflow-auto">
        <table className="w-full text-sm">
          <thead className="sticky top-0 bg-surface">
            <tr className="text-left text-xs text-muted">
              <th className="px-3 py-1.5">Endpoint</th>
              <th className="px-3 py-1.5 text-right">Traces</th>
              <th className="px-3 py-1.5 text-right max-sm:hidden">Total time</th>
              <th className="px-3 py-1.5 text-right">Mean</th>
              <th className="px-3 py-1.5 text-right">p99</th>
              <th className="px-3 py-1.5 text-right max-sm:hidden">Errors</th>
            </tr>
          </thead>
          <tbody className="divide-y border-t">
            {props.endpoints.map((each) => {
              const here =
                each.service === props.shown.service && each.operation === props.shown.operation;
              return (
                <tr
                  key={`${each.service} ${each.operation}`}
                  className={clsx(here && 'bg-accent-soft')}
                >
                  <td className="px-3 py-1">
                    <button
                      type="button"
                      aria-pressed={here}
                      className="text-left hover:underline"
                      onClick={() => props.onChoose(each)}
                    >
                      <span className="font-medium">{each.service}</span> {each.operation}
                    </button>
                  </td>
                  <td className="px-3 py-1 text-right whitespace-nowrap">
                    {formatNumber(each.traces)}
                  </td>
                  <td className="px-3 py-1 text-right max-sm:hidden">{formatMs(each.totalMs)}</td>
                  <td className="px-3 py-1 text-right whitespace-nowrap">
                    {formatMs(each.meanMs)}
                  </td>
                  <td className="px-3 py-1 text-right whitespace-nowrap">{formatMs(each.p99Ms)}</td>
                  <td className="px-3 py-1 text-right max-sm:hidden">
                    {formatRatio(each.errorRatio)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function NoEndpoints() {
  const overview = useQuery(overviewQuery).data;
  return (
    <Panel title="No traffic in this range">
      <p className="mb-3 text-sm text-muted">
        Critical paths appear as soon as whole traces arrive. Choose a longer range, or send data:
      </p>
      {overview ? <SendData endpoints={overview.endpoints} /> : null}
    </Panel>
  );
}
