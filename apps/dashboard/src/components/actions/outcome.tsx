'use client';

import type { Proposal, ProposalConflict } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { formatActor } from '../../lib/format.ts';
import { proposalsQuery } from '../../lib/queries.ts';
import { useServerNow } from '../../lib/server-clock.ts';
import { conflictIn, type useDecision } from '../../lib/use-decision.ts';
import { Age } from '../ui/age.tsx';
import { Failure } from '../ui/states.tsx';

type Props = { proposal: Proposal; gone: boolean; decision: ReturnType<typeof useDecision> };

/** What became of the proposal, or of one's own attempt to decide it. */
export function Outcome({ proposal, gone, decision }: Props) {
  const conflict = conflictIn(decision.error);
  if (conflict) return <Lost proposal={proposal} conflict={conflict} />;
  if (decision.data) return <Decided proposal={decision.data} mine />;
  return (
    <>
      {decision.isError ? <Failure error={decision.error} /> : null}
      {gone ? <BySomebodyElse id={proposal.id} /> : <Lapsed proposal={proposal} />}
    </>
  );
}

/** Time ran out on the card, although the server has not said so yet. */
function Lapsed({ proposal }: { proposal: Proposal }) {
  const over = proposal.expiresAtMs <= useServerNow();
  if (proposal.state !== 'pending') return <Decided proposal={proposal} mine={false} />;
  if (!over) return null;
  return (
    <p role="status" className="text-sm">
      <strong>Expired.</strong> {afterwards.expired} The loop proposes again while its reason holds.
    </p>
  );
}

function Lost({ proposal, conflict }: { proposal: Proposal; conflict: ProposalConflict }) {
  if (conflict.state === 'pending' && conflict.digest !== proposal.digest) {
    return (
      <p role="alert" className="text-sm">
        <strong>The proposal changed while you read it.</strong> Nothing was decided; read it again.
      </p>
    );
  }
  return (
    <p role="alert" className="text-sm">
      <strong>Too late:</strong> {conflict.state}
      {conflict.decidedBy ? ` by ${formatActor(conflict.decidedBy)}` : ''}
      {conflict.decidedAtMs === null ? '' : <> </>}
      {conflict.decidedAtMs === null ? null : <Age atMs={conflict.decidedAtMs} />}. Your decision
      changed nothing.
    </p>
  );
}

function BySomebodyElse({ id }: { id: string }) {
  const all = useQuery(proposalsQuery(null)).data?.proposals;
  const now = all?.find((each) => each.id === id);
  return now ? (
    <Decided proposal={now} mine={false} />
  ) : (
    <p role="status" className="text-sm">
      This proposal no longer waits.
    </p>
  );
}

const afterwards: Record<Proposal['state'], string> = {
  pending: 'Your vote counts; it still waits for others.',
  approved: 'The action is queued; its result appears under "Carried out".',
  rejected: 'Nothing is done.',
  expired: 'Nobody decided in time; nothing is done.',
  withdrawn: 'Its reason vanished; nothing is done.',
  superseded: 'A newer proposal took its place.',
};

function Decided({ proposal, mine }: { proposal: Proposal; mine: boolean }) {
  return (
    <p role="status" className="text-sm">
      <strong className="capitalize">{proposal.state}</strong>
      {proposal.decidedBy ? ` by ${mine ? 'you' : formatActor(proposal.decidedBy)}` : ''}
      {proposal.decidedAtMs === null ? null : (
        <>
          {' '}
          <Age atMs={proposal.decidedAtMs} />
        </>
      )}
      . {afterwards[proposal.state]}{' '}
      {proposal.state === 'approved' ? (
        <Link className="text-accent underline" href="/actions?tab=actions">
          See what is carried out
        </Link>
      ) : null}
    </p>
  );
}
