'use client';

import type { Proposal } from '@flyball/contract';
import { Check, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { formatActor } from '../../lib/format.ts';
import { useServerNow } from '../../lib/server-clock.ts';
import { useDecision, type Verdict } from '../../lib/use-decision.ts';
import { useAccess } from '../../lib/use-session.ts';
import { useSettled } from '../../lib/use-settled.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { MoreAutonomy } from './more-autonomy.tsx';
import { Outcome } from './outcome.tsx';
import { TypeToConfirm } from './type-to-confirm.tsx';

type Props = { proposal: Proposal; gone: boolean };

export function Decision({ proposal, gone }: Props) {
  const bar = useRef<HTMLDivElement>(null);
  const settled = useSettled(bar);
  const access = useAccess();
  const nowMs = useServerNow();
  const [comment, setComment] = useState('');
  const [confirming, setConfirming] = useState(false);
  const decision = useDecision(proposal);
  const voted = proposal.votes.some(({ by }) => formatActor(by) === access.user?.username);
  const over = gone || proposal.state !== 'pending' || proposal.expiresAtMs <= nowMs;
  const asleep = !settled || decision.isPending;
  const decide = (verdict: Verdict) => {
    if (asleep || over) return;
    if (verdict === 'approve' && proposal.blastRadius.large && !confirming) setConfirming(true);
    else decision.mutate({ verdict, comment });
  };
  return (
    <div ref={bar} className="border-t bg-bg/60 px-4 py-3">
      <Outcome proposal={proposal} gone={gone} decision={decision} />
      {over || voted || decision.isSuccess ? null : (
        <div className="flex flex-wrap items-end gap-2">
          <Field
            className="min-w-48 flex-1"
            label="Comment (kept in the audit)"
            maxLength={2000}
            disabled={!access.mayAct}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
          />
          <Button disabled={!access.mayAct || asleep} onClick={() => decide('reject')}>
            <X size={15} aria-hidden /> Reject
          </Button>
          <Button
            look="primary"
            disabled={!access.mayAct || asleep}
            onClick={() => decide('approve')}
          >
            <Check size={15} aria-hidden /> Approve{proposal.blastRadius.large ? '…' : ''}
          </Button>
          <MoreAutonomy loopId={proposal.loopId} />
        </div>
      )}
      {access.mayAct ? null : <p className="mt-2 text-sm text-muted">{access.whyNot}</p>}
      {confirming ? (
        <TypeToConfirm
          proposal={proposal}
          onClose={() => setConfirming(false)}
          onConfirm={() => {
            setConfirming(false);
            decision.mutate({ verdict: 'approve', comment });
          }}
        />
      ) : null}
    </div>
  );
}
