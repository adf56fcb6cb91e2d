import type { Proposal } from '@flyball/contract';
import { formatActor } from '../../lib/format.ts';
import { Age } from '../ui/age.tsx';

/** Who proposed, who voted, and how many votes it takes. */
export function Votes({ proposal }: { proposal: Proposal }) {
  const { proposedBy, votes, quorum } = proposal;
  const approvals = votes.filter(({ verdict }) => verdict === 'approve').length;
  return (
    <div className="text-sm">
      <p>
        Proposed by {formatActor(proposedBy)}. Needs {quorum}{' '}
        {quorum === 1 ? 'approval' : 'approvals'}
        {quorum > 1 ? `, has ${approvals}` : ''}; one rejection ends it.
      </p>
      {votes.length === 0 ? null : (
        <ul className="mt-1">
          {votes.map((vote) => (
            <li key={`${vote.by} ${vote.atMs}`}>
              <span className="font-medium">{formatActor(vote.by)}</span>{' '}
              {vote.verdict === 'approve' ? 'approved' : 'rejected'}{' '}
              <span className="text-muted">
                <Age atMs={vote.atMs} />
              </span>
              {vote.comment ? `: ${vote.comment}` : ''}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
