import type { Loop, LoopSample } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { NO_MEMORY } from '../decide/loop.ts';
import { LOOP_NAMES, loopId } from '../decide/words.ts';
import { CLICKHOUSE, PG_POOL } from '../platform/tokens.ts';
import { Policies } from '../policies/policies.service.ts';
import { loopView } from './loop-view.ts';
import type { KeptLoop } from './memory.port.ts';

interface SampleRow {
  readonly at_ms: string;
  readonly setpoint: number | null;
  readonly measured: number | null;
  readonly terms: Record<string, number>;
  readonly proposed: Record<string, number>;
  readonly bounded: Record<string, number>;
  readonly applied: Record<string, number>;
  readonly mode: string;
  readonly reason: string;
  readonly text: string;
  readonly evidence_age_ms: number | null;
  readonly trace_id: string;
}

const MOST_POINTS = 800;

/** The last tick in each of at most 800 equal steps. */
const SAMPLES = `
SELECT toUnixTimestamp64Milli(max(time)) AS at_ms, argMax(setpoint, time) AS setpoint,
       argMax(measured, time) AS measured, argMax(terms, time) AS terms,
       argMax(proposed, time) AS proposed, argMax(bounded, time) AS bounded,
       argMax(applied, time) AS applied, argMax(mode, time) AS mode,
       argMax(reason, time) AS reason, argMax(text, time) AS text,
       argMax(evidence_age_ms, time) AS evidence_age_ms, argMax(trace_id, time) AS trace_id
FROM (
  SELECT *, intDiv(toUnixTimestamp64Milli(time) - {from:Int64}, {step:Int64}) AS point
  FROM flyball_loop_samples
  WHERE service = {service:String} AND loop = {loop:String}
    AND time >= fromUnixTimestamp64Milli({from:Int64})
    AND time <= fromUnixTimestamp64Milli({to:Int64})
)
GROUP BY point
ORDER BY at_ms`;

/** Loops as the API shows them, on whichever controller is asked. */
@Injectable()
export class LoopsReader {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(Policies) private readonly policies: Policies,
  ) {}

  /** Every loop of the policies in force; one that never ticked is shown without a sample. */
  async list(nowMs: number): Promise<Loop[]> {
    const { rows } = await this.pool.query<{ loop_id: string; state: KeptLoop }>(
      'SELECT loop_id, state FROM loop_state',
    );
    const kept = new Map(rows.map(({ loop_id, state }) => [loop_id, state.view]));
    return this.policies.current().flatMap(({ policy }) =>
      LOOP_NAMES.flatMap((loop): Loop[] => {
        const words = policy.loops[loop];
        if (words === undefined) return [];
        const known = kept.get(loopId(policy.service, loop));
        if (known !== undefined) return [known];
        const fresh = loopView({
          policy,
          loop,
          memory: NO_MEMORY,
          autonomy: words.autonomy,
          tick: null,
          pendingProposalId: null,
          automationStopped: false,
          nowMs,
        });
        return [fresh];
      }),
    );
  }

  async samples(
    loop: { readonly service: string; readonly name: string },
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<LoopSample[]> {
    const step = Math.max(1, Math.ceil((range.toMs - range.fromMs) / MOST_POINTS));
    const result = await this.clickhouse.query({
      query: SAMPLES,
      query_params: {
        service: loop.service,
        loop: loop.name,
        from: range.fromMs,
        to: range.toMs,
        step,
      },
      format: 'JSONEachRow',
    });
    return (await result.json<SampleRow>()).map(sampleOf);
  }
}

function sampleOf(row: SampleRow): LoopSample {
  return {
    atMs: Number(row.at_ms),
    setpoint: row.setpoint,
    measured: row.measured,
    terms: row.terms,
    proposed: knobOf(row.proposed),
    bounded: knobOf(row.bounded),
    applied: knobOf(row.applied),
    mode: row.mode === '' ? null : (row.mode as NonNullable<LoopSample['mode']>),
    reason: row.reason,
    text: row.text,
    evidenceAgeMs: row.evidence_age_ms,
    traceId: row.trace_id === '' ? null : row.trace_id,
  };
}

function knobOf(map: Record<string, number>): LoopSample['applied'] {
  const scalar = map[''];
  if (scalar !== undefined) return scalar;
  return Object.keys(map).length === 0 ? null : map;
}
