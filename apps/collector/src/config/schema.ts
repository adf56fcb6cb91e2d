import { z } from 'zod';
import { count, duration, size } from './fields.ts';
import { rulesOf, rulesSchema } from './rules.ts';
import { cluster, workers } from './scale.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const HOUR = 3_600_000;

const receive = z.strictObject({
  /** After decompression. */
  maxBody: size(KIB, GIB).prefault('64MiB'),
  /** All requests in progress together. */
  maxInFlight: size(MIB, 64 * GIB).prefault('256MiB'),
  requestTimeout: duration(100, HOUR).prefault('30s'),
  maxConnections: count(1, 1_000_000).prefault(4096),
  maxJsonBody: size(KIB, GIB)
    .prefault('16MiB')
    .describe('Reading JSON takes ten times as long as protobuf; nothing else happens meanwhile.'),
  cors: z
    .strictObject({ origins: z.array(z.string().max(256)).max(100) })
    .prefault({ origins: [] }),
});

const window = z.strictObject({
  /** After the root span was received. */
  delay: duration(0, HOUR).prefault('2s'),
  /** For a trace whose root never comes. */
  timeout: duration(10, HOUR).prefault('30s'),
  maxTraces: count(1, 50_000_000).prefault(1_000_000),
  maxSpans: count(1, 500_000_000).prefault(4_000_000),
  maxSize: size(MIB, 256 * GIB).prefault('512MiB'),
  maxSpansPerTrace: count(1, 10_000_000).prefault(50_000),
  maxSizePerTrace: size(KIB, 16 * GIB).prefault('64MiB'),
  /** Late spans follow the decision until so many traces were kept since, or so many dropped. */
  keptMemory: count(0, 100_000_000).prefault(100_000),
  droppedMemory: count(0, 100_000_000).prefault(1_000_000),
});

const sampling = z.strictObject({
  rules: rulesSchema.prefault([
    { name: 'errors', when: { error: true }, keep: '100%' },
    { name: 'slow', when: { latencyOver: '1s' }, keep: '100%' },
    { name: 'rest', keep: '1%' },
  ]),
  dryRun: z.boolean().prefault(false).describe('Drop nothing; mark what would be dropped.'),
  explain: z
    .strictObject({ remember: count(0, 5_000_000).prefault(50_000) })
    .prefault({})
    .describe('Decisions that `flyball-collector explain` can tell about.'),
  /** Bounds on what the controller may ask for. */
  boosts: z
    .strictObject({
      max: count(0, 10_000).prefault(100),
      maxDuration: duration(1000, 168 * HOUR).prefault('1h'),
    })
    .prefault({}),
});

const spool = z.strictObject({
  maxSize: size(MIB, 16 * 1024 * GIB).prefault('4GiB'),
  /** One insert: the embedded ClickHouse takes bodies of up to 128 MiB. */
  blockSize: size(64 * KIB, 64 * MIB).prefault('16MiB'),
  blockAge: duration(10, 60_000).prefault('1s'),
  /**
   * write: survives the death of the process; interval: and of the machine, but for the last
   * `syncEvery`; always: metrics and logs are acknowledged only when they are on the disk.
   */
  sync: z.enum(['write', 'interval', 'always']).prefault('write'),
  syncEvery: duration(10, 60_000).prefault('1s'),
});

const lookBack = z.strictObject({
  enabled: z
    .boolean()
    .prefault(true)
    .describe('Remember dropped traces on disk, so that a boost may bring some back.'),
  maxSize: size(4 * MIB, 1024 * GIB).prefault('256MiB'),
  maxAge: duration(10_000, 168 * HOUR)
    .prefault('10m')
    .describe('More than fits maxSize in this time is left out, so that it reaches back so far.'),
  maxTraces: count(1, 1_000_000)
    .prefault(1000)
    .describe('Brought back for one request, the newest first.'),
});

const sink = z.strictObject({
  parallel: count(1, 64).prefault(2),
  timeout: duration(100, HOUR).prefault('30s'),
  maxBackoff: duration(100, HOUR).prefault('10s'),
  refusedFor: duration(0, 24 * HOUR)
    .prefault('10m')
    .describe('A block that ClickHouse refuses is tried for so long, then put aside.'),
  retentionDays: count(1, 3650)
    .prefault(7)
    .describe('How long ClickHouse keeps telemetry; modes and events stay 13 times as long.'),
});

/** The collector's file. What is left out has the default that stands here. */
export const configSchema = z
  .strictObject({
    receive: receive.prefault({}),
    window: window.prefault({}),
    sampling: sampling.prefault({}),
    spool: spool.prefault({}),
    lookBack: lookBack.prefault({}),
    sink: sink.prefault({}),
    workers,
    cluster: cluster.prefault({}),
  })
  .superRefine((config, context) => {
    const relation = (path: string[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (config.window.delay > config.window.timeout) {
      relation(['window', 'delay'], 'is longer than window.timeout');
    }
    if (config.receive.maxBody > config.receive.maxInFlight) {
      relation(['receive', 'maxBody'], 'is larger than receive.maxInFlight');
    }
    if (config.window.maxSizePerTrace > config.window.maxSize) {
      relation(['window', 'maxSizePerTrace'], 'is larger than window.maxSize');
    }
    if (config.cluster.heartbeat > config.cluster.lease / 3) {
      relation(['cluster', 'heartbeat'], 'is longer than a third of cluster.lease');
    }
    if (config.spool.blockSize > config.spool.maxSize / 4) {
      relation(['spool', 'blockSize'], 'is larger than a quarter of spool.maxSize');
    }
  })
  .transform(({ sampling: { rules, ...others }, ...rest }) => ({
    ...rest,
    sampling: { rules: rulesOf(rules), ...others },
  }));

export type CollectorConfig = z.infer<typeof configSchema>;
