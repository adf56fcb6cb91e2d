import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { encodeExportResponse, encodeStatus, type RpcStatus, type Signal } from '@flyball/tracing';
import { Reservation } from './budget.ts';
import { CODINGS, codingOf } from './decompress.ts';
import { grpcTimeoutMs, percentEncoded } from './grpc-header.ts';
import { GRPC, type MessageResult, readMessage } from './grpc-message.ts';
import type { Busy, Outcome, RequestReport } from './intake.ts';
import { NO_ROOM, type OtlpDoor, slow, tooLarge } from './otlp-http.ts';

/**
 * OTLP over gRPC, written on Node's HTTP/2 rather than on @grpc/grpc-js: unary calls with opaque
 * bodies need little, and this way zstd, a limit that holds before a message is buffered, a bound
 * on the bytes of all calls, and a deadline for calls that never send are ours to give.
 * Source: the gRPC over HTTP/2 protocol, doc/PROTOCOL-HTTP2.md of grpc/grpc.
 */
export interface GrpcOptions {
  readonly host: string;
  readonly port: number;
  /** Others of this process listen on the same port, and the system divides the connections. */
  readonly reusePort: boolean;
  readonly onError: (error: Error) => void;
}

export interface GrpcReceiver {
  readonly port: number;
  close(): Promise<void>;
  destroy(): void;
}

const SERVICE = '/opentelemetry.proto.collector.';
const SIGNAL_OF_PATH: ReadonlyMap<string, Signal> = new Map([
  [`${SERVICE}trace.v1.TraceService/Export`, 'traces'],
  [`${SERVICE}metrics.v1.MetricsService/Export`, 'metrics'],
  [`${SERVICE}logs.v1.LogsService/Export`, 'logs'],
]);

/** A session without calls is ended politely; clients connect again by themselves. */
const IDLE_SESSION_MS = 10 * 60_000;

/** How long the rest of a refused message is read and thrown away. */
const LINGER_MS = 1000;

const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': CODINGS.replaceAll(' ', ''),
};

interface Reply {
  readonly status: RpcStatus | undefined;
  readonly message?: Uint8Array;
  readonly outcome: RequestReport['outcome'];
  readonly bytes: number;
}

function failed(code: number, message: string, outcome: Reply['outcome'], bytes = 0): Reply {
  return { status: { code, message }, outcome, bytes };
}

function busyReply({ message, retryAfterMs }: Busy): Reply {
  const status = { code: GRPC.unavailable, message, retryDelayMs: retryAfterMs };
  return { status, outcome: 'busy', bytes: 0 };
}

function trailersOf(status: RpcStatus | undefined): Record<string, string> {
  if (status === undefined) return { 'grpc-status': '0' };
  return {
    'grpc-status': String(status.code),
    'grpc-message': percentEncoded(status.message),
    'grpc-status-details-bin': Buffer.from(encodeStatus(status)).toString('base64'),
  };
}

function afterTake(outcome: Outcome, bytes: number): Reply {
  switch (outcome.kind) {
    case 'accepted': {
      const rejected = outcome.rejected.message === '' ? undefined : outcome.rejected;
      const message = encodeExportResponse(rejected);
      const partial = rejected === undefined ? 'accepted' : 'partial';
      return { status: undefined, message, outcome: partial, bytes };
    }
    case 'invalid':
      return failed(GRPC.invalidArgument, outcome.message, 'invalid', bytes);
    case 'too_large':
      return failed(GRPC.resourceExhausted, outcome.message, 'too_large', bytes);
    case 'busy':
    case 'stopping':
      return busyReply(outcome);
  }
}

function unread(
  result: Exclude<MessageResult, { kind: 'bytes' }>,
  door: OtlpDoor,
  timeoutMs: number,
): Reply | undefined {
  switch (result.kind) {
    case 'too_large':
      return failed(GRPC.resourceExhausted, tooLarge(door.limits.maxBodyBytes), 'too_large');
    case 'no_room':
      return busyReply(NO_ROOM);
    case 'corrupt':
      return failed(GRPC.invalidArgument, result.message, 'invalid');
    case 'timeout':
      return failed(GRPC.deadlineExceeded, slow(timeoutMs), 'timeout');
    case 'protocol':
      return failed(result.code, result.message, 'invalid');
    case 'aborted':
      return undefined;
  }
}

async function call(
  door: OtlpDoor,
  signal: Signal,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<Reply | undefined> {
  const busy = door.intake.busy();
  if (busy !== undefined) return busyReply(busy);
  const asked = grpcTimeoutMs(headers['grpc-timeout'] as string | undefined);
  const timeoutMs = Math.min(asked ?? Number.POSITIVE_INFINITY, door.limits.requestTimeoutMs);
  const coding = codingOf(headers['grpc-encoding'] as string | undefined);
  const reservation = new Reservation(door.budget);
  try {
    const bounds = { maxBytes: door.limits.maxBodyBytes, timeoutMs };
    const body = await readMessage(stream, coding, bounds, reservation);
    if (body.kind !== 'bytes') return unread(body, door, timeoutMs);
    const outcome = await door.intake.take(signal, 'protobuf', body.bytes);
    return afterTake(outcome, body.bytes.length);
  } finally {
    reservation.end();
  }
}

function reply(stream: ServerHttp2Stream, { status, message }: Reply): void {
  if (stream.destroyed || stream.headersSent) return;
  const trailers = trailersOf(status);
  if (message === undefined) {
    stream.respond({ ...HEADERS, ...trailers }, { endStream: true });
  } else {
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.respond(HEADERS, { waitForTrailers: true });
    const framed = Buffer.allocUnsafe(5 + message.length);
    framed.writeUInt8(0, 0);
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, 5);
    stream.end(framed);
  }
  if (!stream.readableEnded) endReading(stream);
}

/**
 * A call was answered before its message was read. Callers stop sending when they see the answer;
 * a reset sent beside it would overtake it, so the stream is closed only after a moment.
 */
function endReading(stream: ServerHttp2Stream): void {
  stream.resume();
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
  stream.once('close', () => clearTimeout(timer));
}

async function answer(
  door: OtlpDoor,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const startedMs = door.now();
  const type = headers['content-type'] ?? '';
  if (headers[':method'] !== 'POST' || !type.startsWith('application/grpc')) {
    const text = 'this port speaks gRPC; OTLP over HTTP has a port of its own (4318)\n';
    stream.respond({ ':status': 415, 'content-type': 'text/plain' });
    stream.end(text);
    return;
  }
  const path = headers[':path'] ?? '';
  const signal = SIGNAL_OF_PATH.get(path);
  if (signal === undefined) {
    const message = `there is no method ${path}`;
    reply(stream, failed(GRPC.unimplemented, message, 'unsupported'));
    return;
  }
  const result = await call(door, signal, stream, headers);
  if (result !== undefined) reply(stream, result);
  const { outcome, bytes } = result ?? { outcome: 'failed' as const, bytes: 0 };
  door.report({ transport: 'grpc', signal, outcome, bytes, tookMs: door.now() - startedMs });
}

function acceptCalls(server: Http2Server, door: OtlpDoor, options: GrpcOptions): void {
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // Resets by the caller: whoever waits for the stream sees it closed.
    stream.on('error', () => {});
    answer(door, stream, headers).catch((error: Error) => {
      options.onError(error);
      reply(stream, failed(GRPC.internal, 'the collector failed; see its log', 'failed'));
    });
  });
}

function keepSessions(server: Http2Server): Set<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(16 << 20);
    session.setTimeout(IDLE_SESSION_MS, () => session.close());
    session.once('close', () => sessions.delete(session));
  });
  server.on('sessionError', () => {});
  return sessions;
}

/** Listens for OTLP/gRPC. Rejects when the port cannot be had. */
export function listenGrpc(door: OtlpDoor, options: GrpcOptions): Promise<GrpcReceiver> {
  const server = createServer({
    maxSessionMemory: 256,
    settings: { initialWindowSize: 4 << 20, maxConcurrentStreams: 1000, maxFrameSize: 1 << 20 },
  });
  server.maxConnections = door.limits.maxConnections;
  acceptCalls(server, door, options);
  const sessions = keepSessions(server);
  const receiver = (): GrpcReceiver => ({
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.close();
      }),
    destroy: () => {
      for (const session of sessions) session.destroy();
    },
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const { port, host, reusePort } = options;
    server.listen({ port, host, reusePort }, () => resolve(receiver()));
  });
}
