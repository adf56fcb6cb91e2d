import { type Dimension, evidence, type Mode, type ModeTransition } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { z } from 'zod';
import { rowsOf } from '../../platform/clickhouse-rows.ts';
import type { ModeRun } from './mode-segments.ts';

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

const MOST_TRANSITIONS = 1_000;
/** Strips are drawn on a screen: more steps than this cannot be told apart. */
const STEPS = 720;
const SHORTEST_STEP_S = 10;

/** What was seen of each service's mode, in steps of equal length. */
export async function modeSamplesIn(
  clickhouse: ClickHouseClient,
  { fromMs, toMs }: Range,
  service: string,
): Promise<Map<string, ModeRun[]>> {
  const stepS = Math.max(SHORTEST_STEP_S, Math.ceil((toMs - fromMs) / 1000 / STEPS));
  const rows = await rowsOf<{ name: string; at: number; seen: Mode }>(
    clickhouse,
    `SELECT service AS name, intDiv(toUnixTimestamp(time), {stepS:UInt32}) AS at,
       argMax(mode, time) AS seen
     FROM flyball_mode_samples
     WHERE time >= toDateTime({fromS:UInt32}) AND time <= toDateTime({toS:UInt32})
       AND ({service:String} = '' OR service = {service:String})
     GROUP BY name, at ORDER BY name, at`,
    { stepS, service, fromS: Math.floor(fromMs / 1000), toS: Math.ceil(toMs / 1000) },
  );
  const runs = new Map<string, ModeRun[]>();
  for (const { name, at, seen } of rows) {
    const list = runs.get(name) ?? [];
    runs.set(name, list);
    list.push({ mode: seen, fromMs: at * stepS * 1000, toMs: (at + 1) * stepS * 1000 });
  }
  return runs;
}

interface TransitionRow {
  readonly id: string;
  readonly service: string;
  readonly from_mode: Mode;
  readonly to_mode: Mode;
  readonly at_ms: string;
  readonly dimension: Dimension | '';
  readonly cause: string;
  readonly evidence: string;
  readonly dwell_ms: number | null;
  readonly trace_id: string;
}

/** Newest first. */
export async function transitionsIn(
  clickhouse: ClickHouseClient,
  { fromMs, toMs }: Range,
  service: string,
): Promise<ModeTransition[]> {
  const rows = await rowsOf<TransitionRow>(
    clickhouse,
    `SELECT id, service, from_mode, to_mode, toUnixTimestamp64Milli(time) AS at_ms, dimension,
       cause, evidence, dwell_ms, trace_id
     FROM flyball_mode_history
     WHERE time >= fromUnixTimestamp64Milli({fromMs:Int64})
       AND time <= fromUnixTimestamp64Milli({toMs:Int64})
       AND ({service:String} = '' OR service = {service:String})
     ORDER BY time DESC LIMIT ${MOST_TRANSITIONS}`,
    { fromMs, toMs, service },
  );
  return rows.map((row) => ({
    id: row.id,
    service: row.service,
    from: row.from_mode,
    to: row.to_mode,
    atMs: Number(row.at_ms),
    dimension: row.dimension === '' ? null : row.dimension,
    cause: row.cause,
    evidence: evidenceFrom(row.evidence),
    dwellMs: row.dwell_ms,
    traceId: row.trace_id === '' ? null : row.trace_id,
  }));
}

/** Evidence that an older version wrote otherwise must not hide the transition. */
function evidenceFrom(text: string): ModeTransition['evidence'] {
  try {
    return z.array(evidence).parse(JSON.parse(text));
  } catch {
    return [];
  }
}
