import type { Knob } from '@flyball/contract';
import { inTransaction } from '@flyball/store';
import type pg from 'pg';
import type { Lease } from '../leadership/lease.ts';
import { type Change, Refusal } from './actuator.port.ts';

export interface Desired {
  readonly version: number;
  readonly value: Knob;
  readonly setBy: string;
  readonly setAtMs: number;
  readonly lifetimeMs: number | null;
}

interface Row {
  readonly service: string;
  readonly loop: string;
  readonly version: string;
  readonly value: Knob;
  readonly set_by: string;
  readonly set_at_ms: string;
  readonly lifetime_ms: string | null;
}

const COLUMNS = `service, loop, version, value, set_by, lifetime_ms,
  floor(extract(epoch FROM set_at) * 1000)::bigint AS set_at_ms`;

/** Targets of all services, as the cycle reads them. */
export interface DesiredTargets {
  all(): Promise<Map<string, Desired[]>>;
}

/** What knobs should be: one versioned, fenced row per service and loop. */
export class DesiredState implements DesiredTargets {
  constructor(
    private readonly pool: pg.Pool,
    private readonly lease: Lease,
  ) {}

  async read(service: string, loop: string): Promise<Desired | null> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${COLUMNS} FROM desired_state WHERE service = $1 AND loop = $2`,
      [service, loop],
    );
    return rows[0] === undefined ? null : desired(rows[0]);
  }

  async all(): Promise<Map<string, Desired[]>> {
    const { rows } = await this.pool.query<Row>(`SELECT ${COLUMNS} FROM desired_state`);
    const grouped = Map.groupBy(rows, (row) => row.service);
    return new Map([...grouped].map(([service, own]) => [service, own.map(desired)]));
  }

  /** By loop name. */
  async ofService(service: string): Promise<Map<string, Desired>> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${COLUMNS} FROM desired_state WHERE service = $1`,
      [service],
    );
    return new Map(rows.map((row) => [row.loop, desired(row)]));
  }

  /** One compare-and-set under the lease; repeated with the same key it changes nothing. */
  async write(
    service: string,
    loop: string,
    change: Change,
    { fence, lifetimeMs }: { fence: number; lifetimeMs: number },
  ): Promise<Desired> {
    return inTransaction(this.pool, async (client) => {
      if (!(await this.lease.heldIn(client, fence))) {
        throw new Refusal('not-leader', 'the lease has gone to another controller');
      }
      const setBy = `${change.by} ${change.idempotencyKey}`;
      const found = await client.query<Row>(
        `SELECT ${COLUMNS} FROM desired_state WHERE service = $1 AND loop = $2 FOR UPDATE`,
        [service, loop],
      );
      const now = found.rows[0] === undefined ? null : desired(found.rows[0]);
      if (now?.setBy.endsWith(` ${change.idempotencyKey}`)) return now;
      const version = now?.version ?? 0;
      if (String(version) !== change.expectedVersion) {
        throw new Refusal('version-moved', `the target is at version ${version} by now`);
      }
      const { rows } = await client.query<Row>(
        `INSERT INTO desired_state AS old
           (service, loop, version, value, fence, set_by, lifetime_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (service, loop) DO UPDATE SET version = $3, value = $4, fence = $5,
           set_by = $6, set_at = now(), lifetime_ms = $7
         WHERE old.fence <= $5 AND old.version = $3 - 1
         RETURNING ${COLUMNS}`,
        [service, loop, version + 1, JSON.stringify(change.value), fence, setBy, lifetimeMs],
      );
      if (rows[0] === undefined) {
        throw new Refusal('stale-fence', `fence ${fence} is older than the target's`);
      }
      return desired(rows[0]);
    });
  }
}

function desired(row: Row): Desired {
  return {
    version: Number(row.version),
    value: row.value,
    setBy: row.set_by,
    setAtMs: Number(row.set_at_ms),
    lifetimeMs: row.lifetime_ms === null ? null : Number(row.lifetime_ms),
  };
}
