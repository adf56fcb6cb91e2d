import { inTransaction, type Queryable } from '@flyball/store';
import type pg from 'pg';
import type { KeptLoop, KeptMode, Memory } from './memory.port.ts';

interface Table {
  readonly table: 'loop_state' | 'mode_state';
  readonly key: 'loop_id' | 'service';
}

const LOOPS: Table = { table: 'loop_state', key: 'loop_id' };
const MODES: Table = { table: 'mode_state', key: 'service' };

export class PostgresMemory implements Memory {
  constructor(private readonly pool: pg.Pool) {}

  async load(): Promise<{ loops: Map<string, KeptLoop>; modes: Map<string, KeptMode> }> {
    const [loops, modes] = await Promise.all([
      readAll<KeptLoop>(this.pool, LOOPS),
      readAll<KeptMode>(this.pool, MODES),
    ]);
    return { loops, modes };
  }

  async save(
    fence: number,
    loops: ReadonlyMap<string, KeptLoop>,
    modes: ReadonlyMap<string, KeptMode>,
  ): Promise<boolean> {
    return inTransaction(this.pool, async (client) => {
      const kept = [
        await writeAll(client, LOOPS, loops, fence),
        await writeAll(client, MODES, modes, fence),
      ];
      return kept.every((complete) => complete);
    });
  }
}

async function readAll<T>(db: Queryable, { table, key }: Table): Promise<Map<string, T>> {
  const { rows } = await db.query<{ id: string; state: T }>(
    `SELECT ${key} AS id, state FROM ${table}`,
  );
  return new Map(rows.map(({ id, state }) => [id, state]));
}

/** One statement for all rows; false when a newer fence stands on any of them. */
async function writeAll<T>(
  db: Queryable,
  { table, key }: Table,
  rows: ReadonlyMap<string, T>,
  fence: number,
): Promise<boolean> {
  if (rows.size === 0) return true;
  const { rowCount } = await db.query(
    `INSERT INTO ${table} AS old (${key}, state, fence)
     SELECT id, state, $3 FROM unnest($1::text[], $2::jsonb[]) AS given (id, state)
     ON CONFLICT (${key}) DO UPDATE SET state = EXCLUDED.state, fence = $3, updated_at = now()
     WHERE old.fence <= $3`,
    [[...rows.keys()], [...rows.values()].map((row) => JSON.stringify(row)), fence],
  );
  return rowCount === rows.size;
}
