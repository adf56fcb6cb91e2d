'use client';

import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useMemo } from 'react';
import { withQuery } from '../../lib/api.ts';
import { formatCount, formatMs } from '../../lib/format.ts';
import { shareSeries } from '../../lib/path-series.ts';
import { pathsQuery } from '../../lib/queries.ts';
import type { RangeChoice } from '../../lib/time-range.ts';
import { useRangeLink } from '../../lib/use-range.ts';
import { Empty, Loaded, Skeleton } from '../ui/states.tsx';
import { ErrorOrigins } from './error-origins.tsx';
import { PathTable } from './path-table.tsx';
import { ShareChart } from './share-chart.tsx';

const mostSeries = 7;

type Props = { range: RangeChoice; service: string; operation: string };

export function Breakdown({ range, service, operation }: Props) {
  const query = useQuery(pathsQuery(range, service, operation));
  const series = query.data?.series;
  const shares = useMemo(
    () => (series ? shareSeries(series, mostSeries) : { names: [], points: [] }),
    [series],
  );
  const withRange = useRangeLink();
  return (
    <Loaded query={query} skeleton={<Skeleton className="h-96" />}>
      {(breakdown) => (
        <div className="space-y-4" aria-busy={query.isPlaceholderData}>
          <h2 className="text-lg font-semibold">
            {breakdown.service} {breakdown.operation}{' '}
            <span className="text-sm font-normal text-muted">
              {formatCount(breakdown.traces, 'trace')}, mean {formatMs(breakdown.meanMs)} ·{' '}
              <Link
                className="text-accent hover:underline"
                href={withRange(withQuery('/traces', { service, operation }))}
              >
                its traces
              </Link>
            </span>
          </h2>
          {breakdown.rows.length === 0 ? (
            <div className="rounded-md border bg-surface">
              <Empty title="No whole trace of this endpoint in this range">
                Choose a longer range or another endpoint.
              </Empty>
            </div>
          ) : (
            <>
              <ShareChart
                names={shares.names}
                points={shares.points}
                fromMs={breakdown.fromMs}
                toMs={breakdown.toMs}
              />
              <PathTable rows={breakdown.rows} names={shares.names} />
              <ErrorOrigins origins={breakdown.errorOrigins} traces={breakdown.traces} />
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}
