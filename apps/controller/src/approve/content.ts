import type { Proposal } from '@flyball/contract';
import { digestOf } from './digest.ts';

/** What is decided on: everything of a proposal that never changes. */
export type ProposalContent = Omit<
  Proposal,
  'digest' | 'votes' | 'state' | 'decidedBy' | 'decidedAtMs' | 'actionId'
>;

export function digestOfContent(content: ProposalContent): string {
  return digestOf(content);
}
