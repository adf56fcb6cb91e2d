import { migratePostgres, postgresPool } from '@flyball/store';
import type { Leases } from './lease.port.ts';

/** Rows of collectors that have been gone for long; their generations may begin anew. */
const FORGET_AFTER = "interval '30 days'";

/**
 * Leases in PostgreSQL, on the database's clock: collectors need not agree on the time.
 *
 * @param timeoutMs each call ends within it
 */
export function postgresLeases(url: string, timeoutMs: number): Leases {
  const pool = postgresPool(url, { maxConnections: 2, application: 'flyball-collector' });
  const within = async <T>(work: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new Error(`PostgreSQL did not answer within ${timeoutMs} ms`));
      timer = setTimeout(fail, timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      // What comes after the time-out is of no interest, a failure neither.
      work.catch(() => {});
    }
  };
  const query = <Row extends object>(text: string, values: unknown[] = []) =>
    within(pool.query<Row>(text, values));
  let migrated = false;
  return {
    async join(address, leaseMs) {
      if (!migrated) await within(migratePostgres(pool));
      migrated = true;
      await query(`DELETE FROM collector_member WHERE expires_at < now() - ${FORGET_AFTER}`);
      const { rows } = await query<{ generation: string }>(
        `INSERT INTO collector_member AS known (address, generation, expires_at)
         VALUES ($1, 1, now() + $2 * interval '1 millisecond')
         ON CONFLICT (address) DO UPDATE SET
           generation = known.generation + 1, joined_at = now(), expires_at = excluded.expires_at
         RETURNING generation`,
        [address, leaseMs],
      );
      return Number(rows[0]?.generation);
    },
    async renew({ address, generation }, leaseMs) {
      const { rows } = await query<{ generation: string }>(
        `UPDATE collector_member SET expires_at =
           CASE WHEN generation = $2 THEN now() + $3 * interval '1 millisecond' ELSE expires_at END
         WHERE address = $1 RETURNING generation`,
        [address, generation, leaseMs],
      );
      if (rows[0] === undefined) return 'missing';
      return Number(rows[0].generation) === generation ? 'renewed' : 'lost';
    },
    async list() {
      const { rows } = await query<{ address: string; generation: string }>(
        `SELECT address, generation FROM collector_member
         WHERE expires_at > now() ORDER BY address LIMIT 1000`,
      );
      return rows.map((row) => ({ address: row.address, generation: Number(row.generation) }));
    },
    async leave({ address, generation }) {
      await query(
        'UPDATE collector_member SET expires_at = now() WHERE address = $1 AND generation = $2',
        [address, generation],
      );
    },
    close: () => within(pool.end()),
  };
}
