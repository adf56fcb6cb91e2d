import http from 'node:http';
import { pino } from 'pino';
import { connectToManager } from '../process/child.ts';
import { instanceEnvironment } from '../process/environment.ts';
import { seededRandom, seedFor } from '../random.ts';
import { PUBLIC_ROUTES, type PublicRoute } from '../shop.ts';
import { beginArrivals, dueArrivals } from './arrivals.ts';
import { RecentAnswers } from './recent.ts';
import { type LoadPlan, openingFactor, rateAt } from './shape.ts';

/** The shop's customers: an open loop, so that a slow shop does not slow them down. */
const TICK_MS = 5;
const PATIENCE_MS = 3_000;
const MAX_IN_FLIGHT = 1_000;
const WINDOW_MS = 5_000;

const environment = instanceEnvironment(process.env);
const log = pino({ name: environment.instance });
const random = seededRandom(seedFor(environment.instance, environment.seed));
const agent = new http.Agent({ keepAlive: true, maxSockets: MAX_IN_FLIGHT });
const recent = new RecentAnswers({ windowMs: WINDOW_MS, limit: 20_000 });
const gateway = new URL(environment.gatewayUrl);

let plan: LoadPlan = { shape: 'constant', baseRatePerSecond: 0, multiplier: 1 };
const openedAtMs = performance.now();
let planBeganMs = openedAtMs;
let arrivals = beginArrivals(openedAtMs);
let inFlight = 0;
let sent = 0;

function wantedPerSecond(atMs: number): number {
  return rateAt(plan, atMs - planBeganMs) * openingFactor(atMs - openedAtMs);
}

function pickRoute(): PublicRoute | undefined {
  let left = random();
  return PUBLIC_ROUTES.find((route) => {
    left -= route.share;
    return left < 0;
  });
}

function send(route: PublicRoute): void {
  const beganMs = performance.now();
  sent += 1;
  if (inFlight >= MAX_IN_FLIGHT) {
    recent.add({ outcome: 'failed', latencyMs: 0, atMs: beganMs });
    return;
  }
  inFlight += 1;
  let settled = false;
  const settle = (status: number | null) => {
    if (settled) return;
    settled = true;
    inFlight -= 1;
    clearTimeout(timer);
    const atMs = performance.now();
    const outcome = status === 429 ? 'limited' : status === 200 ? 'ok' : 'failed';
    recent.add({ outcome, latencyMs: atMs - beganMs, atMs });
  };
  const request = http.request({
    agent,
    hostname: gateway.hostname,
    port: gateway.port,
    method: route.method,
    path: route.path,
    headers: { 'content-length': 0 },
  });
  const timer = setTimeout(() => request.destroy(new Error('patience is over')), PATIENCE_MS);
  request.on('response', (response) => {
    response.resume();
    response.on('end', () => settle(response.statusCode ?? null));
    response.on('error', () => settle(null));
  });
  request.on('error', () => settle(null));
  request.end();
}

setInterval(() => {
  const result = dueArrivals(arrivals, {
    nowMs: performance.now(),
    rateAtMs: wantedPerSecond,
    random,
  });
  arrivals = result.arrivals;
  for (let count = 0; count < result.due; count += 1) {
    const route = pickRoute();
    if (route !== undefined) send(route);
  }
}, TICK_MS).unref();

const link = connectToManager({
  log,
  onMessage: (message) => {
    if (message.kind !== 'load') return;
    if (message.plan.shape !== plan.shape) planBeganMs = performance.now();
    plan = message.plan;
    log.info({ plan }, 'load plan');
  },
  onStop: async () => agent.destroy(),
});

link.reportEverySecond((intervalMs) => {
  const nowMs = performance.now();
  const stats = {
    of: 'load' as const,
    targetPerSecond: wantedPerSecond(nowMs),
    sentPerSecond: (sent * 1_000) / intervalMs,
    ...recent.summary(nowMs),
  };
  sent = 0;
  return stats;
});
link.ready(environment.gatewayUrl);
