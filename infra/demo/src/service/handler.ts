import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { getRPCMetadata, RPCType } from '@opentelemetry/core';
import type { Disturbance } from '../process/messages.ts';
import { lognormal } from '../random.ts';
import { type ServiceSpec, specOf } from '../shop.ts';
import { type Caller, type CallResult, DEADLINE_HEADER } from './call.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Share of the own work that comes before the calls to others. */
const WORK_BEFORE_CALLS = 0.6;
/** An injected error comes early, as a bug in the handler would. */
const WORK_BEFORE_ERROR = 0.2;

export interface HandlerParts {
  spec: ServiceSpec;
  pool: WorkerPool;
  caller: Caller;
  random: () => number;
  disturbance: () => Disturbance;
}

type Outcome = { status: number; body: { error: string } | { ok: true } };

/** Answers one request of the service's only route, and 404 to everything else. */
export async function handle(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { spec } = parts;
  request.resume();
  if (request.method !== spec.method || request.url !== spec.path) {
    return answer(response, {
      status: 404,
      body: { error: `${spec.service} serves ${spec.method} ${spec.path} only` },
    });
  }
  nameServerSpan(spec.path);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const outcome = await serve(parts, { deadlineMs: deadlineOf(request, spec), gone: gone.signal });
  if (!gone.signal.aborted) answer(response, outcome);
}

async function serve(
  parts: HandlerParts,
  request: { deadlineMs: number; gone: AbortSignal },
): Promise<Outcome> {
  const { spec, pool } = parts;
  if (parts.disturbance().down === 'fail') {
    return failed(503, `${spec.service} cannot reach its database`);
  }
  const beganMs = performance.now();
  switch (await slot(pool, request)) {
    case 'full':
      return failed(503, `${spec.service} is busy: its queue of ${spec.queueLimit} is full`);
    case 'late':
      return failed(504, `${spec.service} is busy: the deadline passed in its queue`);
    case 'gone':
      return failed(499, 'the caller has gone');
    case 'mine':
      try {
        const leftMs = request.deadlineMs - (performance.now() - beganMs);
        return await work(parts, { deadlineMs: leftMs, gone: request.gone });
      } finally {
        pool.release();
      }
  }
}

/** Waits for a worker slot, at most until the deadline. The wait is a span of its own. */
function slot(
  pool: WorkerPool,
  request: { deadlineMs: number; gone: AbortSignal },
): Promise<'mine' | 'full' | 'late' | 'gone'> {
  return new Promise((resolve) => {
    let endWait = (): void => undefined;
    const admission = pool.admit(() => {
      endWait();
      resolve('mine');
    });
    if (admission.kind === 'full') return resolve('full');
    if (admission.kind === 'started') return;
    const span = trace.getTracer('demo').startSpan('wait for a worker');
    const leave = (why: 'late' | 'gone') => {
      admission.leave();
      endWait();
      resolve(why);
    };
    const onGone = () => leave('gone');
    const timer = setTimeout(() => leave('late'), request.deadlineMs);
    request.gone.addEventListener('abort', onGone, { once: true });
    endWait = () => {
      clearTimeout(timer);
      request.gone.removeEventListener('abort', onGone);
      span.end();
    };
  });
}

async function work(
  parts: HandlerParts,
  request: { deadlineMs: number; gone: AbortSignal },
): Promise<Outcome> {
  const { spec, random } = parts;
  const { slowFactor, errorRatio } = parts.disturbance();
  const beganMs = performance.now();
  const mean = spec.work.meanMs * slowFactor;
  const workMs = lognormal(random, { mean, sigma: spec.work.sigma });
  if (errorRatio > 0 && random() < errorRatio) {
    await sleep(workMs * WORK_BEFORE_ERROR);
    return failed(500, `${spec.service} hit an unexpected state`);
  }
  if (spec.calls.length === 0) {
    await sleep(workMs);
    return { status: 200, body: { ok: true } };
  }
  await sleep(workMs * WORK_BEFORE_CALLS);
  const leftMs = request.deadlineMs - (performance.now() - beganMs);
  const problem = await callAll(parts, { leftMs, gone: request.gone });
  if (problem !== null) return problem;
  await sleep(workMs * (1 - WORK_BEFORE_CALLS));
  return { status: 200, body: { ok: true } };
}

/** All dependencies side by side; the first that failed, in their order, is the answer. */
async function callAll(
  parts: HandlerParts,
  budget: { leftMs: number; gone: AbortSignal },
): Promise<Outcome | null> {
  if (budget.leftMs <= 0) return failed(504, `${parts.spec.service} ran out of time`);
  const results = await Promise.all(
    parts.spec.calls.map(async (target) => ({
      target,
      result: await parts.caller.call(target, {
        timeoutMs: Math.min(budget.leftMs, specOf(target.service).timeoutMs),
        signal: budget.gone,
      }),
    })),
  );
  for (const { target, result } of results) {
    const text = problemText(result);
    if (text !== null) return failed(502, `${target.service}: ${text}`);
  }
  return null;
}

function problemText(result: CallResult): string | null {
  if (result.kind === 'failed') return result.reason;
  return result.status < 400 ? null : `answered ${result.status}`;
}

function nameServerSpan(route: string): void {
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP) metadata.route = route;
}

function deadlineOf(request: IncomingMessage, spec: ServiceSpec): number {
  const asked = Number(request.headers[DEADLINE_HEADER]);
  return asked > 0 ? Math.min(asked, spec.timeoutMs) : spec.timeoutMs;
}

function failed(status: number, error: string): Outcome {
  const span = trace.getActiveSpan();
  if (span?.isRecording()) {
    span.recordException({ name: 'ShopError', message: error });
    span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  }
  return { status, body: { error } };
}

function answer(response: ServerResponse, outcome: Outcome): void {
  const body = Buffer.from(JSON.stringify(outcome.body));
  response.writeHead(outcome.status, {
    'content-type': 'application/json',
    'content-length': body.length,
  });
  response.end(body);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
