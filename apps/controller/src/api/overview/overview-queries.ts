import type { Automation } from '@flyball/contract';
import type { ClickHouseClient, Queryable } from '@flyball/store';
import { rowsOf } from '../../platform/clickhouse-rows.ts';
import type { FailedAction, PendingProposal } from './needs.ts';

const MOST = 50;

export async function pendingProposals(db: Queryable): Promise<PendingProposal[]> {
  const { rows } = await db.query<{
    id: string;
    service: string;
    title: string | null;
    why: string | null;
    created_at: Date;
  }>(
    `SELECT id, service, content->>'title' AS title, content->>'why' AS why, created_at
     FROM proposal WHERE state = 'pending' AND expires_at > now()
     ORDER BY created_at LIMIT ${MOST}`,
  );
  return rows.map(({ id, service, title, why, created_at }) => ({
    id,
    service,
    title: title ?? 'A proposal waits',
    why: why ?? '',
    createdAtMs: created_at.getTime(),
  }));
}

/** Of the last hour. */
export async function failedActions(db: Queryable): Promise<FailedAction[]> {
  const { rows } = await db.query<{
    id: string;
    service: string;
    loop_id: string;
    error: string | null;
    finished_at: Date;
  }>(
    `SELECT id, service, loop_id, error, finished_at FROM action
     WHERE state IN ('failed', 'refused') AND finished_at > now() - interval '1 hour'
     ORDER BY finished_at DESC LIMIT ${MOST}`,
  );
  return rows.map((row) => ({
    id: row.id,
    service: row.service,
    loopId: row.loop_id,
    error: row.error ?? 'no cause was recorded',
    finishedAtMs: row.finished_at.getTime(),
  }));
}

export async function automationState(db: Queryable): Promise<Automation> {
  const { rows } = await db.query<{
    stopped: boolean;
    changed_by: string | null;
    changed_at: Date | null;
    reason: string;
  }>('SELECT stopped, changed_by, changed_at, reason FROM automation');
  const row = rows[0];
  return {
    stopped: row?.stopped ?? false,
    by: row?.changed_by ?? null,
    atMs: row?.changed_at?.getTime() ?? null,
    reason: row === undefined || row.reason === '' ? null : row.reason,
  };
}

/** Over the last minute. */
export async function ingestFigures(
  clickhouse: ClickHouseClient,
  nowMs: number,
): Promise<{
  spansPerSecond: number | null;
  keptTracesPerSecond: number | null;
  /** Spans that overload left no room to wait for their traces. */
  decidedAlone: number;
}> {
  const params = { nowS: Math.floor(nowMs / 1000) };
  const since = 'time >= toDateTime({nowS:UInt32} - 60)';
  const [[spans], [traces]] = await Promise.all([
    rowsOf<{ n: string }>(
      clickhouse,
      `SELECT sum(count) AS n FROM flyball_red WHERE ${since}`,
      params,
    ),
    rowsOf<{ n: string; alone: string }>(
      clickhouse,
      `SELECT sum(kept) AS n, sumIf(spans, trigger = 'overload') AS alone
       FROM flyball_sampling WHERE ${since}`,
      params,
    ),
  ]);
  return {
    spansPerSecond: Number(spans?.n ?? 0) / 60,
    keptTracesPerSecond: Number(traces?.n ?? 0) / 60,
    decidedAlone: Number(traces?.alone ?? 0),
  };
}
