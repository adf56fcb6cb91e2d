'use client';

import {
  type Proposal,
  type ProposalConflict,
  proposal,
  proposalConflict,
} from '@flyball/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiFailure, mutateJson, newIdempotencyKey } from './api.ts';
import { useAccess } from './use-session.ts';

export type Verdict = 'approve' | 'reject';
type Decided = { verdict: Verdict; comment: string };

/** A decision sent at most once however often the button or the network repeats it. */
export function useDecision(of: Proposal) {
  const { csrfToken } = useAccess();
  const client = useQueryClient();
  const keys = useRef(new Map<string, string>());
  return useMutation({
    mutationFn: ({ verdict, comment }: Decided): Promise<Proposal> => {
      const body = { digest: of.digest, comment };
      const what = JSON.stringify([verdict, body]);
      // The same decision again carries the same key, and gets the same answer.
      const idempotencyKey = keys.current.get(what) ?? newIdempotencyKey();
      keys.current.set(what, idempotencyKey);
      return mutateJson(
        {
          method: 'POST',
          path: `/api/proposals/${encodeURIComponent(of.id)}/${verdict}`,
          csrfToken,
          body,
          idempotencyKey,
        },
        proposal,
      );
    },
    onSettled: () => {
      for (const family of ['proposals', 'actions', 'overview', 'loops', 'audit']) {
        void client.invalidateQueries({ queryKey: [family] });
      }
    },
  });
}

/** Who won, when the answer is that somebody else did. */
export function conflictIn(error: unknown): ProposalConflict | null {
  if (!(error instanceof ApiFailure) || error.status !== 409) return null;
  const parsed = proposalConflict.safeParse(error.details);
  return parsed.success ? parsed.data : null;
}
