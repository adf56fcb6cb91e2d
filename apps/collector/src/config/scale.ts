import { z } from 'zod';
import { count, duration, size } from './fields.ts';
import type { CollectorConfig } from './schema.ts';

const MIB = 1024 ** 2;
const HOUR = 3_600_000;

export const workers = count(1, 64)
  .default(1)
  .describe('Threads that share the work of this collector.');

/** Collectors that share the traces. */
export const cluster = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Share traces; also on when FLYBALL_COLLECTOR_ADVERTISE is set.'),
  heartbeat: duration(100, 60_000).prefault('2s'),
  lease: duration(500, 600_000)
    .prefault('10s')
    .describe('A collector that was not heard of for so long is gone.'),
  keepMembers: duration(1000, 24 * HOUR)
    .prefault('15m')
    .describe('While PostgreSQL is away, the members it last named are believed for so long.'),
  maxQueue: size(MIB, 4096 * MIB)
    .prefault('32MiB')
    .describe(
      'Spans that wait for one other member, all workers together; beyond it senders must wait.',
    ),
  giveUpAfter: duration(100, 600_000)
    .prefault('5s')
    .describe('A member not reached for so long is away: its traces are decided where they are.'),
});

/**
 * The part of a collector's bounds that one of its workers has: what the file says is true of the
 * whole collector, however many workers it has.
 */
export function shareOf(config: CollectorConfig): CollectorConfig {
  const { receive, window, spool, lookBack, cluster, workers: parts } = config;
  const part = (whole: number, atLeast = 1) => Math.max(atLeast, Math.ceil(whole / parts));
  const maxWindowBytes = part(window.maxSize);
  const maxSpoolBytes = part(spool.maxSize, MIB);
  return {
    ...config,
    receive: {
      ...receive,
      maxInFlight: part(receive.maxInFlight, receive.maxBody),
      maxConnections: part(receive.maxConnections),
    },
    window: {
      ...window,
      maxTraces: part(window.maxTraces),
      maxSpans: part(window.maxSpans),
      maxSize: maxWindowBytes,
      maxSizePerTrace: Math.min(window.maxSizePerTrace, maxWindowBytes),
      keptMemory: Math.ceil(window.keptMemory / parts),
      droppedMemory: Math.ceil(window.droppedMemory / parts),
    },
    spool: {
      ...spool,
      maxSize: maxSpoolBytes,
      blockSize: Math.min(spool.blockSize, maxSpoolBytes / 4),
    },
    lookBack: {
      ...lookBack,
      maxSize: part(lookBack.maxSize, 4 * MIB),
      maxTraces: part(lookBack.maxTraces),
    },
    // Each worker has queues of its own.
    cluster: { ...cluster, maxQueue: part(cluster.maxQueue) },
  };
}

export interface Taken {
  /** For one worker of the running collector. */
  readonly config: CollectorConfig;
  /** What has changed in the file and waits for a restart. */
  readonly afterRestart: readonly string[];
}

const AT_START = ['receive', 'spool', 'lookBack', 'sink', 'cluster'] as const;
const AT_START_OF_WINDOW = ['keptMemory', 'droppedMemory'] as const;

/**
 * A changed file, as a running collector takes it over. It keeps the number of workers it has, by
 * which rates and bounds are divided, whatever the file says by now.
 *
 * @param running the configuration in force, of one worker
 * @param file the whole of the changed file
 */
export function takenOver(running: CollectorConfig, file: CollectorConfig): Taken {
  const wanted = shareOf({ ...file, workers: running.workers });
  const afterRestart: string[] = AT_START.filter(
    (part) => JSON.stringify(running[part]) !== JSON.stringify(wanted[part]),
  );
  for (const field of AT_START_OF_WINDOW) {
    if (running.window[field] !== wanted.window[field]) afterRestart.push(`window.${field}`);
  }
  if (file.workers !== running.workers) afterRestart.push('workers');
  return { config: { ...wanted, cluster: running.cluster }, afterRestart };
}
