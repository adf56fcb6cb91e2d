'use client';

import type { ServiceSummary } from '@flyball/contract';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { formatMs, formatNumber, formatPerSecond, formatRatio, unknown } from '../../lib/format.ts';
import { modeRank } from '../../lib/mode.ts';
import { useRangeLink } from '../../lib/use-range.ts';
import { Age } from '../ui/age.tsx';
import { ModeLabel } from '../ui/glyphs.tsx';
import { Sparkline } from '../ui/sparkline.tsx';

type Column = { head: string; number?: boolean; cell: (service: ServiceSummary) => ReactNode };

const columns: Column[] = [
  {
    head: 'p99',
    number: true,
    cell: ({ p99Ms }) => formatMs(p99Ms),
  },
  { head: 'Requests', number: true, cell: (row) => formatPerSecond(row.requestsPerSecond) },
  { head: 'Errors', number: true, cell: ({ errorRatio }) => formatRatio(errorRatio) },
  { head: 'Budget left', number: true, cell: (row) => formatRatio(row.budgetRemainingRatio) },
  { head: 'Instances', number: true, cell: ({ instances }) => formatNumber(instances) },
];

/** Wide: a table. Narrow: the same facts, one block per service. */
export function ServiceTable({ services }: { services: ServiceSummary[] }) {
  const sorted = services.toSorted((a, b) => modeRank(a.mode) - modeRank(b.mode));
  return (
    <>
      <div className="hidden overflow-x-auto md:block">
        <table className="w-full text-sm">
          <thead>
            <tr className="text-left text-xs text-muted">
              <th className="px-3 py-1.5">Service</th>
              <th className="px-3 py-1.5">Mode and cause</th>
              {columns.map(({ head, number }) => (
                <th key={head} className={number ? 'px-3 py-1.5 text-right' : 'px-3 py-1.5'}>
                  {head}
                </th>
              ))}
              <th className="px-3 py-1.5">Requests /s, last hour</th>
            </tr>
          </thead>
          <tbody className="divide-y border-t">
            {sorted.map((service) => (
              <ServiceRow key={service.service} service={service} />
            ))}
          </tbody>
        </table>
      </div>
      <ul className="divide-y md:hidden">
        {sorted.map((service) => (
          <ServiceBlock key={service.service} service={service} />
        ))}
      </ul>
    </>
  );
}

function ServiceName({ service }: { service: ServiceSummary }) {
  const withRange = useRangeLink();
  return (
    <Link
      href={withRange(`/modes?service=${encodeURIComponent(service.service)}`)}
      className="font-medium hover:underline"
    >
      {service.service}
    </Link>
  );
}

function Cause({ service }: { service: ServiceSummary }) {
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-2">
        <ModeLabel mode={service.mode} />
        {service.modeSinceMs === null ? null : (
          <span className="text-xs text-muted">
            <Age atMs={service.modeSinceMs} since />
          </span>
        )}
        {service.pendingProposals > 0 ? (
          <Link
            href={`/actions?service=${encodeURIComponent(service.service)}`}
            className="rounded-full bg-accent px-1.5 text-xs text-accent-fg"
          >
            {service.pendingProposals} to decide
          </Link>
        ) : null}
      </div>
      {service.cause ? <div className="text-xs text-muted">{service.cause}</div> : null}
      {service.managed ? null : (
        <div className="text-xs text-faint">no policy: watched, not steered</div>
      )}
    </>
  );
}

function ServiceRow({ service }: { service: ServiceSummary }) {
  return (
    <tr className="align-top hover:bg-sunken/60">
      <td className="px-3 py-2">
        <ServiceName service={service} />
      </td>
      <td className="max-w-80 px-3 py-2">
        <Cause service={service} />
      </td>
      {columns.map(({ head, number, cell }) => (
        <td key={head} className={number ? 'px-3 py-2 text-right whitespace-nowrap' : 'px-3 py-2'}>
          {cell(service)}
        </td>
      ))}
      <td className="w-48 px-3 py-2">
        <Traffic service={service} />
      </td>
    </tr>
  );
}

function Traffic({ service }: { service: ServiceSummary }) {
  if (service.traffic.length === 0) return <span className="text-muted">{unknown}</span>;
  return (
    <Sparkline
      values={service.traffic}
      label={`Requests per second of ${service.service} over the last hour`}
      format={formatPerSecond}
    />
  );
}

function ServiceBlock({ service }: { service: ServiceSummary }) {
  return (
    <li className="px-3 py-2.5">
      <div className="flex items-center justify-between gap-3">
        <ServiceName service={service} />
        <div className="w-24">
          <Traffic service={service} />
        </div>
      </div>
      <div className="mt-1">
        <Cause service={service} />
      </div>
      <dl className="mt-1.5 grid grid-cols-3 gap-x-3 gap-y-1 text-sm">
        {columns.map(({ head, cell }) => (
          <div key={head}>
            <dt className="text-xs text-muted">{head}</dt>
            <dd>{cell(service)}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
