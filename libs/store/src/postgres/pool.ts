import pg from 'pg';

export interface PostgresOptions {
  readonly maxConnections?: number;
  readonly application?: string;
}

/** A pool whose waits all end: connecting after 5 s, statements after 15 s, locks after 10 s. */
export function postgresPool(url: string, options: PostgresOptions = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 15_000,
    lock_timeout: 10_000,
    // The server's own limits say nothing when it is frozen or cut off.
    query_timeout: 20_000,
    keepAlive: true,
    idle_in_transaction_session_timeout: 30_000,
    application_name: options.application ?? 'flyball',
  });
  // An idle connection that the server drops must not end the process: the next query reconnects.
  pool.on('error', () => {});
  return pool;
}

export type Queryable = Pick<pg.Pool, 'query'>;

/** Runs `work` in one transaction; rolls back and throws on again when it throws. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let lost: Error | undefined;
  let broken: Error | undefined;
  // A client that is lent out is ours alone: when the server drops it, its error must be heard
  // here, or it ends the process.
  const hear = (error: Error) => {
    lost ??= error;
  };
  client.on('error', hear);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    // Why the connection went says more than that it cannot be used any more.
    throw lost ?? error;
  } finally {
    client.off('error', hear);
    // A connection that cannot roll back is not given to the next caller.
    client.release(lost ?? broken);
  }
}
