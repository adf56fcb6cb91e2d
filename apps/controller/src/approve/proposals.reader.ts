import type { Action, Proposal, ProposalState } from '@flyball/contract';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { PG_POOL } from '../platform/tokens.ts';
import {
  ACTION_COLUMNS,
  type ActionRow,
  actionOf,
  PROPOSAL_COLUMNS,
  type ProposalRow,
  proposalOf,
} from './rows.ts';

interface Filter {
  readonly service?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly limit: number;
}

/** Proposals and actions as the API shows them. */
@Injectable()
export class ProposalsReader {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async list(filter: Filter & { state?: ProposalState | undefined }): Promise<Proposal[]> {
    const { rows } = await this.pool.query<ProposalRow>(
      `SELECT ${PROPOSAL_COLUMNS} FROM proposal
       WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR service = $2)
         AND ($3::bigint IS NULL OR created_at >= to_timestamp($3 / 1000.0))
         AND ($4::bigint IS NULL OR created_at <= to_timestamp($4 / 1000.0))
         AND (state <> 'pending' OR expires_at > now() OR $1 IS NULL)
       ORDER BY created_at DESC LIMIT $5`,
      [filter.state, filter.service, filter.fromMs, filter.toMs, filter.limit],
    );
    return rows.map(proposalOf);
  }

  async get(id: string): Promise<Proposal | null> {
    const { rows } = await this.pool.query<ProposalRow>(
      `SELECT ${PROPOSAL_COLUMNS} FROM proposal WHERE id = $1`,
      [id],
    );
    return rows[0] === undefined ? null : proposalOf(rows[0]);
  }

  async actions(filter: Filter): Promise<Action[]> {
    const { rows } = await this.pool.query<ActionRow>(
      `SELECT ${ACTION_COLUMNS} FROM action JOIN proposal ON proposal.id = action.proposal_id
       WHERE ($1::text IS NULL OR action.service = $1)
         AND ($2::bigint IS NULL OR queued_at >= to_timestamp($2 / 1000.0))
         AND ($3::bigint IS NULL OR queued_at <= to_timestamp($3 / 1000.0))
       ORDER BY queued_at DESC LIMIT $4`,
      [filter.service, filter.fromMs, filter.toMs, filter.limit],
    );
    return rows.map(actionOf);
  }
}
