'use client';

import type { TraceDetail } from '@flyball/contract';
import { TriangleAlert } from 'lucide-react';
import { formatCount, formatDateTime, formatNumber } from '../../lib/format.ts';
import { CopyText } from '../ui/copy-text.tsx';

export function TraceFacts({ detail }: { detail: TraceDetail }) {
  const startMs = Number(BigInt(detail.startNs) / 1_000_000n);
  const cut = detail.totalSpans - detail.spans.length;
  const errors = detail.spans.filter(({ status }) => status === 'Error').length;
  return (
    <div className="mb-3 space-y-2 text-sm">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="text-muted">{formatDateTime(startMs)}</span>
        <span>{formatCount(detail.totalSpans, 'span')}</span>
        <span>{formatCount(detail.services.length, 'service')}</span>
        {errors > 0 ? (
          <span className="text-bad">{errors} with errors</span>
        ) : (
          <span>no error</span>
        )}
        {detail.errorOrigin ? (
          <span>
            error begins in <strong>{detail.errorOrigin.service}</strong>
          </span>
        ) : null}
        {detail.sampleRate > 1 ? (
          <span title="1 / inclusion probability">
            stands for {formatNumber(detail.sampleRate)} traces
          </span>
        ) : null}
        <span className="flex items-center gap-2">
          <code className="font-mono text-xs break-all text-muted">{detail.traceId}</code>
          <CopyText text={detail.traceId} label="Copy id" />
        </span>
      </div>
      <Warnings
        warnings={[
          ...detail.criticalPath.warnings,
          ...(cut > 0 ? [`${formatCount(cut, 'span')} more are stored than are shown here.`] : []),
        ]}
      />
    </div>
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul className="rounded-md border bg-warn-soft px-3 py-1.5">
      {warnings.map((warning) => (
        <li key={warning} className="flex items-start gap-2">
          <TriangleAlert size={13} aria-hidden className="mt-1 shrink-0 text-warn" />
          {warning}
        </li>
      ))}
    </ul>
  );
}
