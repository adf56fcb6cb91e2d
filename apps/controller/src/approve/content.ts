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

/**
 * A step of a loop that steers all the time on the policy's word: told by its samples and its
 * action, and left out of the audit, which would drown in thousands of them a day.
 */
export function isRoutine(content: ProposalContent, approvedBy: string | null): boolean {
  return approvedBy === 'policy:auto' && content.prediction.withinMs === null;
}
