import type { Queryable } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Config } from '../config.ts';
import { CONFIG, PG_POOL } from '../platform/tokens.ts';

/** The one lease: who holds it runs the loops. */
const NAME = 'controller';

export interface HeldLease {
  /** Grows with every change of holder; targets refuse an older one. */
  readonly fence: number;
}

export interface LeaseView {
  readonly holder: string;
  readonly fence: number;
  readonly expiresAtMs: number;
}

/**
 * Leadership by a row in PostgreSQL, on the database's clock. What counts is never this
 * process's belief: `heldIn` asks the database at the moment of the deed, so that a leader that
 * was paused past its lease does nothing when it wakes.
 */
@Injectable()
export class Lease {
  #held: HeldLease | null = null;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** What this process last knew. For display and for stopping early, never for safety. */
  current(): HeldLease | null {
    return this.#held;
  }

  /** Takes, renews, or finds the lease taken (null). Throws when the database is away. */
  async renew(): Promise<HeldLease | null> {
    try {
      const { rows } = await this.pool.query<{ fence: string }>(
        `INSERT INTO lease AS held (name, holder, fence, expires_at)
         VALUES ($1, $2, 1, now() + $3 * interval '1 millisecond')
         ON CONFLICT (name) DO UPDATE SET
           fence = CASE WHEN held.holder = $2 AND held.expires_at > now()
                        THEN held.fence ELSE held.fence + 1 END,
           holder = $2,
           expires_at = now() + $3 * interval '1 millisecond'
         WHERE held.holder = $2 OR held.expires_at <= now()
         RETURNING fence`,
        [NAME, this.config.instanceId, this.config.leaseMs],
      );
      const row = rows[0];
      this.#held = row === undefined ? null : { fence: Number(row.fence) };
    } catch (error) {
      this.#held = null;
      throw error;
    }
    return this.#held;
  }

  /** Whether the lease with this fence is in force now; keeps it so until the transaction ends. */
  async heldIn(client: Queryable, fence: number): Promise<boolean> {
    const { rows } = await client.query(
      `SELECT 1 FROM lease WHERE name = $1 AND holder = $2 AND fence = $3
         AND expires_at > clock_timestamp() FOR SHARE`,
      [NAME, this.config.instanceId, fence],
    );
    return rows.length === 1;
  }

  async view(): Promise<LeaseView | null> {
    const { rows } = await this.pool.query<{ holder: string; fence: string; expires_ms: string }>(
      `SELECT holder, fence, floor(extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms
       FROM lease WHERE name = $1`,
      [NAME],
    );
    const row = rows[0];
    if (row === undefined) return null;
    return {
      holder: row.holder,
      fence: Number(row.fence),
      expiresAtMs: Number(row.expires_ms),
    };
  }

  /** Gives the lease back, so that another controller need not wait for it to expire. */
  async release(): Promise<void> {
    if (this.#held === null) return;
    const { fence } = this.#held;
    this.#held = null;
    await this.pool.query(
      'UPDATE lease SET expires_at = now() WHERE name = $1 AND holder = $2 AND fence = $3',
      [NAME, this.config.instanceId, fence],
    );
  }
}
