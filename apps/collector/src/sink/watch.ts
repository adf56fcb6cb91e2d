import { context, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { DeliveryMetrics } from '../self/gauges.ts';
import type { SpoolBlock } from '../spool/spool.ts';
import type { DeliveryEvents } from './delivery.ts';

/** ClickHouse's code of a table that does not exist. */
const UNKNOWN_TABLE = '60';

export interface WatchParts {
  readonly log: Logger;
  readonly metrics: DeliveryMetrics;
  readonly tracer: Tracer;
  readonly missingTable: () => void;
  readonly now: () => number;
}

/** One trace a block: the time in the spool, and the insert as a call to ClickHouse. */
function traceBlock(parts: WatchParts, block: SpoolBlock, tookMs: number, error?: Error): void {
  const { tracer, now } = parts;
  const endMs = now();
  const attributes = { 'flyball.block.bytes': block.bytes };
  const deliver = tracer.startSpan(`deliver ${block.table}`, {
    startTime: endMs - tookMs,
    attributes,
    root: true,
  });
  const insert = tracer.startSpan(
    `INSERT ${block.table}`,
    {
      kind: SpanKind.CLIENT,
      startTime: endMs - tookMs,
      attributes: {
        'db.system.name': 'clickhouse',
        'db.operation.name': 'INSERT',
        'db.collection.name': block.table,
      },
    },
    trace.setSpan(context.active(), deliver),
  );
  if (error !== undefined) {
    for (const span of [insert, deliver]) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
  }
  insert.end(endMs);
  deliver.end(endMs);
}

/** What deliveries leave behind: log lines, metrics and the collector's own traces. */
export function watchDelivery(parts: WatchParts): DeliveryEvents {
  const { log, metrics } = parts;
  return {
    stored: (block, rows, tookMs) => {
      metrics.rows.add({ table: block.table }, rows);
      metrics.latency.observe({ table: block.table }, tookMs / 1000);
      traceBlock(parts, block, tookMs);
    },
    failed: (block, error, retryInMs, tookMs) => {
      metrics.failures.add({ table: block.table });
      traceBlock(parts, block, tookMs, error);
      log.warn(
        { block: block.name, retryInMs, err: error.message },
        'insert failed; the block stays in the spool',
      );
      if ((error as { code?: string }).code === UNKNOWN_TABLE) parts.missingTable();
    },
    refused: (block, error, gaveWay) => {
      metrics.refusedBlocks.add({ table: block.table });
      log.error(
        { block: block.name, err: error.message },
        'ClickHouse refuses this block; it is kept in spool/refused beside the reason',
      );
      if (gaveWay === 0) return;
      metrics.refusedLost.add({}, gaveWay);
      log.error({ blocks: gaveWay }, 'spool/refused is full: its oldest blocks are removed');
    },
    damaged: (block, lostBytes) => {
      metrics.lostBytes.add({}, lostBytes);
      log.warn(
        { block: block.name, lostBytes },
        'the end of this block was not written whole; the rows before it are used',
      );
    },
  };
}
