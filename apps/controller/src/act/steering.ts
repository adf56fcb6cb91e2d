import type { Queryable } from '@flyball/store';

interface Row {
  readonly loop_id: string;
  readonly age_ms: string;
  readonly steered_ago_ms: string | null;
}

/**
 * How long ago a leader last steered each of the loops, ms, by the database's clock. A loop that
 * nobody ever steered is left out.
 */
export async function steeredAgo(
  db: Queryable,
  loopIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await db.query<Row>(
    `SELECT loop_id, state->>'steeredAgoMs' AS steered_ago_ms,
            greatest(0, floor(extract(epoch FROM now() - updated_at) * 1000))::bigint AS age_ms
     FROM loop_state WHERE loop_id = ANY($1)`,
    [loopIds],
  );
  return new Map(
    rows.flatMap(({ loop_id, age_ms, steered_ago_ms }) =>
      steered_ago_ms === null ? [] : [[loop_id, Number(age_ms) + Number(steered_ago_ms)]],
    ),
  );
}
