'use client';

import type { TraceSpan } from '@flyball/contract';
import clsx from 'clsx';
import { X } from 'lucide-react';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { formatNs, formatRatio } from '../../lib/format.ts';
import type { Model } from '../../lib/waterfall/model.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { CopyText } from '../ui/copy-text.tsx';
import { Attributes } from './attributes.tsx';

type Props = {
  model: Model;
  node: number;
  onSelect: (node: number) => void;
  onClose: () => void;
};

/** Everything about one span; beside the waterfall, or below it on a narrow screen. */
export function SpanPanel({ model, node, onSelect, onClose }: Props) {
  const { span, parent } = model.tree.nodes[node]!;
  return (
    <aside
      aria-label="Span details"
      className={clsx(
        'max-h-[85dvh] shrink-0 overflow-y-auto rounded-md border bg-surface text-sm',
        'max-xl:fixed max-xl:inset-x-0 max-xl:bottom-14 max-xl:z-20',
        'max-xl:max-h-[55dvh] max-xl:shadow-pop lg:max-xl:bottom-0 lg:max-xl:left-48',
        'xl:w-96',
      )}
    >
      <header
        className={clsx(
          'sticky top-0 flex items-start justify-between gap-2 border-b bg-surface px-3',
          'py-2',
        )}
      >
        <div className="min-w-0">
          <h2 className="font-semibold break-words">{span.operation}</h2>
          <p className="text-muted">
            {span.service}
            {span.instance ? ` · ${span.instance}` : ''}
          </p>
        </div>
        <IconButton label="Close (Esc)" onClick={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </header>
      <div className="space-y-4 p-3">
        <Timing span={span} rootNs={model.detail.durationNs} />
        {parent === -1 ? null : (
          <Button small onClick={() => onSelect(parent)}>
            Go to its parent
          </Button>
        )}
        <Attributes title="Attributes" values={span.attributes} />
        <Events span={span} />
        <Links span={span} />
        <Attributes title="Resource" values={span.resourceAttributes} closed />
        <Attributes
          title="Identity"
          closed
          values={{
            'span id': span.spanId,
            ...(span.parentSpanId ? { 'parent span id': span.parentSpanId } : {}),
            scope: span.scopeName,
            ...(span.traceState ? { tracestate: span.traceState } : {}),
          }}
        />
        <CopyText text={JSON.stringify(span, null, 2)} label="Copy span as JSON" />
      </div>
    </aside>
  );
}

function Timing({ span, rootNs }: { span: TraceSpan; rootNs: number }) {
  const pathShare = span.onPathNs / Math.max(1, rootNs);
  const facts: [string, ReactNode][] = [
    ['Status', <Status key="status" span={span} />],
    ['Kind', span.kind],
    ['Starts at', `+${formatNs(span.startOffsetNs)}`],
    ['Duration', formatNs(span.durationNs)],
    [
      'On the path',
      span.onPathNs === 0 ? 'no' : `${formatNs(span.onPathNs)}, ${formatRatio(pathShare)} of it`,
    ],
    [
      'Slack',
      span.slackNs === null ? 'unknown' : `${formatNs(span.slackNs)} later would not matter`,
    ],
    ['Drag', span.dragNs === null ? 'unknown' : `at most ${formatNs(span.dragNs)} can be won here`],
  ];
  if (span.shiftNs !== 0) facts.push(['Clock moved', formatNs(span.shiftNs)]);
  return (
    <dl className="grid grid-cols-[6.5rem_1fr] gap-y-1">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Status({ span }: { span: TraceSpan }) {
  if (span.status !== 'Error') return span.status;
  return <span className="font-medium text-bad">Error: {span.statusMessage || 'no message'}</span>;
}

function Events({ span }: { span: TraceSpan }) {
  if (span.events.length === 0) return null;
  return (
    <section>
      <h3 className="label-caps mb-1">Events</h3>
      <ul className="space-y-2">
        {span.events.map((event) => (
          <li
            key={`${event.offsetNs} ${event.name}`}
            className="border-l-2 border-line-strong pl-2"
          >
            <div>
              <span className="font-medium">{event.name}</span>{' '}
              <span className="text-muted">+{formatNs(event.offsetNs)}</span>
            </div>
            <Attributes values={event.attributes} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Links({ span }: { span: TraceSpan }) {
  if (span.links.length === 0) return null;
  return (
    <section>
      <h3 className="label-caps mb-1">Links</h3>
      <ul className="space-y-2">
        {span.links.map((link) => (
          <li key={`${link.traceId} ${link.spanId}`}>
            <Link
              href={`/traces/${link.traceId}?span=${link.spanId}`}
              className="font-mono text-xs text-accent hover:underline"
            >
              {link.traceId.slice(0, 16)}…
            </Link>
            <Attributes values={link.attributes} />
          </li>
        ))}
      </ul>
    </section>
  );
}
