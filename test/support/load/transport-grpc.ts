import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import {
  type Reply,
  rejectedSpansOf,
  retryDelayMsOf,
  type Transport,
  type TransportOptions,
} from './transport.ts';

const PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** Codes after which OTLP lets a sender try again; RESOURCE_EXHAUSTED only with a delay. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15]);
const RESOURCE_EXHAUSTED = 8;

/** OTLP/gRPC straight over HTTP/2: a client library would cost several times as much. */
export function grpcTransport(options: TransportOptions): Transport {
  const sessions: (ClientHttp2Session | undefined)[] = Array(options.connections).fill(undefined);
  let turn = 0;

  function session(): ClientHttp2Session {
    turn = (turn + 1) % sessions.length;
    const existing = sessions[turn];
    if (existing !== undefined && !existing.closed && !existing.destroyed) return existing;
    const fresh = connect(options.target, { settings: { enablePush: false } });
    fresh.setMaxListeners(0);
    // Each call on it sees the failure as well, and says so.
    fresh.on('error', () => {});
    sessions[turn] = fresh;
    return fresh;
  }

  return {
    send: (framed) => call(session(), framed, options.timeoutMs),
    close() {
      for (const one of sessions) one?.destroy();
    },
  };
}

function call(session: ClientHttp2Session, framed: Buffer, timeoutMs: number): Promise<Reply> {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let trailers: IncomingHttpHeaders | undefined;
    let why = 'the call ended without a status';
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      why = `no answer within ${timeoutMs} ms`;
      stream.close();
    }, timeoutMs);
    stream.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) trailers = headers;
      else if (headers[':status'] !== 200) why = `HTTP status ${headers[':status']}`;
    });
    stream.on('trailers', (headers) => {
      trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error: Error) => {
      why = error.message;
    });
    stream.on('close', () => {
      clearTimeout(timer);
      resolve(
        trailers === undefined
          ? { kind: 'unanswered', why }
          : replyOf(trailers, Buffer.concat(chunks)),
      );
    });
    stream.end(framed);
  });
}

function replyOf(trailers: IncomingHttpHeaders, framed: Buffer): Reply {
  const code = Number(trailers['grpc-status']);
  if (code === 0) return { kind: 'accepted', rejectedSpans: rejectedSpansOf(framed.subarray(5)) };
  const why = `gRPC ${code}: ${decodeURIComponent(String(trailers['grpc-message'] ?? ''))}`;
  const details = trailers['grpc-status-details-bin'];
  const retryAfterMs =
    details === undefined ? undefined : retryDelayMsOf(Buffer.from(String(details), 'base64'));
  const again = RETRYABLE.has(code) || (code === RESOURCE_EXHAUSTED && retryAfterMs !== undefined);
  return again ? { kind: 'later', retryAfterMs, why } : { kind: 'refused', why };
}
