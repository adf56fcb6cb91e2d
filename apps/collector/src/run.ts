import type { Collector } from './collector.ts';
import { faultText } from './config/file.ts';
import type { CollectorConfig } from './config/schema.ts';
import { watchConfig } from './config/watch.ts';
import { boostMethods } from './receive/boosts.ts';
import { type GrpcReceiver, listenGrpc } from './receive/grpc.ts';
import { type Handler, type HttpReceiver, listenHttp, type Routes } from './receive/http.ts';
import { type OtlpDoor, receiveOtlp, SIGNAL_OF_PATH } from './receive/otlp-http.ts';
import { requestMetrics } from './self/gauges.ts';
import { selfRoutes } from './self/routes.ts';
import { shutdown } from './shutdown.ts';

/** How often what depends on time is done; more often while there is more to do. */
const STEP_EVERY_MS = 50;

export interface Running {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Stops as `shutdown.ts` says; resolves when nothing is left to do. */
  stop(): Promise<void>;
}

function routesOf(collector: Collector, door: OtlpDoor): Routes {
  const otlp = Object.entries(SIGNAL_OF_PATH).map(
    ([path, signal]): [string, Record<string, Handler>] => [
      path,
      { POST: (request) => receiveOtlp(door, signal, request) },
    ],
  );
  const { sampling, budget, environment, now } = collector;
  const boosts = boostMethods({
    token: environment.guardToken,
    budget,
    set: (boost) => sampling.boost(boost, now()),
    list: () => sampling.list(),
  });
  const notReady = () => {
    if (collector.intake.stopping) return 'stopping';
    const { fault } = collector.spool;
    return fault === undefined ? undefined : `the spool cannot be written: ${fault}`;
  };
  const { health, registry } = collector;
  return new Map([
    ...otlp,
    ['/v1/flyball/boosts', boosts],
    ...selfRoutes({ health, registry, notReady }),
  ]);
}

async function listen(collector: Collector): Promise<[HttpReceiver, GrpcReceiver]> {
  const { config, environment, log, intake, budget, registry, now } = collector;
  const { receive } = config;
  const door: OtlpDoor = {
    intake,
    budget,
    now,
    limits: {
      maxBodyBytes: receive.maxBody,
      requestTimeoutMs: receive.requestTimeout,
      maxConnections: receive.maxConnections,
    },
    report: requestMetrics(registry),
  };
  const { host } = environment;
  const onError = (error: Error) => log.error({ err: error }, 'a request met a bug');
  const http = await listenHttp({
    host,
    port: environment.httpPort,
    maxConnections: receive.maxConnections,
    requestTimeoutMs: receive.requestTimeout,
    cors: receive.cors,
    routes: routesOf(collector, door),
    onError,
  });
  const grpc = await listenGrpc(door, { host, port: environment.grpcPort, onError });
  return [http, grpc];
}

/** Steps the loop until stopped; a step that has more to do is followed by the next at once. */
function drive(collector: Collector): () => void {
  let stopped = false;
  const step = () => {
    if (stopped) return;
    if (collector.loop.step()) setImmediate(step);
    else setTimeout(step, STEP_EVERY_MS);
  };
  step();
  return () => {
    stopped = true;
  };
}

function reload(collector: Collector, before: CollectorConfig, after: CollectorConfig): void {
  collector.sampling.configure(after);
  const fixed = (['receive', 'spool', 'sink'] as const).filter(
    (part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]),
  );
  collector.log.info('configuration changed: rules and window are in force');
  if (fixed.length > 0) {
    collector.log.warn({ parts: fixed }, 'these parts take effect after a restart');
  }
}

function follow(collector: Collector): () => void {
  const { environment, config, log } = collector;
  if (environment.configFile === undefined) return () => {};
  return watchConfig(environment.configFile, {
    changed: (next) => reload(collector, config, next),
    refused: (faults) =>
      log.error({ faults: faults.map(faultText) }, 'configuration refused; the old one stays'),
  });
}

function syncEvery(collector: Collector): () => void {
  const { config, spool, log } = collector;
  if (config.spool.sync !== 'interval') return () => {};
  const timer = setInterval(() => {
    spool
      .sync()
      .catch((error: Error) => log.error({ err: error.message }, 'the disk refused a sync'));
  }, config.spool.syncEvery);
  return () => clearInterval(timer);
}

/** Opens the ports and sets everything going. Rejects when a port cannot be had. */
export async function run(collector: Collector): Promise<Running> {
  const { log } = collector;
  const [http, grpc] = await listen(collector);
  collector.schema.apply();
  const stops = [drive(collector), follow(collector), syncEvery(collector)];
  log.info({ httpPort: http.port, grpcPort: grpc.port }, 'listening');
  return {
    httpPort: http.port,
    grpcPort: grpc.port,
    stop: () => shutdown(collector, [http, grpc], stops),
  };
}
