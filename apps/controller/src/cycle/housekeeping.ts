import type { Queryable } from '@flyball/store';

/** What is over and of no use to anybody any more; one statement each, bounded in rows. */
const STATEMENTS: readonly string[] = [
  `DELETE FROM idempotency WHERE ctid IN (SELECT ctid FROM idempotency
     WHERE created_at < now() - interval '1 day' LIMIT 5000)`,
  `DELETE FROM override WHERE expires_at < now()`,
  `DELETE FROM guard_report WHERE received_at < now() - interval '1 day'`,
  // Steps of loops that steer all the time are many and short of interest; decisions and what was
  // judged are kept.
  `DELETE FROM action WHERE ctid IN (SELECT ctid FROM action
     WHERE approved_by LIKE 'policy:%' AND finished_at < now() - interval '2 days'
       AND (state <> 'succeeded' OR verification->>'state' = 'not-judged') LIMIT 5000)`,
  `DELETE FROM proposal WHERE ctid IN (SELECT ctid FROM proposal
     WHERE decided_by LIKE 'policy:%' AND decided_at < now() - interval '2 days'
       AND NOT EXISTS (SELECT 1 FROM action WHERE action.proposal_id = proposal.id) LIMIT 5000)`,
];

export async function keepHouse(db: Queryable): Promise<void> {
  for (const statement of STATEMENTS) await db.query(statement);
}
