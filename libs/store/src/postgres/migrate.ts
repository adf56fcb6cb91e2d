import type pg from 'pg';
import { POSTGRES_MIGRATIONS } from './migrations.ts';
import { inTransaction } from './pool.ts';

/** Any constant of our own: whoever migrates holds this advisory lock. */
const LOCK = 0x666c79;

/**
 * Brings the schema up to date under an advisory lock and returns the versions applied now.
 * All of them are one transaction: they are there whole or not at all.
 *
 * @throws when PostgreSQL is away, or when the schema is newer than this build knows.
 */
export async function migratePostgres(pool: pg.Pool): Promise<number[]> {
  return inTransaction(pool, async (client) => {
    await client.query('SET LOCAL lock_timeout = 60000');
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(
      `CREATE TABLE IF NOT EXISTS schema_version (
         version int PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())`,
    );
    const known = await client.query<{ version: number }>('SELECT version FROM schema_version');
    const have = new Set(known.rows.map((row) => row.version));
    const newest = Math.max(0, ...have);
    if (newest > POSTGRES_MIGRATIONS.length) {
      throw new Error(
        `the database has schema version ${newest}, this build knows ` +
          `${POSTGRES_MIGRATIONS.length}: start the newer Flyball, or use another database`,
      );
    }
    const applied: number[] = [];
    for (const [index, migration] of POSTGRES_MIGRATIONS.entries()) {
      const version = index + 1;
      if (have.has(version)) continue;
      await client.query(migration.sql);
      await client.query('INSERT INTO schema_version (version, name) VALUES ($1, $2)', [
        version,
        migration.name,
      ]);
      applied.push(version);
    }
    return applied;
  });
}
