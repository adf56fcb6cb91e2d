'use client';

import type { TraceDetail } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useMemo } from 'react';
import { ApiFailure } from '../../lib/api.ts';
import { formatNs } from '../../lib/format.ts';
import { traceQuery } from '../../lib/queries.ts';
import { modelOf } from '../../lib/waterfall/model.ts';
import { PageHead } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { TraceFacts } from './trace-facts.tsx';
import { Waterfall } from './waterfall.tsx';

export function TracePage({ traceId }: { traceId: string }) {
  const query = useQuery(traceQuery(traceId));
  if (query.error instanceof ApiFailure && query.error.status === 404) {
    return <NotKept message={query.error.message} />;
  }
  return <Loaded query={query}>{(detail) => <Trace detail={detail} />}</Loaded>;
}

function Trace({ detail }: { detail: TraceDetail }) {
  const model = useMemo(() => modelOf(detail), [detail]);
  const root = detail.spans.find(({ spanId }) => spanId === detail.rootSpanId);
  const title = root ? `${root.service} ${root.operation}` : 'Trace without its root';
  return (
    <>
      <PageHead title={title}>
        <span className="text-lg font-semibold">{formatNs(detail.durationNs)}</span>
      </PageHead>
      <TraceFacts detail={detail} />
      <Waterfall model={model} />
    </>
  );
}

function NotKept({ message }: { message: string }) {
  return (
    <div className="rounded-md border bg-surface">
      <Empty title="This trace is not stored">
        {message}{' '}
        <Link className="underline" href="/traces">
          Search for others
        </Link>
        .
      </Empty>
    </div>
  );
}
