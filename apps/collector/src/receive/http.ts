import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { type Answer, encodingOf, failure, type Request, type Response, send } from './answer.ts';
import { type CorsRules, corsHeaders, preflight } from './cors.ts';

/** Answers one request; undefined when there is nobody left to answer. */
export type Handler = (request: Request) => Promise<Answer | undefined>;

/** By path, then by method; a path that ends in `/*` takes any last part. */
export type Routes = ReadonlyMap<string, Readonly<Record<string, Handler>>>;

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  /** Others of this process listen on the same port, and the system divides the connections. */
  readonly reusePort: boolean;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly cors: CorsRules;
  readonly routes: Routes;
  /** A handler threw: a bug, which the sender sees as 500. */
  readonly onError: (error: Error) => void;
}

export interface HttpReceiver {
  readonly port: number;
  /** Takes no new connections, ends idle ones, and resolves when the last has ended. */
  close(): Promise<void>;
  /** Ends what is left. */
  destroy(): void;
}

/** An HTTP/2 session without requests is ended politely. */
const IDLE_SESSION_MS = 10 * 60_000;
const FIRST_BYTES_TIMEOUT_MS = 10_000;
/** No method of HTTP/1.1 begins with these, and the preface of HTTP/2 does. */
const PREFACE = 'PRI';

async function route(options: HttpOptions, request: Request): Promise<Answer | undefined> {
  const path = (request.url ?? '/').split('?', 1)[0] as string;
  const parent = `${path.slice(0, path.lastIndexOf('/'))}/*`;
  const methods = options.routes.get(path) ?? options.routes.get(parent);
  const encoding = encodingOf(request) ?? 'json';
  if (methods === undefined) return failure(encoding, 404, `there is nothing at ${path}`);
  if (request.method === 'OPTIONS' && options.cors.origins.length > 0) {
    return preflight(options.cors, request, Object.keys(methods));
  }
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (handler === undefined) {
    const allow = Object.keys(methods).join(', ');
    return failure(encoding, 405, `${path} takes ${allow}`, { headers: { allow } });
  }
  return handler(request);
}

async function serve(options: HttpOptions, request: Request, response: Response): Promise<void> {
  try {
    const answer = await route(options, request);
    if (answer === undefined) return;
    const headers = { ...answer.headers, ...corsHeaders(options.cors, request) };
    send(request, response, { ...answer, headers });
  } catch (error) {
    options.onError(error as Error);
    const encoding = encodingOf(request) ?? 'json';
    send(request, response, failure(encoding, 500, 'the collector failed; see its log'));
  }
}

/** Calls `decided` with whether the connection speaks HTTP/2; its bytes stay unread. */
function sniff(socket: Socket, decided: (http2: boolean) => void): void {
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
  const onError = () => socket.destroy();
  socket.on('error', onError);
  let seen = Buffer.alloc(0);
  const look = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) seen = Buffer.concat([seen, chunk]);
    const start = seen.toString('latin1', 0, PREFACE.length);
    if (start.length < PREFACE.length && PREFACE.startsWith(start) && !socket.readableEnded) return;
    socket.off('readable', look);
    socket.off('error', onError);
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    if (seen.length > 0) socket.unshift(seen);
    decided(start === PREFACE);
  };
  socket.on('readable', look);
}

function address(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** HTTP/1.1 and cleartext HTTP/2 on one port. Rejects when the port cannot be had. */
export function listenHttp(options: HttpOptions): Promise<HttpReceiver> {
  const onRequest = (request: Request, response: Response) => {
    void serve(options, request, response);
  };
  const http1 = createServer({ keepAliveTimeout: 75_000 }, onRequest);
  http1.headersTimeout = FIRST_BYTES_TIMEOUT_MS;
  // A moment later than ours, which answers in the request's own encoding.
  http1.requestTimeout = options.requestTimeoutMs + 5000;
  http1.maxConnections = options.maxConnections;
  const http2 = createHttp2Server(
    { settings: { maxConcurrentStreams: 256, initialWindowSize: 1 << 20 } },
    onRequest,
  );
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.setTimeout(IDLE_SESSION_MS, () => session.close());
    session.once('close', () => sessions.delete(session));
  });
  http2.on('sessionError', () => {});
  const [speakHttp1] = http1.listeners('connection') as ((socket: Socket) => void)[];
  http1.removeAllListeners('connection');
  http1.on('connection', (socket) =>
    sniff(socket, (isHttp2) => {
      if (isHttp2) http2.emit('connection', socket);
      else speakHttp1?.call(http1, socket);
    }),
  );
  http1.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });
  const receiver = (): HttpReceiver => ({
    port: address(http1),
    close: () =>
      new Promise((resolve) => {
        http1.close(() => resolve());
        http1.closeIdleConnections();
        for (const session of sessions) session.close();
      }),
    destroy: () => {
      http1.closeAllConnections();
      for (const session of sessions) session.destroy();
    },
  });
  return new Promise((resolve, reject) => {
    http1.once('error', reject);
    const { port, host, reusePort } = options;
    http1.listen({ port, host, reusePort }, () => resolve(receiver()));
  });
}
