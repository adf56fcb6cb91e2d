'use client';

import type { Proposal } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { formatActor, formatDateTime } from '../../lib/format.ts';
import { proposalsQuery } from '../../lib/queries.ts';
import { Empty, Loaded } from '../ui/states.tsx';
import { ProposalCard } from './proposal-card.tsx';

type Props = { service: string; wanted: string | null };

/** Proposals that no longer wait; each opens to the card its approver saw. */
export function DecidedProposals({ service, wanted }: Props) {
  const query = useQuery(proposalsQuery(null));
  return (
    <div className="rounded-md border bg-surface">
      <Loaded query={query}>
        {({ proposals }) => {
          const shown = proposals.filter(
            (each) => each.state !== 'pending' && (service === '' || each.service === service),
          );
          if (shown.length === 0) {
            return <Empty title="No proposal has been decided yet">They are listed here.</Empty>;
          }
          return (
            <ul className="divide-y text-sm">
              {shown.map((proposal) => (
                <li key={proposal.id}>
                  <Decided proposal={proposal} open={proposal.id === wanted} />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </div>
  );
}

function Decided({ proposal, open }: { proposal: Proposal; open: boolean }) {
  const comment = proposal.votes.findLast((vote) => vote.comment !== '')?.comment;
  return (
    <details open={open}>
      <summary
        className={clsx(
          'grid list-none gap-x-5 gap-y-0.5 px-3 py-2 hover:bg-sunken',
          'lg:grid-cols-[8.5rem_1.3fr_1fr_1.2fr]',
        )}
      >
        <span className="text-muted">{formatDateTime(proposal.createdAtMs)}</span>
        <span className="font-medium">{proposal.title}</span>
        <span>
          {proposal.state}
          {proposal.decidedBy ? ` by ${formatActor(proposal.decidedBy)}` : ''}
        </span>
        <span className="text-muted">{comment ?? ''}</span>
      </summary>
      <div className="border-t bg-bg p-3">
        <ProposalCard proposal={proposal} gone={false} />
      </div>
    </details>
  );
}
