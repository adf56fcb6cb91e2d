import http from 'node:http';
import { context } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import { pino } from 'pino';
import { connectToManager } from '../process/child.ts';
import { instanceEnvironment } from '../process/environment.ts';
import { startTelemetry } from '../process/telemetry.ts';
import { PUBLIC_ROUTES, specOf } from '../shop.ts';
import { Balancer } from './balancer.ts';
import { keepInStep } from './guard-sync.ts';
import { checkHealth } from './health-checks.ts';
import { proxy, refuse } from './proxy.ts';

/** The shop's front door: a reverse proxy that enforces the controller's targets. */
const environment = instanceEnvironment(process.env);
const log = pino({ name: environment.instance });
const stopTelemetry = startTelemetry(log);

const nowMs = () => performance.now();
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
const balancers = new Map(
  PUBLIC_ROUTES.map(({ service }) => [service, new Balancer(service, nowMs)] as const),
);

const server = http.createServer((request, response) => {
  if (request.url === '/health/live' || request.url === '/health/ready') {
    const isServing = [...balancers.values()].every((balancer) => balancer.peers().length > 0);
    const isFine = request.url === '/health/live' || isServing;
    response.writeHead(isFine ? 200 : 503).end(isFine ? 'ok' : 'waiting for instances');
    return;
  }
  if (request.url === '/guard') {
    const guards = [...balancers.values()].map((balancer) => balancer.view());
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ guard: environment.instance, guards }));
    return;
  }
  const route = PUBLIC_ROUTES.find(
    ({ method, path }) => method === request.method && path === request.url,
  );
  const balancer = route && balancers.get(route.service);
  if (route === undefined || balancer === undefined) {
    request.resume();
    const offered = PUBLIC_ROUTES.map(({ method, path }) => `${method} ${path}`).join(', ');
    refuse(response, 404, `the shop offers ${offered}`);
    return;
  }
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP) metadata.route = route.path;
  const { timeoutMs } = specOf(route.service);
  proxy({ balancer, route, agent, timeoutMs }, request, response);
});
server.keepAliveTimeout = 30_000;

const stopChecks = checkHealth([...balancers.values()]);
const stopSyncs = [...balancers.values()].map((balancer) =>
  keepInStep({
    balancer,
    guard: environment.instance,
    controllerUrl: environment.controllerUrl,
    token: environment.guardToken,
    log,
  }),
);

const link = connectToManager({
  log,
  onMessage: (message) => {
    if (message.kind !== 'directory') return;
    for (const balancer of balancers.values()) {
      balancer.setPeers(message.directory[balancer.service] ?? []);
    }
  },
  onStop: async () => {
    stopChecks();
    for (const stop of stopSyncs) stop();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(resolve, 1_500).unref();
    });
    agent.destroy();
    await stopTelemetry();
  },
});

link.reportEverySecond(() => ({
  of: 'gateway',
  guards: [...balancers.values()].map((balancer) => balancer.view()),
}));

server.on('error', (error) => {
  log.fatal({ err: error }, `cannot listen on port ${environment.listenPort}`);
  process.exit(1);
});
server.listen(environment.listenPort, environment.host, () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  log.info({ port }, 'ready');
  link.ready(`http://${environment.host}:${port}`);
});
