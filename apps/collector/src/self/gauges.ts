import type { FarDays } from '../pipeline/far-days.ts';
import type { TracePipeline } from '../pipeline/traces.ts';
import { bodyPool } from '../receive/body-pool.ts';
import type { ByteBudget } from '../receive/budget.ts';
import type { ReportRequest } from '../receive/intake.ts';
import type { Delivery } from '../sink/delivery.ts';
import type { Spool } from '../spool/spool.ts';
import type { Counter, Histogram, Registry } from './metrics.ts';

const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts requests of both transports. */
export function requestMetrics(registry: Registry): ReportRequest {
  const requests = registry.counter('flyball_collector_requests_total', 'Requests, by outcome.');
  const bytes = registry.counter(
    'flyball_collector_request_bytes_total',
    'Bytes of requests after decompression.',
  );
  const latency = registry.histogram(
    'flyball_collector_request_seconds',
    'Time from the start of a request to its answer.',
    LATENCY_BOUNDS,
  );
  return (report) => {
    const { transport, signal, outcome } = report;
    requests.add({ transport, signal, outcome });
    bytes.add({ transport, signal }, report.bytes);
    latency.observe({ transport, signal }, report.tookMs / 1000);
  };
}

export interface DeliveryMetrics {
  readonly rows: Counter;
  readonly failures: Counter;
  readonly refusedBlocks: Counter;
  readonly refusedLost: Counter;
  readonly lostBytes: Counter;
  readonly latency: Histogram;
}

export function deliveryMetrics(registry: Registry): DeliveryMetrics {
  return {
    rows: registry.counter('flyball_collector_stored_rows_total', 'Rows stored, by table.'),
    failures: registry.counter('flyball_collector_insert_failures_total', 'Inserts that failed.'),
    refusedBlocks: registry.counter(
      'flyball_collector_refused_blocks_total',
      'Blocks that ClickHouse refuses, put aside in the spool.',
    ),
    refusedLost: registry.counter(
      'flyball_collector_refused_blocks_removed_total',
      'Blocks put aside that were removed because too many were.',
    ),
    lostBytes: registry.counter(
      'flyball_collector_spool_damaged_bytes_total',
      'Bytes of the spool that could not be read back.',
    ),
    latency: registry.histogram(
      'flyball_collector_insert_seconds',
      'Time an insert takes.',
      LATENCY_BOUNDS,
    ),
  };
}

export function farDaysCounter(registry: Registry, days: Pick<FarDays, 'rows'>): void {
  registry.read(
    'flyball_collector_far_rows_total',
    'counter',
    'Rows whose time lies far from now, on one day too many: they are stored by themselves.',
    () => [[{}, days.rows]],
  );
}

export interface GaugeSources {
  readonly traces: TracePipeline;
  readonly spool: Spool;
  readonly delivery: Delivery;
  readonly budget: ByteBudget;
  readonly boosts: () => number;
  readonly loopDelay: { percentile(percentile: number): number };
  readonly now: () => number;
}

function windowGauges(registry: Registry, { traces, now }: GaugeSources): void {
  const window = () => traces.window.stats(now());
  registry.gauge('flyball_collector_window_traces', 'Traces that wait for a decision.', () => {
    return window().traces;
  });
  registry.gauge('flyball_collector_window_spans', 'Spans that wait.', () => window().spans);
  registry.gauge('flyball_collector_window_bytes', 'Bytes held for them.', () => window().bytes);
  registry.gauge(
    'flyball_collector_body_pool_bytes',
    'Memory of request bodies, free for the next ones.',
    () => bodyPool.freeBytes,
  );
  registry.gauge('flyball_collector_window_oldest_seconds', 'Age of the oldest trace.', () => {
    return window().oldestMs / 1000;
  });
  registry.read(
    'flyball_collector_overflow_total',
    'counter',
    'What was counted under __overflow__ because a table was full.',
    () =>
      Object.entries(traces.aggregates.overflowed()).map(
        ([table, value]) => [{ table }, value] as const,
      ),
  );
  registry.gauge('flyball_collector_names', 'Names of services and operations held.', () => {
    return traces.strings.size;
  });
  registry.read(
    'flyball_collector_names_forgotten_total',
    'counter',
    'Times that names nobody bears any more were forgotten.',
    () => [[{}, traces.strings.generation]],
  );
  registry.read(
    'flyball_collector_rootless_traces_total',
    'counter',
    'Traces whose root never came.',
    () => [[{}, traces.aggregates.rootless]],
  );
}

function storeGauges(registry: Registry, { spool, delivery, now }: GaugeSources): void {
  registry.gauge('flyball_collector_spool_bytes', 'Bytes in the spool.', () => spool.bytes);
  registry.gauge('flyball_collector_spool_blocks', 'Blocks that wait to be sent.', () => {
    return spool.backlog(now()).blocks;
  });
  registry.gauge('flyball_collector_sink_lag_seconds', 'Age of the oldest row not stored.', () => {
    return spool.backlog(now()).oldestMs / 1000;
  });
  registry.gauge('flyball_collector_refused_blocks', 'Blocks put aside in spool/refused.', () => {
    return spool.refused();
  });
  registry.read(
    'flyball_collector_table_failures',
    'gauge',
    'Inserts that failed since one last succeeded, of the tables in trouble.',
    () => delivery.failuresByTable().map(([table, failures]) => [{ table }, failures] as const),
  );
  registry.gauge('flyball_collector_inserts_in_flight', 'Inserts running.', () => delivery.sending);
}

/** Gauges that are read when somebody asks. */
export function registerGauges(registry: Registry, sources: GaugeSources): void {
  windowGauges(registry, sources);
  storeGauges(registry, sources);
  const { budget, boosts, loopDelay } = sources;
  registry.gauge('flyball_collector_in_flight_bytes', 'Bytes of requests in progress.', () => {
    return budget.inUse;
  });
  registry.gauge('flyball_collector_boosts', 'Sampling boosts in force.', boosts);
  registry.gauge('flyball_collector_event_loop_delay_seconds', 'p99 since the start.', () => {
    return loopDelay.percentile(99) / 1e9;
  });
  registry.gauge('process_resident_memory_bytes', 'Resident memory.', () => {
    return process.memoryUsage.rss();
  });
  registry.read('process_cpu_seconds_total', 'counter', 'User and system CPU time.', () => {
    const { user, system } = process.cpuUsage();
    return [[{}, (user + system) / 1e6]];
  });
}
