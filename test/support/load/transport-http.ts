import { Agent, type IncomingMessage, request } from 'node:http';
import { PREFIX } from './fresh.ts';
import { type Reply, rejectedSpansOf, type Transport, type TransportOptions } from './transport.ts';

/** Statuses after which OTLP lets a sender try again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** OTLP/HTTP with protobuf bodies over connections that are kept. */
export function httpTransport(options: TransportOptions): Transport {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const { hostname, port } = new URL(options.target);
  return {
    send: (framed) =>
      new Promise((resolve) => {
        const body = framed.subarray(PREFIX);
        const headers = {
          'content-type': 'application/x-protobuf',
          'content-length': body.length,
        };
        const place = { agent, hostname, port, path: '/v1/traces', method: 'POST', headers };
        const sent = request(place, (response) => {
          read(response).then(resolve, (error: Error) => resolve(unanswered(error)));
        });
        sent.setTimeout(options.timeoutMs, () => {
          sent.destroy(new Error(`no answer within ${options.timeoutMs} ms`));
        });
        sent.on('error', (error) => resolve(unanswered(error)));
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function unanswered(error: Error): Reply {
  return { kind: 'unanswered', why: error.message };
}

async function read(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const status = response.statusCode ?? 0;
  const body = Buffer.concat(chunks);
  if (status === 200) return { kind: 'accepted', rejectedSpans: rejectedSpansOf(body) };
  const why = `HTTP ${status}`;
  if (!RETRYABLE.has(status)) return { kind: 'refused', why };
  const seconds = response.headers['retry-after'];
  return { kind: 'later', retryAfterMs: seconds === undefined ? undefined : +seconds * 1000, why };
}
