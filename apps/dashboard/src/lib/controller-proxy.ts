import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { passing } from './passing-requests.ts';

/**
 * Passes one request of the browser to the controller and streams the answer back, so that
 * browser, cookies and CSRF checks see one origin. Server-sent events pass unbuffered.
 */

const maxBodyBytes = 1024 * 1024;
/** Until the answer's first byte; the answer itself may stream as long as it likes. */
const answerTimeoutMs = 30_000;

/** Of one connection, not of the message (RFC 9110 7.6.1); and what this side sets itself. */
const notForwarded = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
]);

function controllerUrl(): URL {
  return new URL(process.env.CONTROLLER_URL ?? 'http://127.0.0.1:4400');
}

function failure(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status, headers: { 'Cache-Control': 'no-store' } });
}

function requestHeaders(incoming: Request, bodyBytes: number | null): Record<string, string> {
  const headers: Record<string, string> = {};
  incoming.headers.forEach((value, name) => {
    if (!notForwarded.has(name)) headers[name] = value;
  });
  const host = incoming.headers.get('host');
  if (host !== null) headers['x-forwarded-host'] ??= host;
  if (bodyBytes !== null) headers['content-length'] = String(bodyBytes);
  return headers;
}

function isEventStream(answer: IncomingMessage): boolean {
  return answer.headers['content-type']?.startsWith('text/event-stream') ?? false;
}

function answerHeaders(answer: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    const name = answer.rawHeaders[i]!;
    if (!notForwarded.has(name.toLowerCase())) headers.append(name, answer.rawHeaders[i + 1]!);
  }
  // Without `no-transform` the compression in front would collect events before it sends them.
  if (isEventStream(answer)) {
    headers.set('Cache-Control', 'no-cache, no-transform');
    headers.set('X-Accel-Buffering', 'no');
  }
  return headers;
}

async function readBody(incoming: Request): Promise<Buffer | null | 'too-large'> {
  if (incoming.body === null) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of incoming.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) return 'too-large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unreachable(target: URL, error: NodeJS.ErrnoException): Response {
  return failure(
    502,
    'controller-unreachable',
    `The controller at ${target.origin} does not answer (${error.code ?? error.message}). ` +
      'Start it, or point CONTROLLER_URL of the dashboard at it.',
  );
}

function streamOf(answer: IncomingMessage): ReadableStream {
  return isEventStream(answer) ? eventsOf(answer) : (Readable.toWeb(answer) as ReadableStream);
}

/** Events a slow browser may lag behind before it is cut off; it then connects again. */
const mostQueuedEvents = 1000;

/** A stream of events that is cut short has simply ended: the browser asks again. */
function eventsOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  let open = true;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      answer.on('data', (chunk: Uint8Array) => {
        if ((controller.desiredSize ?? 0) < -mostQueuedEvents) answer.destroy();
        else if (open) controller.enqueue(chunk);
      });
      answer.on('close', () => {
        if (open) controller.close();
        open = false;
      });
    },
    cancel() {
      open = false;
      answer.destroy();
    },
  });
}

/** 304 and 204 must not carry a body; the Response constructor refuses one. */
const bodiless = new Set([204, 205, 304]);

export async function passToController(incoming: Request): Promise<Response> {
  const base = controllerUrl();
  const { pathname, search } = new URL(incoming.url);
  const target = new URL(pathname + search, base);
  const body = await readBody(incoming);
  if (body === 'too-large') {
    return failure(413, 'body-too-large', `A request body may have ${maxBodyBytes} bytes at most.`);
  }
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const outgoing = send(target, {
      method: incoming.method,
      headers: requestHeaders(incoming, body === null ? null : body.byteLength),
      signal: incoming.signal,
    });
    passing.add(outgoing);
    outgoing.on('close', () => passing.delete(outgoing));
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, answerTimeoutMs);
    outgoing.on('response', (answer) => {
      clearTimeout(timer);
      const status = answer.statusCode ?? 502;
      if (isEventStream(answer)) passing.markEndless(outgoing);
      // A connection lost in mid-answer ends the stream; the browser notices and tries again.
      answer.on('error', () => undefined);
      if (bodiless.has(status)) answer.resume();
      const stream = bodiless.has(status) ? null : streamOf(answer);
      resolve(new Response(stream, { status, headers: answerHeaders(answer) }));
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      resolve(unreachable(target, error));
    });
    outgoing.end(body ?? undefined);
  });
}
