'use client';

import type { TraceSummary } from '@flyball/contract';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { overviewQuery, type TraceFilter, tracesQuery } from '../../lib/queries.ts';
import { useRange } from '../../lib/use-range.ts';
import { useTraceFilter } from '../../lib/use-trace-filter.ts';
import { SendData } from '../overview/send-data.tsx';
import { RangePicker } from '../shell/range-picker.tsx';
import { Button } from '../ui/button.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Empty, Failure, SkeletonRows } from '../ui/states.tsx';
import { DurationChart } from './duration-chart.tsx';
import { TraceForm } from './trace-form.tsx';
import { TraceList } from './trace-list.tsx';

export function TracesPage() {
  const [filter, search] = useTraceFilter();
  return (
    <>
      <PageHead title="Traces">
        <RangePicker />
      </PageHead>
      <div className="space-y-4">
        <TraceForm key={JSON.stringify(filter)} filter={filter} onSearch={search} />
        <Results filter={filter} />
      </div>
    </>
  );
}

function Results({ filter }: { filter: TraceFilter }) {
  const [range, setRange] = useRange();
  const query = useInfiniteQuery(tracesQuery(range, filter));
  const pages = query.data?.pages;
  const traces = useMemo(() => pages?.flatMap((page) => page.traces) ?? [], [pages]);
  if (pages === undefined) {
    return query.isError ? (
      <Failure error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <SkeletonRows rows={10} />
    );
  }
  if (traces.length === 0) return <NoTraces filter={filter} />;
  const { toMs } = pages[0]!;
  // Older traces are not fetched yet: an axis back to the range's start would tell of a silence.
  const oldestMs = Math.min(...traces.map(({ startMs }) => startMs));
  const fromMs = query.hasNextPage ? oldestMs : pages[0]!.fromMs;
  return (
    <div className="space-y-4" aria-busy={query.isPlaceholderData}>
      <DurationChart
        traces={traces}
        fromMs={fromMs}
        toMs={toMs}
        onZoom={(from, to) => setRange({ kind: 'fixed', fromMs: from, toMs: to })}
      />
      <Panel title="Traces" flush aside={<Counts traces={traces} more={query.hasNextPage} />}>
        <TraceList traces={traces} />
        {query.hasNextPage ? (
          <div className="border-t p-2 text-center">
            <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {query.isFetchingNextPage ? 'Fetching…' : 'Show older traces'}
            </Button>
          </div>
        ) : null}
      </Panel>
    </div>
  );
}

function Counts({ traces, more }: { traces: readonly TraceSummary[]; more: boolean }) {
  const errors = traces.filter(({ errorCount }) => errorCount > 0).length;
  return (
    <span>
      {traces.length}
      {more ? '+' : ''} kept traces, {errors} with errors · newest first
    </span>
  );
}

function NoTraces({ filter }: { filter: TraceFilter }) {
  const overview = useQuery(overviewQuery).data;
  const filtered =
    Object.values(filter).some((value) => typeof value === 'string' && value !== '') ||
    filter.attributes.length > 0 ||
    filter.minDurationMs !== null ||
    filter.maxDurationMs !== null;
  return (
    <Panel title="No trace found">
      <Empty
        title={filtered ? 'No kept trace fits this search' : 'No trace was kept in this range'}
      >
        {filtered
          ? 'Loosen a filter or choose a longer range. '
          : 'Choose a longer range, or send data as below. '}
        Of ordinary traces a sample is kept; errors and slow traces are all kept. A trace is found
        within 5 s of the decision to keep it.
      </Empty>
      {filtered || !overview ? null : <SendData endpoints={overview.endpoints} />}
    </Panel>
  );
}
