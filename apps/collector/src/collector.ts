import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { clickhouseClient } from '@flyball/store';
import type { Logger } from 'pino';
import type { Environment } from './config/environment.ts';
import type { CollectorConfig } from './config/schema.ts';
import { windowConfigOf } from './config/window.ts';
import { PipelineIntake } from './pipeline/intake.ts';
import { Loop } from './pipeline/loop.ts';
import { Outbox } from './pipeline/outbox.ts';
import { PointPipeline } from './pipeline/points.ts';
import { SamplingControl } from './pipeline/sampling-control.ts';
import { createTally } from './pipeline/tally.ts';
import { TracePipeline } from './pipeline/traces.ts';
import { ByteBudget } from './receive/budget.ts';
import { collectorChecks } from './self/checks.ts';
import { deliveryMetrics, registerGauges } from './self/gauges.ts';
import { Health } from './self/health.ts';
import { Registry } from './self/metrics.ts';
import { startSelfTracing } from './self/tracing.ts';
import { DELIVERY_DEFAULTS, Delivery } from './sink/delivery.ts';
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
    requestTimeoutMs: config.sink.timeout,
    maxOpenConnections: config.sink.parallel + 2,
  });
  const schema = new Schema(client, {
    applied: (versions) => log.info({ versions }, 'ClickHouse is there, its schema up to date'),
    failed: (error, retryInMs) =>
      log.warn({ retryInMs, err: error.message }, 'ClickHouse is away; rows wait in the spool'),
  });
  return { sink: clickhouseSink(client), schema };
}

/** The collector without its ports: every part, wired. Throws when the spool cannot be had. */
export function createCollector(setup: CollectorSetup) {
  const { environment, config, log } = setup;
  const registry = new Registry();
  const { spool, release } = openSpool(setup);
  const { sink, schema } = openStore(setup);
  const outbox = new Outbox(spool);
  const tally = createTally(registry);
  const rules = { rules: config.sampling.rules };
  const traces = new TracePipeline(windowConfigOf(config), rules, outbox, tally);
  const sampling = new SamplingControl(traces, config);
  const instance = `${hostname()}-${process.pid}`;
  const selfTracing = startSelfTracing(instance, (json) => {
    traces.receive('json', Buffer.from(json), now());
  });
  const events = watchDelivery({
    log,
    metrics: deliveryMetrics(registry),
    tracer: selfTracing.tracer,
    missingTable: () => schema.apply(),
    now,
  });
  const { parallel, timeout: insertTimeoutMs, maxBackoff: backoffMaxMs } = config.sink;
  const options = { ...DELIVERY_DEFAULTS, parallel, insertTimeoutMs, backoffMaxMs };
  const delivery = new Delivery(spool, sink, options, events, now);
  const intake = new PipelineIntake({
    traces,
    points: new PointPipeline(spool, tally),
    spool,
    outbox,
    maxSpoolBytes: config.spool.maxSize,
    syncBeforeAnswer: config.spool.sync === 'always',
    drainBytesPerSecond: () => delivery.drainBytesPerSecond,
    now,
  });
  const loop = new Loop({
    traces,
    outbox,
    spool,
    delivery,
    deliverable: () => schema.ready,
    everySecond: (nowMs) => sampling.tick(nowMs),
    now,
    elapsed: () => performance.now(),
  });
  const budget = new ByteBudget(config.receive.maxInFlight);
  const loopDelay = monitorEventLoopDelay({ resolution: 10 });
  loopDelay.enable();
  const boosts = () => sampling.list().length;
  registerGauges(registry, { traces, spool, delivery, budget, boosts, loopDelay, now });
  const maxWindowBytes = () => config.window.maxSize;
  const health = new Health(
    collectorChecks({ traces, spool, sink, schema, maxWindowBytes, now }),
    now,
  );
  return {
    environment,
    config,
    log,
    registry,
    spool,
    release,
    sink,
    schema,
    outbox,
    sampling,
    selfTracing,
    delivery,
    intake,
    loop,
    budget,
    health,
    now,
  };
}

export type Collector = ReturnType<typeof createCollector>;
