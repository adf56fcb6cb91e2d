import type { Collector } from './collector.ts';
import { takenOver } from './config/scale.ts';
import type { CollectorConfig } from './config/schema.ts';
import { boostMethods } from './receive/boosts.ts';
import { DECISIONS_PATH, decisionMethods } from './receive/decisions.ts';
import { type GrpcReceiver, listenGrpc } from './receive/grpc.ts';
import { type Handler, type HttpReceiver, listenHttp, type Routes } from './receive/http.ts';
import { type OtlpDoor, receiveOtlp, SIGNAL_OF_PATH } from './receive/otlp-http.ts';
import { SPANS_PATH } from './scale/link.http.ts';
import type { Peers } from './scale/peers.ts';
import { spansHandler } from './scale/receive-spans.ts';
import type { Whole } from './scale/whole.ts';
import { requestMetrics } from './self/gauges.ts';
import { selfRoutes, tokenOfDetails } from './self/routes.ts';
import { shutdown } from './shutdown.ts';

/** How often what depends on time is done; more often while there is more to do. */
const STEP_EVERY_MS = 50;

export interface Running {
  readonly httpPort: number;
  readonly grpcPort: number;
  /**
   * Takes over a changed file, whole as it was read: rules and window at once, the rest after a
   * restart.
   */
  reload(file: CollectorConfig): void;
  /** Stops as `shutdown.ts` says; resolves when nothing is left to do. */
  stop(): Promise<void>;
}

/** What a collector is part of; nothing, when it has one worker and shares traces with nobody. */
export interface Surroundings {
  readonly peers?: Peers;
  /** Of the process in its lease: what another collector must mean when it sends spans. */
  readonly generation?: () => number | undefined;
  /** Asked instead of this pipeline, where it is one of several workers. */
  readonly whole?: Whole;
  /** For a worker: the ports, which all of them share. */
  readonly shared?: { readonly httpPort: number; readonly grpcPort: number };
  /** Gives others what is theirs; resolves when nobody has anything of ours any more. */
  readonly handOver?: () => Promise<void>;
}

/** The collector as a whole, where this pipeline is all of it. */
export function wholeOf(collector: Collector): Whole {
  const { health, registry, sampling, now } = collector;
  return {
    metrics: async () => registry.text(),
    health: () => health.report(),
    async notReady() {
      if (collector.intake.stopping) return 'stopping';
      const { fault } = collector.spool;
      return fault === undefined ? undefined : `the spool cannot be written: ${fault}`;
    },
    boost: async (boost) => sampling.boost(boost, now()),
    boosts: async () => sampling.list(),
    explain: async (traceId) => sampling.explain(traceId, now()),
  };
}

function routesOf(collector: Collector, door: OtlpDoor, around: Surroundings): Routes {
  const otlp = Object.entries(SIGNAL_OF_PATH).map(
    ([path, signal]): [string, Record<string, Handler>] => [
      path,
      { POST: (request) => receiveOtlp(door, signal, request) },
    ],
  );
  const { budget, environment } = collector;
  const whole = around.whole ?? wholeOf(collector);
  const boosts = boostMethods({
    token: environment.guardToken,
    budget,
    set: (boost, relayed) => {
      if (!relayed) around.peers?.others.tell(boost);
      return whole.boost(boost);
    },
    list: () => whole.boosts(),
  });
  const { guardToken: token } = environment;
  const explain = async (traceId: string, relayed: boolean) => {
    const own = await whole.explain(traceId);
    if (own.state !== 'unknown' || relayed) return own;
    return (await around.peers?.others.explain(traceId)) ?? own;
  };
  const decisions = decisionMethods({ token, explain });
  return new Map([
    ...otlp,
    ['/v1/flyball/boosts', boosts],
    [DECISIONS_PATH, decisions],
    ...spansRoutes(collector, door, around),
    ...selfRoutes({ ...whole, token: tokenOfDetails(environment.host, token) }),
  ]);
}

/** Where other collectors send the spans of our traces; nowhere, when there are none. */
function spansRoutes(
  { budget, environment }: Collector,
  { limits }: OtlpDoor,
  { peers, generation = () => undefined }: Surroundings,
): [string, Record<string, Handler>][] {
  if (peers === undefined) return [];
  const token = environment.guardToken;
  const take = (body: Uint8Array) => peers.take(body, 'collector');
  return [[SPANS_PATH, { POST: spansHandler({ token, generation, budget, ...limits, take }) }]];
}

async function listen(
  collector: Collector,
  around: Surroundings,
): Promise<[HttpReceiver, GrpcReceiver]> {
  const { config, environment, log, intake, budget, registry, now } = collector;
  const { receive } = config;
  const door: OtlpDoor = {
    intake,
    budget,
    now,
    limits: {
      maxBodyBytes: receive.maxBody,
      maxJsonBytes: receive.maxJsonBody,
      requestTimeoutMs: receive.requestTimeout,
      maxConnections: receive.maxConnections,
    },
    report: requestMetrics(registry),
  };
  const { host } = environment;
  const { httpPort, grpcPort } = around.shared ?? environment;
  const reusePort = around.shared !== undefined;
  const onError = (error: Error) => log.error({ err: error }, 'a request met a bug');
  const http = await listenHttp({
    host,
    port: httpPort,
    reusePort,
    maxConnections: receive.maxConnections,
    requestTimeoutMs: receive.requestTimeout,
    cors: receive.cors,
    routes: routesOf(collector, door, around),
    onError,
  });
  const grpc = await listenGrpc(door, { host, port: grpcPort, reusePort, onError });
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

function reload(collector: Collector, file: CollectorConfig): void {
  const { config, afterRestart } = takenOver(collector.config, file);
  collector.sampling.configure(config);
  collector.log.info('configuration changed: rules and window are in force');
  if (afterRestart.length > 0) {
    collector.log.warn({ parts: afterRestart }, 'these parts take effect after a restart');
  }
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
export async function run(collector: Collector, around: Surroundings = {}): Promise<Running> {
  const [http, grpc] = await listen(collector, around);
  collector.schema.apply();
  const stops = [drive(collector), syncEvery(collector)];
  return {
    httpPort: http.port,
    grpcPort: grpc.port,
    reload: (file) => reload(collector, file),
    stop: () => shutdown(collector, [http, grpc], stops, around.handOver),
  };
}
