import type { Queryable } from '@flyball/store';

/** How long a queued or running action may rest before it is taken for lost. */
const LOST_MS = 3_000;

/** Actions whose job may have got lost, or whose worker or leader died: to be queued again. */
export async function findLostActions(db: Queryable, fence: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM action
     WHERE (state = 'queued' AND queued_at < now() - $1 * interval '1 millisecond')
        OR (state = 'running' AND (fence < $2 OR started_at < now() - interval '20 seconds'))
     ORDER BY queued_at LIMIT 200`,
    [LOST_MS, fence],
  );
  return rows.map(({ id }) => id);
}
