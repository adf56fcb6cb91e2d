'use client';

import type { Proposal } from '@flyball/contract';
import clsx from 'clsx';
import { formatCountdown } from '../../lib/format.ts';
import { useServerNow } from '../../lib/server-clock.ts';

const soonMs = 60_000;

/** Counted by the server's clock; a time-out never approves. */
export function Expiry({ proposal, gone }: { proposal: Proposal; gone: boolean }) {
  const leftMs = proposal.expiresAtMs - useServerNow();
  if (proposal.state !== 'pending') return <span className="font-medium">{proposal.state}</span>;
  if (gone) return <span className="font-medium">no longer waits</span>;
  if (leftMs <= 0) return <span className="font-medium">Expired: nothing is done</span>;
  return (
    <span
      role="timer"
      className={clsx('font-medium', leftMs < soonMs && 'rounded bg-bad-soft px-1.5')}
    >
      expires in {formatCountdown(leftMs)}
    </span>
  );
}
