import { aggregateTable, low } from './aggregate-table.ts';

/**
 * What the collector knows about its own figures: how good what it is sent is, what sampling did
 * with it, and which kept traces stand for a series.
 */

const sum = 'SimpleAggregateFunction(sum, UInt64)';
const greatest = 'SimpleAggregateFunction(max, UInt64)';
const example = 'SimpleAggregateFunction(max, String)';
/** The greatest duration, and the kept trace and span it was seen in. */
const slowest = 'SimpleAggregateFunction(max, Tuple(UInt64, String, String))';
/** Trace and span of a kept one that failed. */
const failed = 'SimpleAggregateFunction(max, Tuple(String, String))';

/** Columns of the decision ledger that came later; the trigger became a part of its key. */
const LEDGER = `ALTER TABLE flyball_sampling
  ADD COLUMN IF NOT EXISTS trigger ${low},
  ADD COLUMN IF NOT EXISTS spans ${sum} CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS spans_kept ${sum} CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS probability_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS example_kept ${example} CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS example_dropped ${example} CODEC(ZSTD(1)),
  MODIFY ORDER BY (policy, reason, time, trigger)`;

/** Per service and 10 s; every column but `skew_max_ns` is a number of spans or traces. */
function ingestQualityTable(ttlDays: number): string {
  return aggregateTable(
    {
      name: 'flyball_ingest_quality',
      keys: ['service'],
      values: {
        spans: sum,
        traces: sum,
        missing_roots: sum,
        missing_parents: sum,
        late: sum,
        duplicates: sum,
        rejected: sum,
        skewed: sum,
        skew_max_ns: greatest,
        negative: sum,
        future: sum,
        past: sum,
      },
    },
    ttlDays,
  );
}

/** Of kept traces only: whoever looks one up finds it. */
function exemplarsTable(ttlDays: number): string {
  return aggregateTable(
    {
      name: 'flyball_exemplars',
      keys: ['service', 'operation', 'kind'],
      values: { slowest, failed },
    },
    ttlDays,
  );
}

export function qualityStatements(ttlDays: number): string[] {
  return [LEDGER, ingestQualityTable(ttlDays), exemplarsTable(ttlDays)];
}
