import type { Overload } from '../pipeline/overload.ts';
import type { TracePipeline } from '../pipeline/traces.ts';
import type { TraceRing } from '../ring/ring.ts';
import type { Schema } from '../sink/schema.ts';
import type { Sink } from '../sink/sink.port.ts';
import type { Spool } from '../spool/spool.ts';
import type { HealthCheck } from './health.ts';
import { WORDS } from './overload.ts';

export interface CheckSources {
  readonly traces: TracePipeline;
  readonly spool: Spool;
  readonly overload: Overload;
  /** Undefined: it is off. */
  readonly ring: Pick<TraceRing, 'fault'> | undefined;
  readonly sink: Sink;
  readonly schema: Schema;
  readonly maxWindowBytes: () => number;
  readonly now: () => number;
}

/** Older rows than this in the spool mean that ClickHouse does not keep up. */
const LAG_WARNING_MS = 30_000;

/** ClickHouse is not critical: the collector takes in data and spools while it is away. */
export function collectorChecks(sources: CheckSources): HealthCheck[] {
  const { traces, spool, overload, ring, sink, schema, maxWindowBytes, now } = sources;
  const check = (name: string, critical: boolean, run: HealthCheck['run']): HealthCheck => ({
    name,
    critical,
    run,
  });
  return [
    check('spool', true, async () => {
      if (spool.fault !== undefined) throw new Error(`cannot be written: ${spool.fault}`);
      if (spool.full) throw new Error(`is full: ${spool.bytes} bytes wait`);
    }),
    check('clickhouse', false, async (signal) => {
      await sink.ping(signal);
      if (schema.state !== 'ready')
        throw new Error('answers, but its schema is not up to date yet');
    }),
    check('sink', false, async () => {
      const { oldestMs } = spool.backlog(now());
      if (oldestMs > LAG_WARNING_MS) {
        throw new Error(`the oldest row has waited ${Math.round(oldestMs / 1000)} s`);
      }
    }),
    check('refused', false, async () => {
      const blocks = spool.refused();
      if (blocks > 0) {
        throw new Error(
          `ClickHouse refused ${blocks} blocks of rows, kept in spool/refused with the reasons; ` +
            'mend the cause, move the .jsonl files back to the spool and restart, or delete them',
        );
      }
    }),
    check('window', false, async () => {
      const { bytes } = traces.window.stats(now());
      if (bytes > 0.9 * maxWindowBytes()) throw new Error(`holds ${bytes} bytes, over 90 %`);
    }),
    check('look-back', false, async () => {
      if (ring?.fault === undefined) return;
      throw new Error(`dropped traces cannot be written to the disk: ${ring.fault}`);
    }),
    check('overload', false, async () => {
      const { mode, cause } = overload;
      if (mode.kind === 'calm') return;
      const seconds = Math.round((now() - mode.sinceMs) / 1000);
      throw new Error(
        `for ${seconds} s 1 in ${mode.oneIn} traces is kept, because of the ${WORDS[cause]}; ` +
          'RED stays complete. Send less, or add a collector',
      );
    }),
  ];
}
