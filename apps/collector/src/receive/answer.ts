import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { encodeStatus, statusJson } from '@flyball/tracing';
import type { BodyEncoding } from './intake.ts';

/** A request over HTTP/1.1 or HTTP/2. */
export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** gRPC's code for each HTTP status used here, as `google.rpc.Status` bodies carry it. */
const CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 3,
  429: 14,
  500: 13,
  503: 14,
};

const TYPES: Readonly<Record<BodyEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

/** What the request's body is written in; undefined when that is neither of the two. */
export function encodingOf(request: Request): BodyEncoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === TYPES.json) return 'json';
  return type === TYPES.protobuf ? 'protobuf' : undefined;
}

/** A good answer in the request's encoding. */
export function encoded(encoding: BodyEncoding, body: Uint8Array | string): Answer {
  return { status: 200, headers: { 'content-type': TYPES[encoding] }, body };
}

/** An error whose body is a `google.rpc.Status` in the request's encoding. */
export function failure(
  encoding: BodyEncoding,
  status: number,
  message: string,
  options: { retryAfterMs?: number; headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const { retryAfterMs } = options;
  const detail = {
    code: CODES[status] ?? 2,
    message,
    ...(retryAfterMs === undefined ? {} : { retryDelayMs: retryAfterMs }),
  };
  return {
    status,
    headers: {
      'content-type': TYPES[encoding],
      ...(retryAfterMs === undefined
        ? {}
        : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      ...options.headers,
    },
    body: encoding === 'json' ? statusJson(detail) : encodeStatus(detail),
  };
}

/** How long a sender may go on sending a body that was refused before it was complete. */
const LINGER_MS = 2000;

function wholeRequest(request: Request): boolean {
  const { headers } = request;
  const bodiless =
    request.httpVersionMajor < 2 &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined;
  return request.complete || bodiless;
}

/** Writes the answer, to a request that was read to its end or not. */
export function send(request: Request, response: Response, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const whole = wholeRequest(request);
  const body = answer.body ?? '';
  const headers: Record<string, string | number> = { ...answer.headers };
  if (answer.status !== 204) {
    headers['content-length'] = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  }
  // The two kinds of response take the same arguments; only their overloads differ.
  (response as ServerResponse).writeHead(answer.status, headers);
  (response as ServerResponse).end(body);
  if (whole) return;
  // The rest is read and thrown away for a moment: a connection closed while the sender still
  // writes is reset, and the answer lost with it.
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
}
