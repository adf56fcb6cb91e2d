'use client';

import type { Proposal } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { proposalsQuery } from '../../lib/queries.ts';
import { Empty, Loaded, Skeleton } from '../ui/states.tsx';
import { ProposalCard } from './proposal-card.tsx';

type Props = { service: string; wanted: string | null };

export function Pending({ service, wanted }: Props) {
  const query = useQuery(proposalsQuery('pending'));
  return (
    <Loaded query={query} skeleton={<Skeleton className="h-96" />}>
      {({ proposals }) => <Cards proposals={proposals} service={service} wanted={wanted} />}
    </Loaded>
  );
}

function Cards({ proposals, service, wanted }: Props & { proposals: readonly Proposal[] }) {
  const fit = useMemo(
    () => proposals.filter((proposal) => service === '' || proposal.service === service),
    [proposals, service],
  );
  const shown = useLingering(fit, wanted);
  if (shown.length === 0) {
    return (
      <div className="rounded-md border bg-surface">
        <Empty title="Nothing waits for a decision">
          Loops whose autonomy is <code>ask</code> propose here and wait; the page shows a proposal
          as soon as it is made.{' '}
          {wanted ? 'The one you came for has been decided or has expired.' : ''}
        </Empty>
      </div>
    );
  }
  return (
    <div className="space-y-4">
      {shown.map(({ proposal, gone }) => (
        <ProposalCard key={proposal.id} proposal={proposal} gone={gone} />
      ))}
    </div>
  );
}

/**
 * A card stays where it is until the page is left, also when somebody else has decided it: what
 * one is about to click must not slide away, and what became of it must be readable.
 */
function useLingering(proposals: readonly Proposal[], wanted: string | null) {
  const seen = useRef(new Map<string, Proposal>());
  const present = new Set(proposals.map(({ id }) => id));
  const added = proposals.filter(({ id }) => !seen.current.has(id));
  for (const proposal of proposals) seen.current.set(proposal.id, proposal);
  if (added.length > 0) {
    const first = (id: string) => (id === wanted ? 0 : 1);
    seen.current = new Map(
      [...seen.current].sort(
        ([a, left], [b, right]) =>
          first(a) - first(b) || left.createdAtMs - right.createdAtMs || (a < b ? -1 : 1),
      ),
    );
  }
  return [...seen.current.values()].map((proposal) => ({
    proposal,
    gone: !present.has(proposal.id),
  }));
}
