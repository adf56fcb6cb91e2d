import type { Dimension, Mode } from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { rowsOf } from '../../platform/clickhouse-rows.ts';

/** The mode of a service as the controller last wrote it. */
export interface ModeNow {
  readonly mode: Mode;
  readonly sinceMs: number | null;
  readonly cause: string | null;
  readonly dimension: Dimension | null;
}

/** Older than this, the last word on a mode is no word on the present. */
const CURRENT_S = 60;

interface SampleRow {
  readonly name: string;
  readonly last_mode: Mode;
  readonly first_s: number;
}

interface TransitionRow {
  readonly name: string;
  readonly last_mode: Mode;
  readonly last_cause: string;
  readonly last_dimension: Dimension | '';
  readonly at_ms: string;
}

const SAMPLES = `
  SELECT service AS name, argMax(mode, time) AS last_mode, toUnixTimestamp(min(time)) AS first_s
  FROM flyball_mode_samples WHERE time > toDateTime({nowS:UInt32} - {windowS:UInt32})
  GROUP BY name HAVING max(time) > toDateTime({nowS:UInt32} - ${CURRENT_S})`;

const TRANSITIONS = `
  SELECT service AS name, argMax(to_mode, time) AS last_mode, argMax(cause, time) AS last_cause,
    argMax(dimension, time) AS last_dimension, max(toUnixTimestamp64Milli(time)) AS at_ms
  FROM flyball_mode_history GROUP BY name`;

/** By service; a service whose mode is not known now is absent. */
export async function modesNow(
  clickhouse: ClickHouseClient,
  nowMs: number,
): Promise<ReadonlyMap<string, ModeNow>> {
  const params = { nowS: Math.floor(nowMs / 1000), windowS: 3600 };
  const [samples, transitions] = await Promise.all([
    rowsOf<SampleRow>(clickhouse, SAMPLES, params),
    rowsOf<TransitionRow>(clickhouse, TRANSITIONS, params),
  ]);
  const last = new Map(transitions.map((row) => [row.name, row]));
  return new Map(
    samples.map(({ name, last_mode, first_s }) => {
      const transition = last.get(name);
      // The transition that led here explains the mode; another one says nothing about it.
      const led = transition?.last_mode === last_mode ? transition : undefined;
      const dimension = led?.last_dimension;
      return [
        name,
        {
          mode: last_mode,
          sinceMs: led === undefined ? first_s * 1000 : Number(led.at_ms),
          cause: led?.last_cause ?? null,
          dimension: dimension === undefined || dimension === '' ? null : dimension,
        },
      ];
    }),
  );
}
