'use client';

import type { Proposal } from '@flyball/contract';
import clsx from 'clsx';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { formatKnob, formatNumber, formatRatio } from '../../lib/format.ts';
import { loopHref } from '../../lib/loop-words.ts';
import { Guards } from '../loops/guards.tsx';
import { Age } from '../ui/age.tsx';
import { EvidenceTable, TraceLinks } from '../ui/evidence-table.tsx';
import { Arrow } from '../ui/glyphs.tsx';
import { Decision } from './decision.tsx';
import { Expiry } from './expiry.tsx';
import { Votes } from './votes.tsx';

/** All an approver must see, on one card, before the buttons. */
export function ProposalCard({ proposal, gone }: { proposal: Proposal; gone: boolean }) {
  return (
    <article
      aria-label={proposal.title}
      data-proposal={proposal.id}
      className={clsx('rounded-md border bg-surface', gone && 'opacity-80')}
    >
      <header
        className={clsx(
          'flex flex-wrap items-start justify-between gap-x-6 gap-y-2 border-b px-4',
          'py-3',
        )}
      >
        <div className="min-w-0">
          <h2 className="text-lg font-semibold">{proposal.title}</h2>
          <p className="mt-0.5 text-sm">
            <Change proposal={proposal} />
          </p>
        </div>
        <div className="text-sm sm:text-right">
          <Expiry proposal={proposal} gone={gone} />
          <div className="text-xs text-muted">
            proposed <Age atMs={proposal.createdAtMs} />
          </div>
        </div>
      </header>
      <div className="grid gap-x-8 gap-y-4 px-4 py-3 lg:grid-cols-2">
        <Part title="Why now" wide>
          <p>{proposal.why}</p>
          <Terms terms={proposal.terms} />
        </Part>
        <Part title="Evidence, as it was when this was proposed" wide>
          <EvidenceTable evidence={proposal.evidence} />
        </Part>
        <Part title="What should happen">
          <p>{proposal.prediction.text}</p>
          <p className="text-sm text-muted">{trackRecord(proposal)}</p>
        </Part>
        <Part title="If nobody acts">
          <p>{proposal.ifNothing}</p>
        </Part>
        <BlastRadius proposal={proposal} />
        <Part title="Undo">
          <p>{proposal.undo}</p>
        </Part>
        <Part title="Guards">
          <Guards guards={proposal.guards} />
        </Part>
        <Alternatives proposal={proposal} />
        <Part title="Who" wide>
          <Votes proposal={proposal} />
          <Trail proposal={proposal} />
        </Part>
      </div>
      <Decision proposal={proposal} gone={gone} />
    </article>
  );
}

function Part({ title, wide, children }: { title: string; wide?: boolean; children: ReactNode }) {
  return (
    <section className={clsx('min-w-0', wide && 'lg:col-span-2')}>
      <h3 className="label-caps mb-1">{title}</h3>
      {children}
    </section>
  );
}

/** Before and after with units; of weights only those that change. */
export function Change({ proposal }: { proposal: Pick<Proposal, 'before' | 'after' | 'unit'> }) {
  const { before, after, unit } = proposal;
  if (typeof before === 'number' || typeof after === 'number') {
    return (
      <span className="font-medium">
        {formatKnob(before, unit)} <Arrow /> {formatKnob(after, unit)}
      </span>
    );
  }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => before[name] !== after[name]);
  return (
    <span className="flex flex-wrap gap-x-4">
      {changed.map((name) => (
        <span key={name}>
          <span className="text-muted">{name}</span>{' '}
          <span className="font-medium">
            {formatNumber(before[name] ?? null)} <Arrow /> {formatNumber(after[name] ?? null)}
          </span>
        </span>
      ))}
      <span className="text-muted">
        {unit}; {names.length - changed.length} unchanged
      </span>
    </span>
  );
}

function Terms({ terms }: { terms: Record<string, number> }) {
  const entries = Object.entries(terms);
  if (entries.length === 0) return null;
  return (
    <p className="mt-1 text-sm text-muted">
      Terms of the law:{' '}
      {entries.map(([name, value]) => `${name} ${formatNumber(value)}`).join(', ')}
    </p>
  );
}

function trackRecord({ prediction }: Proposal): string {
  const { met, judged } = prediction.trackRecord;
  if (judged === 0) return 'No prediction of this loop has been judged yet.';
  return `${met} of ${judged} earlier predictions of this loop came true.`;
}

function BlastRadius({ proposal }: { proposal: Proposal }) {
  const { text, trafficShare, dependants, large } = proposal.blastRadius;
  return (
    <Part title={large ? 'Blast radius: large' : 'Blast radius'}>
      <p>{text}</p>
      <p className="text-sm text-muted">
        {trafficShare === null
          ? 'Share of traffic unknown'
          : `${formatRatio(trafficShare)} of traffic`}
        {dependants.length === 0 ? '; nothing depends on it' : `; used by ${dependants.join(', ')}`}
      </p>
    </Part>
  );
}

function Alternatives({ proposal }: { proposal: Proposal }) {
  return (
    <Part title="Alternatives">
      <ul className="list-disc space-y-0.5 pl-4">
        {proposal.alternatives.map((alternative) => (
          <li key={alternative}>{alternative}</li>
        ))}
      </ul>
    </Part>
  );
}

function Trail({ proposal }: { proposal: Proposal }) {
  return (
    <p className="mt-1 flex flex-wrap gap-x-4 text-sm text-muted">
      <Link className="text-accent hover:underline" href={loopHref(proposal.loopId)}>
        {proposal.loopId}
      </Link>
      <span className="flex gap-1.5">
        cycle <TraceLinks ids={proposal.traceId ? [proposal.traceId] : []} />
      </span>
      <span title={proposal.digest}>
        digest <code className="font-mono text-xs">{proposal.digest.slice(0, 12)}</code>
      </span>
      <span>
        holds for target version {proposal.preconditions.targetVersion}
        {proposal.preconditions.mode ? `, mode ${proposal.preconditions.mode}` : ''}
      </span>
      <Link className="text-accent hover:underline" href="/actions?tab=audit">
        audit
      </Link>
    </p>
  );
}
