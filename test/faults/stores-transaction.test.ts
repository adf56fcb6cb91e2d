import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTransaction, postgresPool } from '@flyball/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';

/** A server that drops a connection in the middle of a transaction fails that one, nobody else. */
let directory: string;
let server: RunningPostgres;
let pool: ReturnType<typeof postgresPool>;

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startPostgres(directory);
  const file = join(directory, 'postgres', 'connection.json');
  pool = postgresPool((JSON.parse(readFileSync(file, 'utf8')) as { url: string }).url);
});

afterAll(async () => {
  await pool?.end();
  await server?.program.stop();
  removeDirectory(directory);
});

/** Ends the connection of `pid` and waits until the server has forgotten it. */
async function terminate(pid: number): Promise<void> {
  await pool.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
}

test('dropped between two statements: the transaction rejects, the pool goes on', async () => {
  const doomed = inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await terminate(rows[0]?.pid ?? 0);
    await client.query('SELECT 1');
  });
  await expect(doomed).rejects.toThrow(/terminat/i);
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('dropped within a statement: the same', async () => {
  const doomed = inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const slow = client.query('SELECT pg_sleep(10)');
    await Promise.all([slow, terminate(rows[0]?.pid ?? 0)]);
  });
  await expect(doomed).rejects.toThrow(/terminat/i);
  expect(await inTransaction(pool, async () => 'goes on')).toBe('goes on');
});

test('a statement that fails leaves a connection that serves on', async () => {
  const doomed = inTransaction(pool, (client) => client.query('SELECT 1 / 0'));
  await expect(doomed).rejects.toThrow('division by zero');
  expect(await inTransaction(pool, async () => 'goes on')).toBe('goes on');
});
