import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setReplicas } from '@flyball/contract';
import { z } from 'zod';
import { shapeName } from '../load/shape.ts';
import { faultRequest } from './faults.ts';
import type { ControlPage } from './page.ts';
import type { ShopManager } from './shop-manager.ts';

const MAX_BODY_BYTES = 64 * 1024;

const loadChange = z
  .object({
    shape: shapeName.optional(),
    baseRatePerSecond: z.number().min(0).max(2_000).optional(),
  })
  .refine((change) => change.shape !== undefined || change.baseRatePerSecond !== undefined, {
    message: 'give shape, baseRatePerSecond, or both',
  });

interface ApiOptions {
  shop: ShopManager;
  page: ControlPage;
  guardToken: string | null;
}

/** An answer that is not what was asked for; `code` is stable, `message` names the cure. */
class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/**
 * The manager's API: the process manager of the contract under /services, faults and load for
 * the control page and the command, the page itself. Never throws.
 */
export async function serveApi(
  options: ApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(options, request, response);
  } catch (error) {
    const failure =
      error instanceof ApiFailure ? error : new ApiFailure(500, 'internal', String(error));
    const { status, code, message, details } = failure;
    sendJson(response, status, { code, message, ...(details === undefined ? {} : { details }) });
  }
}

async function route(
  options: ApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { shop, page } = options;
  const pathname = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const [, first = '', second, third] = pathname.split('/').map(decoded);
  const method = request.method ?? 'GET';
  if (method === 'GET' && page.serve(pathname, response)) return;
  switch (`${method} /${first}`) {
    case 'GET /health':
      return health(shop, second, response);
    case 'GET /state':
      return sendJson(response, 200, shop.state());
    case 'GET /services':
      checkToken(request, options.guardToken);
      return second === undefined
        ? sendJson(response, 200, { services: shop.services() })
        : sendJson(response, 200, shop.service(second) ?? unknownService(second));
    case 'PUT /services':
      checkToken(request, options.guardToken);
      if (second === undefined || third !== 'replicas') break;
      return putReplicas(shop, { service: second, request, response });
    case 'GET /faults':
      return sendJson(response, 200, { faults: shop.faults() });
    case 'POST /faults': {
      checkOrigin(request);
      const result = shop.addFault(await readJson(request, faultRequest));
      if ('message' in result) throw new ApiFailure(422, 'invalid', result.message);
      return sendJson(response, 201, result);
    }
    case 'DELETE /faults':
      checkOrigin(request);
      if (second === undefined || !shop.removeFault(second)) {
        throw new ApiFailure(404, 'unknown', `no fault ${second ?? ''} is on: see GET /faults`);
      }
      response.writeHead(204).end();
      return;
    case 'PUT /load': {
      checkOrigin(request);
      const { shape, baseRatePerSecond } = await readJson(request, loadChange);
      const plan = shop.setLoad({
        ...(shape === undefined ? {} : { shape }),
        ...(baseRatePerSecond === undefined ? {} : { baseRatePerSecond }),
      });
      return sendJson(response, 200, plan);
    }
  }
  throw new ApiFailure(404, 'unknown', `${method} ${pathname} is nothing the demo shop knows`);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiFailure(400, 'invalid', `${segment} is not a well-formed part of a path`);
  }
}

function health(shop: ShopManager, which: string | undefined, response: ServerResponse): void {
  const isReady = shop.isReady();
  const isFine = which === 'live' || isReady;
  sendJson(response, isFine ? 200 : 503, { status: isReady ? 'healthy' : 'starting' });
}

async function putReplicas(
  shop: ShopManager,
  put: { service: string; request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const body = await readJson(put.request, setReplicas);
  const answer = shop.setReplicas(put.service, body) ?? unknownService(put.service);
  switch (answer.status) {
    case 200:
      return sendJson(put.response, 200, answer.service);
    case 409:
      throw new ApiFailure(409, answer.code, answer.message, answer.service);
    case 422:
      throw new ApiFailure(422, 'invalid', answer.message);
  }
}

function unknownService(service: string): never {
  throw new ApiFailure(404, 'unknown', `the shop has no service ${service}: see GET /services`);
}

function checkToken(request: IncomingMessage, token: string | null): void {
  if (token === null) {
    const message = 'start the demo with FLYBALL_GUARD_TOKEN to drive its processes';
    throw new ApiFailure(401, 'unauthorized', message);
  }
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new ApiFailure(401, 'unauthorized', 'send Authorization: Bearer FLYBALL_GUARD_TOKEN');
  }
}

/** A page of somebody else must not press the buttons of this one. */
function checkOrigin(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new ApiFailure(403, 'foreign-origin', 'only the demo shop’s own page may do this');
  }
}

async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/json')) {
    throw new ApiFailure(415, 'not-json', 'send the body as application/json');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiFailure(413, 'too-large', 'at most 64 KiB');
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiFailure(400, 'not-json', 'the body is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') || 'the body';
  throw new ApiFailure(400, 'invalid', `${where}: ${issue?.message ?? 'invalid'}`);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  response.end(body);
}
