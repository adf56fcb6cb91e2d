import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Member } from './lease.port.ts';
import { type Link, type LinkAnswer, NotTaken } from './link.port.ts';

/** Where collectors take each other's spans. */
export const SPANS_PATH = '/v1/flyball/spans';
/** Which process of an address is meant. */
export const GENERATION_HEADER = 'flyball-generation';
/** `<sender>/<number>`: a sender's batches come in order, one at a time. */
export const BATCH_HEADER = 'flyball-batch';

/** Nobody was there to take anything. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const MAX_ANSWER_BYTES = 16 * 1024;

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= MAX_ANSWER_BYTES) parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function answerOf(status: number, retryAfter: string | undefined, text: string): LinkAnswer {
  if (status === 200) return { kind: 'taken' };
  if (status === 429) return { kind: 'busy', retryAfterMs: 1000 * Number(retryAfter ?? 1) };
  // It stops, or is another process than the one that was meant: the membership will tell.
  if (status === 503 || status === 409) throw new NotTaken(text);
  return { kind: 'refused', message: `${status}: ${text}` };
}

/** The way to another collector: one connection that is kept open. */
export function httpLink({ address, generation }: Member, token: string): Link {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, keepAliveMsecs: 10_000 });
  const url = new URL(SPANS_PATH, address);
  const sender = randomUUID();
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/x-protobuf',
    [GENERATION_HEADER]: String(generation),
  };
  return {
    async send(batch, number, signal) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const own = { 'content-length': batch.length, [BATCH_HEADER]: `${sender}/${number}` };
        const options = { method: 'POST', agent, signal, headers: { ...headers, ...own } };
        const failed = (error: NodeJS.ErrnoException) => {
          const unreached = UNREACHED.has(error.code ?? '');
          reject(unreached ? new NotTaken(error.message, { cause: error }) : error);
        };
        request(url, options, resolve).once('error', failed).end(batch);
      });
      const text = await textOf(answer);
      return answerOf(answer.statusCode ?? 0, answer.headers['retry-after'], text);
    },
    close: () => agent.destroy(),
  };
}
