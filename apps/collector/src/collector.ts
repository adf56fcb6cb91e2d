import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { clickhouseClient } from '@flyball/store';
import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Environment } from './config/environment.ts';
import type { CollectorConfig } from './config/schema.ts';
import { windowConfigOf } from './config/window.ts';
import { PipelineIntake } from './pipeline/intake.ts';
import { Loop } from './pipeline/loop.ts';
import { Outbox } from './pipeline/outbox.ts';
import { Overload } from './pipeline/overload.ts';
import { PointPipeline } from './pipeline/points.ts';
import { SamplingControl } from './pipeline/sampling-control.ts';
import { createTally } from './pipeline/tally.ts';
import { TracePipeline } from './pipeline/traces.ts';
import { bodyPool } from './receive/body-pool.ts';
import { ByteBudget } from './receive/budget.ts';
import { diskRing } from './ring/files.disk.ts';
import { LookBack, type Promote } from './ring/look-back.ts';
import { promotedRows } from './ring/promote.ts';
import { TraceRing } from './ring/ring.ts';
import { type CheckSources, collectorChecks } from './self/checks.ts';
import { threadCpuMs } from './self/cpu.ts';
import { faultLog } from './self/faults.ts';
import { deliveryMetrics, farDaysCounter, registerGauges } from './self/gauges.ts';
import { Health, type HealthCheck } from './self/health.ts';
import { lookBackGauges } from './self/look-back.ts';
import { Registry } from './self/metrics.ts';
import { overloadEvents, overloadGauges } from './self/overload.ts';
import { samplingMetrics } from './self/sampling.ts';
import { startSelfTracing } from './self/tracing.ts';
import { DELIVERY_DEFAULTS, Delivery } from './sink/delivery.ts';
import { keepFor } from './sink/retention.ts';
import { Schema } from './sink/schema.ts';
import { clickhouseSink } from './sink/sink.clickhouse.ts';
import { watchDelivery } from './sink/watch.ts';
import { diskFiles } from './spool/files.disk.ts';
import { claimFolder } from './spool/owner.ts';
import { Spool } from './spool/spool.ts';

export interface CollectorSetup {
  readonly environment: Environment;
  readonly config: CollectorConfig;
  readonly log: Logger;
  /** Of what surrounds the pipeline, e.g. the other collectors. */
  readonly moreChecks?: readonly HealthCheck[];
}

const now = () => Date.now();

function openSpool({ environment, config, log }: CollectorSetup) {
  const files = diskFiles(environment.spoolFolder);
  const release = claimFolder(environment.spoolFolder);
  const spool = new Spool(files, {
    maxBytes: config.spool.maxSize,
    blockBytes: config.spool.blockSize,
    blockAgeMs: config.spool.blockAge,
    run: `${now()}-${randomBytes(4).toString('hex')}`,
    syncOnSeal: config.spool.sync !== 'write',
  });
  if (spool.replayed > 0) {
    const { replayed: blocks, bytes } = spool;
    log.info({ blocks, bytes }, 'an earlier run left blocks; they are sent first');
  }
  return { spool, release };
}

function openStore({ environment, config, log }: CollectorSetup) {
  const client = clickhouseClient(environment.clickhouseUrl, {
    application: 'flyball-collector',
    cluster: environment.clickhouseCluster,
    requestTimeoutMs: config.sink.timeout,
    maxOpenConnections: config.sink.parallel + 2,
  });
  const schema = new Schema(client, environment.clickhouseCluster, {
    applied: (versions) => {
      log.info({ versions }, 'ClickHouse is there, its schema up to date');
      const days = environment.retentionDays ?? config.sink.retentionDays;
      keepFor(client, { days, cluster: environment.clickhouseCluster }, log);
    },
    failed: (error, retryInMs) =>
      log.warn({ retryInMs, err: error.message }, 'ClickHouse is away; rows wait in the spool'),
  });
  return { sink: clickhouseSink(client), schema };
}

const FAR =
  'rows with times of many days far from now: they go by themselves, after all others; ' +
  'look at the clock of this service';

function openPipeline({ config, log }: CollectorSetup, spool: Spool, registry: Registry) {
  const outbox = new Outbox(spool);
  const tally = createTally(registry);
  const rules = { rules: config.sampling.rules };
  const traces = new TracePipeline(windowConfigOf(config), rules, outbox, tally);
  const points = new PointPipeline(spool, tally, traces.farDays);
  traces.farDays.onFar = (service) => log.warn({ service }, FAR);
  farDaysCounter(registry, traces.farDays);
  const sampling = new SamplingControl(traces, config);
  samplingMetrics(registry, sampling);
  return { outbox, traces, points, sampling };
}

function openDelivery(
  { config, log }: CollectorSetup,
  spool: Spool,
  { sink, schema }: ReturnType<typeof openStore>,
  tracer: Tracer,
  registry: Registry,
) {
  const metrics = deliveryMetrics(registry);
  const missingTable = () => schema.apply(true);
  const events = watchDelivery({ log, metrics, tracer, missingTable, now });
  const { parallel, timeout: insertTimeoutMs, maxBackoff: backoffMaxMs } = config.sink;
  const { refusedFor: refusedForMs } = config.sink;
  const options = { ...DELIVERY_DEFAULTS, parallel, insertTimeoutMs, backoffMaxMs, refusedForMs };
  return new Delivery(spool, sink, options, events, now);
}

function openHealth(parts: Omit<CheckSources, 'now'>, more: readonly HealthCheck[]): Health {
  return new Health([...collectorChecks({ ...parts, now }), ...more], now);
}

function watchLoop() {
  const loopDelay = monitorEventLoopDelay({ resolution: 10 });
  loopDelay.enable();
  return loopDelay;
}

function openOverload(
  { config, log }: CollectorSetup,
  spool: Spool,
  { traces, outbox, sampling }: ReturnType<typeof openPipeline>,
  registry: Registry,
): Overload {
  const sources = {
    window: () => traces.window.fullness(),
    spool: () => spool.bytes / config.spool.maxSize,
    spans: () => traces.accepted,
    bytes: () => traces.acceptedBytes,
    windowAt: (spans: number, bytes: number) => traces.window.fullnessAt(spans, bytes),
    heldMs: () => sampling.windowDelayMs(),
    cpuMs: threadCpuMs,
  };
  const overload = new Overload(sources, overloadEvents(log, outbox));
  overloadGauges(registry, overload);
  return overload;
}

/** The ring of dropped traces, beside the spool and under its lock; undefined when it is off. */
function openLookBack(
  { environment, log, config: { lookBack: config } }: CollectorSetup,
  { traces, outbox, sampling }: ReturnType<typeof openPipeline>,
  registry: Registry,
) {
  if (!config.enabled) return undefined;
  const { maxSize: maxBytes, maxAge: maxAgeMs, maxTraces } = config;
  const { strings, aggregates } = traces;
  const files = diskRing(join(environment.spoolFolder, 'look-back'));
  const ring = new TraceRing(
    files,
    strings,
    { maxBytes, maxAgeMs },
    {
      failed: (err) =>
        log.warn({ err }, 'the disk refuses dropped traces: nothing can be brought back meanwhile'),
      recovered: () => log.info('the disk takes dropped traces again'),
    },
  );
  const promote: Promote = (spans, by, nowMs) => {
    promotedRows(spans, strings, by).forEach((row, span) => {
      outbox.add(traces.rows.laneOf(spans, span, nowMs), row);
    });
    aggregates.promoted(spans, by, nowMs);
  };
  const lookBack = new LookBack(ring, strings, promote, { maxTraces });
  traces.ring = ring;
  sampling.lookBack = lookBack;
  lookBackGauges(registry, ring, lookBack, now);
  return { ring, lookBack };
}

/** The collector without its ports: every part, wired. Throws when the spool cannot be had. */
export function createCollector(setup: CollectorSetup) {
  const { config } = setup;
  const registry = new Registry();
  const { spool, release } = openSpool(setup);
  const store = openStore(setup);
  const pipeline = openPipeline(setup, spool, registry);
  const { outbox, traces, points, sampling } = pipeline;
  traces.onFault = faultLog(setup.log, now);
  const overload = openOverload(setup, spool, pipeline, registry);
  const ring = openLookBack(setup, pipeline, registry);
  const selfTracing = startSelfTracing(`${hostname()}-${process.pid}`, (json) => {
    traces.receive('json', Buffer.from(json), now());
  });
  const delivery = openDelivery(setup, spool, store, selfTracing.tracer, registry);
  const maxWindowBytes = () => sampling.maxWindowBytes();
  const intake = new PipelineIntake({
    traces,
    points,
    spool,
    outbox,
    maxSpoolBytes: config.spool.maxSize,
    maxWindowBytes,
    syncBeforeAnswer: config.spool.sync === 'always',
    drainBytesPerSecond: () => delivery.drainBytesPerSecond,
    now,
  });
  const loop = new Loop({
    traces,
    outbox,
    spool,
    delivery,
    overload,
    deliverable: () => store.schema.state === 'ready',
    ...(ring === undefined ? {} : { lookBack: ring.lookBack }),
    everySecond: (nowMs) => {
      sampling.tick(nowMs);
      ring?.ring.tick(nowMs);
      traces.forgetNames(nowMs);
      bodyPool.tick(nowMs);
    },
    now,
    elapsed: () => performance.now(),
  });
  const budget = new ByteBudget(config.receive.maxInFlight);
  const boosts = () => sampling.list().length;
  const loopDelay = watchLoop();
  registerGauges(registry, { traces, spool, delivery, budget, boosts, loopDelay, now });
  const health = openHealth(
    { traces, spool, overload, ring: ring?.ring, ...store, maxWindowBytes },
    setup.moreChecks ?? [],
  );
  const built = { registry, spool, release, traces, outbox, sampling, selfTracing, delivery };
  return { ...setup, ...store, ...built, ring: ring?.ring, intake, loop, budget, health, now };
}

export type Collector = ReturnType<typeof createCollector>;
