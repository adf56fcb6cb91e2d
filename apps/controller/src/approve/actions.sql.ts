import type { Queryable } from '@flyball/store';
import type { ProposalContent } from './content.ts';

/** One action per proposal, for ever: its id follows from the proposal's. */
export function actionIdOf(proposalId: string): string {
  return `act-${proposalId}`;
}

/** In the transaction that approves: an approval without its action cannot exist. */
export async function insertAction(
  client: Queryable,
  content: ProposalContent,
  approvedBy: string,
): Promise<void> {
  await client.query(
    `INSERT INTO action (id, proposal_id, loop_id, service, before, after, approved_by, trace_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      actionIdOf(content.id),
      content.id,
      content.loopId,
      content.service,
      JSON.stringify(content.before),
      JSON.stringify(content.after),
      approvedBy,
      content.traceId,
    ],
  );
}
