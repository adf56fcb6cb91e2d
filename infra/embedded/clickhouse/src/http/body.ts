import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import { Failure } from '../failure.ts';

const DRAIN_WITHIN_MS = 30_000;

/** Memory that request bodies may take together. */
export interface BodyBudget {
  /** Counts bytes as they arrive; false when there is no room for them. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createBodyBudget(maxBytes: number): BodyBudget {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > maxBytes) return false;
      used += bytes;
      return true;
    },
    give(bytes) {
      used -= bytes;
    },
  };
}

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * Collects a body, decompressed. The bound counts what comes out, so that a small body which
 * unpacks to a huge one is refused as well. The budget is given back by the caller.
 *
 * @throws Failure 413 over `maxBytes`, 503 over the budget, 400 for data that does not decompress,
 *   415 for an unknown encoding
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget,
): Promise<{ body: Buffer; free: () => void }> {
  const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
  const stream = decoded(request, encoding);
  const chunks: Buffer[] = [];
  let length = 0;
  const free = () => {
    budget.give(length);
    length = 0;
  };
  try {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
    // Leaving the loop must not close the connection: the answer still has to go through it.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      if (!budget.take(chunk.length)) throw noRoom();
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
    return { body: Buffer.concat(chunks, length), free };
  } catch (error) {
    free();
    request.unpipe();
    drain(request);
    if (error instanceof Failure || stream === request) throw error;
    if (request.destroyed && !request.complete) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(354, 'ZLIB_INFLATE_FAILED', `The ${encoding} body is damaged: ${why}`, 400);
  }
}

/**
 * Takes in the rest of a refused body: a client that is still sending would see its connection
 * reset, and never our answer. One that goes on for too long is cut off.
 */
function drain(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), DRAIN_WITHIN_MS);
  timer.unref();
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

function decoded(request: IncomingMessage, encoding: string): Readable {
  if (encoding === 'identity' || encoding === '') return request;
  const create = DECODERS[encoding];
  if (!create) {
    const known = Object.keys(DECODERS).join(', ');
    const message = `Unknown Content-Encoding "${encoding}"; this server takes ${known}.`;
    throw new Failure(89, 'UNKNOWN_COMPRESSION_METHOD', message, 415);
  }
  const decoder = create();
  request.on('error', (error) => decoder.destroy(error));
  request.on('aborted', () => decoder.destroy(new Error('the client went away')));
  return request.pipe(decoder);
}

function tooLarge(maxBytes: number): Failure {
  return new Failure(
    299,
    'HTTP_LENGTH_TOO_LARGE',
    `The body is larger than ${maxBytes} bytes. Send it in several inserts.`,
    413,
  );
}

function noRoom(): Failure {
  return new Failure(
    202,
    'TOO_MANY_SIMULTANEOUS_QUERIES',
    'The bodies of the requests that are being received fill the memory set aside for them. ' +
      'Send it again later.',
    503,
  );
}
