'use client';

import type { TraceSummary } from '@flyball/contract';
import clsx from 'clsx';
import { CircleX } from 'lucide-react';
import Link from 'next/link';
import { formatDateTime, formatMs, formatNumber } from '../../lib/format.ts';

/** Newest first; the bar compares durations within the list. */
export function TraceList({ traces }: { traces: readonly TraceSummary[] }) {
  const longest = Math.max(...traces.map(({ durationMs }) => durationMs), 0.001);
  return (
    <ul className="divide-y">
      {traces.map((trace) => (
        <TraceRow key={trace.traceId} trace={trace} longest={longest} />
      ))}
    </ul>
  );
}

function TraceRow({ trace, longest }: { trace: TraceSummary; longest: number }) {
  return (
    <li className="[contain-intrinsic-size:auto_3.5rem] [content-visibility:auto]">
      <Link
        href={`/traces/${trace.traceId}`}
        prefetch={false}
        className={clsx(
          'grid gap-x-4 gap-y-0.5 px-3 py-1.5 text-sm hover:bg-sunken',
          'sm:grid-cols-[1fr_10rem_9rem]',
        )}
      >
        <span className="min-w-0">
          <span className="flex items-baseline gap-2">
            <span className="truncate font-medium">
              {trace.rootService ?? 'root not received'}
              <span className="font-normal"> {trace.rootOperation}</span>
            </span>
            <code className="font-mono text-xs text-faint">{trace.traceId.slice(0, 8)}</code>
          </span>
          <Services trace={trace} />
        </span>
        <span className="self-center">
          <span className="flex justify-between gap-2">
            <span>{formatMs(trace.durationMs)}</span>
            <span className="text-xs text-muted">{trace.spanCount} spans</span>
          </span>
          <span className="block h-1 bg-sunken">
            <span
              className="block h-1"
              style={{
                width: `${Math.max(0.5, (trace.durationMs / longest) * 100)}%`,
                background: trace.errorCount > 0 ? 'var(--bad)' : 'var(--series-1)',
              }}
            />
          </span>
        </span>
        <span
          className={clsx(
            'flex items-center justify-between gap-2 text-xs text-muted sm:block',
            'sm:text-right',
          )}
        >
          <span className="block">{formatDateTime(trace.startMs)}</span>
          {trace.sampleRate > 1 ? (
            <span className="block">stands for {formatNumber(trace.sampleRate)}</span>
          ) : null}
        </span>
      </Link>
    </li>
  );
}

function Services({ trace }: { trace: TraceSummary }) {
  return (
    <span className="flex flex-wrap items-center gap-x-3 text-xs text-muted">
      {trace.errorCount > 0 ? (
        <span className="inline-flex items-center gap-1 text-bad">
          <CircleX size={12} aria-hidden /> {trace.errorCount}{' '}
          {trace.errorCount === 1 ? 'error' : 'errors'}
        </span>
      ) : null}
      {trace.services.slice(0, 6).map(({ service, spans, errors }) => (
        <span key={service} className={errors > 0 ? 'text-bad' : undefined}>
          {service} {spans}
        </span>
      ))}
      {trace.services.length > 6 ? <span>and {trace.services.length - 6} more</span> : null}
    </span>
  );
}
