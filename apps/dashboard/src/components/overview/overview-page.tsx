'use client';

import type { Overview } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import { formatMs, formatPerSecond } from '../../lib/format.ts';
import { overviewQuery } from '../../lib/queries.ts';
import { Age } from '../ui/age.tsx';
import { PageHead, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { Needs } from './needs.tsx';
import { SendData } from './send-data.tsx';
import { ServiceTable } from './service-table.tsx';

export function OverviewPage() {
  const query = useQuery(overviewQuery);
  return (
    <Loaded query={query}>
      {(overview) => (
        <>
          <PageHead title="Overview">
            <Ingest overview={overview} />
          </PageHead>
          <div className="space-y-4">
            {overview.services.length === 0 ? (
              <Panel title="Send data">
                <SendData endpoints={overview.endpoints} />
              </Panel>
            ) : (
              <>
                <Needs needs={overview.needs} />
                <Panel
                  title="Services"
                  flush
                  aside={<span>{overview.services.length} seen · worst first</span>}
                >
                  <ServiceTable services={overview.services} />
                </Panel>
                <details className="rounded-md border bg-surface px-3 py-2 text-sm">
                  <summary className="text-muted">Send data from another service</summary>
                  <div className="pt-3">
                    <SendData endpoints={overview.endpoints} />
                  </div>
                </details>
              </>
            )}
          </div>
        </>
      )}
    </Loaded>
  );
}

/** Whether the ground everything stands on is fresh. */
function Ingest({ overview }: { overview: Overview }) {
  const { ingest, evidenceAgeMs } = overview;
  const facts = [
    ['Spans', formatPerSecond(ingest.spansPerSecond)],
    ['Traces kept', formatPerSecond(ingest.keptTracesPerSecond)],
    ['Evidence', evidenceAgeMs === null ? 'none yet' : `${formatMs(evidenceAgeMs)} old`],
  ];
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="flex gap-1.5">
          <dt className="text-muted">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      <div className="flex gap-1.5">
        <dt className="text-muted">Last span</dt>
        <dd>{ingest.lastSpanAtMs === null ? 'none yet' : <Age atMs={ingest.lastSpanAtMs} />}</dd>
      </div>
    </dl>
  );
}
