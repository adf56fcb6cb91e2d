import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Peer } from '../process/messages.ts';
import { DEADLINE_HEADER } from '../service/call.ts';
import type { PublicRoute } from '../shop.ts';
import type { Balancer } from './balancer.ts';

/** Headers that belong to one connection and are not passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface ProxyOptions {
  balancer: Balancer;
  route: PublicRoute;
  timeoutMs: number;
  agent: http.Agent;
}

/**
 * Passes one request on to an instance of the service: limited by the rate in force, balanced by
 * the weights in force, within a deadline. A refused connection is tried once at another
 * instance, if there is no body that has been read already; nothing else is repeated.
 */
export function proxy(
  options: ProxyOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const admitted = options.balancer.admit();
  if (admitted.kind === 'limited') {
    request.resume();
    response.setHeader('retry-after', Math.max(1, Math.ceil(admitted.retryAfterMs / 1_000)));
    refuse(response, 429, `${options.balancer.service} is limited, try again later`);
    return;
  }
  const first = options.balancer.pick();
  if (first === null) {
    request.resume();
    refuse(response, 503, `${options.balancer.service} has no instance`);
    return;
  }
  forward(options, { request, response, peer: first, mayRetry: true });
}

interface Attempt {
  request: IncomingMessage;
  response: ServerResponse;
  peer: Peer;
  mayRetry: boolean;
}

function forward(options: ProxyOptions, attempt: Attempt): void {
  const { balancer, route, timeoutMs, agent } = options;
  const { request, response, peer } = attempt;
  const url = new URL(peer.url);
  const upstream = http.request({
    agent,
    hostname: url.hostname,
    port: url.port,
    method: route.method,
    path: route.upstreamPath,
    headers: {
      ...passedOn(request.headers),
      host: balancer.service,
      [DEADLINE_HEADER]: timeoutMs,
    },
  });
  const timer = setTimeout(() => upstream.destroy(new Error('timed out')), timeoutMs);
  const giveUp = () => upstream.destroy(new Error('the client has gone'));
  response.on('close', giveUp);
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  upstream.on('close', () => {
    clearTimeout(timer);
    response.off('close', giveUp);
  });
  upstream.on('error', (error) => {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const other = attempt.mayRetry && isRefused(error) ? balancer.pick(peer.instance) : null;
    if (isRefused(error)) balancer.observeCheck(peer.instance, false);
    if (other !== null && hasNoBody(request)) {
      forward(options, { ...attempt, peer: other, mayRetry: false });
      return;
    }
    const late = error.message === 'timed out';
    refuse(response, late ? 504 : 502, `${balancer.service}: ${late ? 'timed out' : 'not there'}`);
  });
  if (hasNoBody(request)) {
    request.resume();
    upstream.end();
  } else {
    request.pipe(upstream);
  }
}

function passedOn(headers: http.IncomingHttpHeaders): http.OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function isRefused(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED';
}

function hasNoBody(request: IncomingMessage): boolean {
  return (
    (request.headers['content-length'] ?? '0') === '0' && !request.headers['transfer-encoding']
  );
}

/** Ends a request with an error the caller can read. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  const body = Buffer.from(JSON.stringify({ error: message }));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}
