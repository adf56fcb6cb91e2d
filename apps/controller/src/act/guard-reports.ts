import { type GuardReport, guardReport } from '@flyball/contract';
import type { Queryable } from '@flyball/store';

/** The last word of one guard about one service. */
export interface GuardWord {
  readonly report: GuardReport;
  readonly receivedAtMs: number;
  /** Totals since the guard was first heard. */
  readonly acceptedTotal: number;
  readonly rejectedTotal: number;
  readonly seenMsTotal: number;
}

interface Row {
  readonly report: unknown;
  readonly received_ms: string;
  readonly accepted_total: string;
  readonly rejected_total: string;
  readonly seen_ms_total: number;
}

/** How often guards ask for targets, and when one that does not is taken for gone. */
export const GUARD_POLL_MS = 1_000;
export const GUARD_GONE_MS = 15_000;
/** Reports older than this are forgotten altogether. */
const FORGET_MS = 600_000;

/** Guards of all services, as the cycle reads them. */
export interface GuardWords {
  all(): Promise<Map<string, GuardWord[]>>;
}

export class GuardReports implements GuardWords {
  constructor(private readonly db: Queryable) {}

  async hear(report: GuardReport): Promise<void> {
    await this.db.query(
      `INSERT INTO guard_report AS old
         (guard, service, report, accepted_total, rejected_total, seen_ms_total)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (guard, service) DO UPDATE SET report = $3, received_at = now(),
         accepted_total = old.accepted_total + $4, rejected_total = old.rejected_total + $5,
         seen_ms_total = old.seen_ms_total + $6`,
      [
        report.guard,
        report.service,
        JSON.stringify(report),
        report.seen.accepted,
        report.seen.rejected,
        report.seen.windowMs,
      ],
    );
  }

  /** Of all services, one query. Guards that are long gone are left out. */
  async all(): Promise<Map<string, GuardWord[]>> {
    return Map.groupBy(await this.#read(null), ({ report }) => report.service);
  }

  ofService(service: string): Promise<GuardWord[]> {
    return this.#read(service);
  }

  async #read(service: string | null): Promise<GuardWord[]> {
    const { rows } = await this.db.query<Row>(
      `SELECT report, accepted_total, rejected_total, seen_ms_total,
              floor(extract(epoch FROM received_at) * 1000)::bigint AS received_ms
       FROM guard_report
       WHERE received_at > now() - $1 * interval '1 millisecond'
         AND ($2::text IS NULL OR service = $2)`,
      [FORGET_MS, service],
    );
    return rows.map((row) => ({
      report: guardReport.parse(row.report),
      receivedAtMs: Number(row.received_ms),
      acceptedTotal: Number(row.accepted_total),
      rejectedTotal: Number(row.rejected_total),
      seenMsTotal: row.seen_ms_total,
    }));
  }
}

/** Guards heard of lately. */
export function liveGuards(words: readonly GuardWord[], nowMs: number): GuardWord[] {
  return words.filter(({ receivedAtMs }) => nowMs - receivedAtMs <= GUARD_GONE_MS);
}

/**
 * The version a guard is told. It covers rate and weights alike and only ever grows, since each
 * of the two does.
 */
export function guardVersion(versions: readonly number[]): number {
  return versions.reduce((sum, version) => sum + version, 0);
}
