import http from 'node:http';
import { metrics } from '@opentelemetry/api';
import { pino } from 'pino';
import { connectToManager } from '../process/child.ts';
import { instanceEnvironment } from '../process/environment.ts';
import { type Directory, type Disturbance, NO_DISTURBANCE } from '../process/messages.ts';
import { startTelemetry } from '../process/telemetry.ts';
import { seededRandom, seedFor } from '../random.ts';
import { specOf } from '../shop.ts';
import { Caller } from './call.ts';
import { handle } from './handler.ts';
import { WorkerPool } from './worker-pool.ts';

/** One instance of a service of the shop: a process with its own port. */
const environment = instanceEnvironment(process.env);
const log = pino({ name: environment.instance });
const stopTelemetry = startTelemetry(log);
const spec = specOf(environment.service);

let directory: Directory = {};
let disturbance: Disturbance = NO_DISTURBANCE;
const pool = new WorkerPool({ ...spec, nowMs: () => performance.now() });
const caller = new Caller((service) => directory[service] ?? []);
const random = seededRandom(seedFor(environment.instance, environment.seed));
const counted = { requests: 0, errors: 0 };

const server = http.createServer((request, response) => {
  if (request.url === '/health/live') {
    response.writeHead(200).end('ok');
    return;
  }
  counted.requests += 1;
  response.on('finish', () => {
    if (response.statusCode >= 500) counted.errors += 1;
  });
  const parts = { spec, pool, caller, random, disturbance: () => disturbance };
  handle(parts, request, response).catch((error: unknown) => {
    log.error({ err: error }, 'a request failed unexpectedly');
    response.destroy();
  });
});
server.keepAliveTimeout = 30_000;

let port = 0;

/** Connections are refused while a fault says so; afterwards the same port serves again. */
function applyDisturbance(next: Disturbance): void {
  disturbance = next;
  if (port === 0) return;
  if (next.down === 'refuse' && server.listening) {
    server.close();
    server.closeAllConnections();
  } else if (next.down !== 'refuse' && !server.listening) {
    server.listen(port, environment.host);
  }
}

function measureWorkers(): void {
  const meter = metrics.getMeter('demo');
  let last = pool.read();
  const utilization = meter.createObservableGauge('worker.utilization', {
    unit: '1',
    description: 'Busy share of the worker slots over the interval',
  });
  const depth = meter.createObservableGauge('worker.queue.depth', {
    unit: '{request}',
    description: 'Requests waiting for a worker slot',
  });
  utilization.addCallback((result) => {
    const now = pool.read();
    result.observe(pool.utilization(last, now));
    last = now;
  });
  depth.addCallback((result) => result.observe(pool.read().queued));
}

const link = connectToManager({
  log,
  onMessage: (message) => {
    if (message.kind === 'directory') directory = message.directory;
    if (message.kind === 'disturbance') applyDisturbance(message.disturbance);
  },
  onStop: async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(resolve, spec.timeoutMs).unref();
    });
    caller.close();
    await stopTelemetry();
  },
});

let lastReading = pool.read();
link.reportEverySecond((intervalMs) => {
  const reading = pool.read();
  const stats = {
    of: 'service' as const,
    utilization: pool.utilization(lastReading, reading),
    queued: reading.queued,
    requestsPerSecond: (counted.requests * 1_000) / intervalMs,
    errorRatio: counted.requests > 0 ? counted.errors / counted.requests : 0,
  };
  lastReading = reading;
  counted.requests = 0;
  counted.errors = 0;
  return stats;
});

/** Real services load caches and open pools before they are of use; this one only waits. */
setTimeout(() => {
  server.listen(0, environment.host, () => {
    measureWorkers();
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    log.info({ port }, 'ready');
    link.ready(`http://${environment.host}:${port}`);
    applyDisturbance(disturbance);
  });
}, environment.startDelayMs);
