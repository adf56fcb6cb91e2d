import { createHash } from 'node:crypto';
import { inTransaction, type Queryable } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { CLOCK, PG_POOL } from '../platform/tokens.ts';

export interface AuditRecord {
  /** `user:anna`, `controller:<instance>`, `guard:<name>` */
  readonly actor: string;
  /** `proposal.approve`, `user.create`, ... */
  readonly action: string;
  /** Id of what it was done to. */
  readonly subject: string;
  /** One sentence, for people. Never a secret. */
  readonly detail: string;
}

interface AuditRow extends AuditRecord {
  readonly seq: string;
  readonly at_ms: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** Any constant of our own: writers of the chain come one after the other. */
const CHAIN_LOCK = 0x61756474;
const GENESIS = '0'.repeat(64);
const TRUST_MS = 600_000;

/** How far the chain was found whole, and when that walk began. */
interface Walk {
  after: string;
  previous: string;
  entries: number;
  sinceMs: number;
}

const FROM_THE_START: Walk = {
  after: '0',
  previous: GENESIS,
  entries: 0,
  sinceMs: Number.NEGATIVE_INFINITY,
};

/** A record that shows when an entry was changed or taken out: each holds the hash before it. */
@Injectable()
export class AuditService {
  #walked: Walk = FROM_THE_START;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Appends in the caller's transaction: the deed and its record stand or fall together. */
  async recordIn(client: Queryable, record: AuditRecord): Promise<void> {
    await client.query('SELECT pg_advisory_xact_lock($1)', [CHAIN_LOCK]);
    const last = await client.query<{ hash: string }>(
      'SELECT hash FROM audit ORDER BY seq DESC LIMIT 1',
    );
    const now = await client.query<{ at_ms: string }>(
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at_ms',
    );
    const atMs = Number(now.rows[0]?.at_ms);
    const previous = last.rows[0]?.hash ?? GENESIS;
    await client.query(
      `INSERT INTO audit (at, actor, action, subject, detail, previous_hash, hash)
       VALUES (to_timestamp($1 / 1000.0), $2, $3, $4, $5, $6, $7)`,
      [
        atMs,
        record.actor,
        record.action,
        record.subject,
        record.detail,
        previous,
        entryHash(previous, atMs, record),
      ],
    );
  }

  async record(record: AuditRecord): Promise<void> {
    await inTransaction(this.pool, (client) => this.recordIn(client, record));
  }

  /**
   * Walks the chain. `brokenAt` is the first entry that does not fit the one before it. What was
   * found whole is taken for whole for ten minutes, so that looking is cheap.
   */
  async verify(): Promise<{ intact: boolean; entries: number; brokenAt: string | null }> {
    const old = this.clock.nowMs() - this.#walked.sinceMs > TRUST_MS;
    const walk = old ? { ...FROM_THE_START, sinceMs: this.clock.nowMs() } : { ...this.#walked };
    for (;;) {
      const { rows } = await this.pool.query<AuditRow>(
        `SELECT seq, round(extract(epoch FROM at) * 1000)::bigint AS at_ms, actor, action, subject,
                detail, previous_hash, hash
         FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1000`,
        [walk.after],
      );
      for (const row of rows) {
        const expected = entryHash(walk.previous, Number(row.at_ms), row);
        if (row.previous_hash !== walk.previous || row.hash !== expected) {
          this.#walked = FROM_THE_START;
          return { intact: false, entries: walk.entries, brokenAt: row.seq };
        }
        walk.previous = row.hash;
        walk.after = row.seq;
        walk.entries += 1;
      }
      if (rows.length < 1000) {
        this.#walked = walk;
        return { intact: true, entries: walk.entries, brokenAt: null };
      }
    }
  }
}

function entryHash(previous: string, atMs: number, record: AuditRecord): string {
  const content = [previous, atMs, record.actor, record.action, record.subject, record.detail];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
