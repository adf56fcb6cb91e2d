import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '@flyball/lifecycle';
import type { Account, Config } from '../config.ts';
import type { Done, Engine } from '../engine.ts';
import { Failure, failureFrom, UNKNOWN } from '../failure.ts';
import type { Gate } from '../gate.ts';
import { accountOf } from './accounts.ts';
import { describe, sendDone, sendFailure } from './answer.ts';
import { type BodyBudget, readBody } from './body.ts';
import { readParameters } from './parameters.ts';
import { plan } from './plan.ts';

export interface HandlerParts {
  engine: Engine;
  gate: Gate;
  budget: BodyBudget;
  config: Config;
  log: Log;
  /** Fires when running queries must end now. */
  shutdown: AbortSignal;
}

export function createHandler(parts: HandlerParts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const [path = '/', ...rest] = (request.url ?? '/').split('?');
    const url = new URLSearchParams(rest.join('?'));
    const asksNothing = request.method === 'GET' && path === '/' && !url.has('query');
    if (path === '/ping' || path === '/replicas_status' || asksNothing) sendOk(response);
    else if (path !== '/') sendNoSuchPage(response, path);
    else {
      answer(parts, request, response, url).catch((error: unknown) => {
        parts.log.error({ err: error }, 'a request failed without an answer');
        response.destroy();
      });
    }
  };
}

async function answer(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URLSearchParams,
): Promise<void> {
  const { engine, log } = parts;
  const queryId = url.get('query_id') || randomUUID();
  response.setHeader('X-ClickHouse-Query-Id', queryId.replace(/[^\x21-\x7e]/g, '?'));
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client went away'));
  });
  try {
    const account = admit(parts, request, url);
    const done = await perform(parts, request, response, { url, account, queryId, gone });
    await sendDone(request, response, url, done);
  } catch (error) {
    if (gone.signal.aborted) {
      log.debug({ queryId }, 'the client went away; its query was dropped or killed');
      return;
    }
    const failure = failureFrom(error);
    if (failure.code === UNKNOWN) log.error({ queryId, err: error }, 'a query met a bug');
    else log.debug({ queryId, code: failure.code }, failure.message);
    sendFailure(response, failure, engine.version);
  }
}

function admit(parts: HandlerParts, request: IncomingMessage, url: URLSearchParams): Account {
  if (request.method !== 'GET' && request.method !== 'POST') {
    throw new Failure(501, 'UNSUPPORTED_METHOD', `Method ${request.method} is not supported`, 405);
  }
  // A page in a browser can reach loopback; only a password keeps it out otherwise.
  if (request.headers.origin && request.headers['sec-fetch-site'] !== 'same-origin') {
    throw new Failure(497, 'ACCESS_DENIED', 'Requests from pages of other sites are refused');
  }
  return accountOf(request.headers, url, parts.config.accounts);
}

interface Asked {
  url: URLSearchParams;
  account: Account;
  queryId: string;
  gone: AbortController;
}

async function perform(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  { url, account, queryId, gone }: Asked,
): Promise<Done> {
  const { config, gate, engine } = parts;
  const given = readParameters(url, request.method ?? 'GET', account, config.limits);
  const { body, free } = await readBody(request, config.limits.bodyBytes, parts.budget);
  try {
    const { work, statement } = plan({ url, headers: request.headers, body, given, account });
    describe(response, {
      queryId,
      format: statement.insert ? undefined : (statement.format ?? work.format),
      timezone: engine.timezone,
    });
    const signal = AbortSignal.any([gone.signal, parts.shutdown]);
    const leave = await gate.enter(signal);
    try {
      return await engine.run(work, signal);
    } finally {
      leave();
    }
  } finally {
    free();
  }
}

function sendOk(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': 4 });
  response.end('Ok.\n');
}

function sendNoSuchPage(response: ServerResponse, path: string): void {
  const body = `There is no handle ${path}\n\nUse / or /ping for health checks.\n`;
  response.writeHead(404, { 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
