import type { Readable } from 'node:stream';
import type { Reservation } from './budget.ts';
import { type Coding, decompress } from './decompress.ts';

export type BodyResult =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'no_room' }
  | { readonly kind: 'corrupt'; readonly message: string }
  | { readonly kind: 'timeout' }
  /** The sender went away; there is nobody to answer. */
  | { readonly kind: 'aborted' };

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/**
 * All bytes of a stream, or the first reason why not; reading stops there.
 *
 * @param announcesTooMuch told what has arrived so far; true when it announces too large a body
 */
export function collect(
  stream: Readable,
  limits: BodyLimits,
  reservation: Reservation,
  announcesTooMuch?: (chunks: readonly Buffer[], length: number) => boolean,
): Promise<BodyResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (result: BodyResult) => {
      clearTimeout(timer);
      stream.off('data', take);
      resolve(result);
    };
    const timer = setTimeout(() => end({ kind: 'timeout' }), limits.timeoutMs);
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limits.maxBytes) end({ kind: 'too_large' });
      else if (!reservation.grow(chunk.length)) end({ kind: 'no_room' });
      else {
        chunks.push(chunk);
        if (announcesTooMuch?.(chunks, length) === true) end({ kind: 'too_large' });
      }
    };
    stream.on('data', take);
    stream.once('end', () => {
      const [first] = chunks;
      end({
        kind: 'bytes',
        bytes: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length),
      });
    });
    stream.once('error', () => end({ kind: 'aborted' }));
    stream.once('close', () => end({ kind: 'aborted' }));
  });
}

/** A request body as it was before its content coding. The limit holds before and after. */
export async function readBody(
  stream: Readable,
  coding: Coding,
  limits: BodyLimits,
  reservation: Reservation,
): Promise<BodyResult> {
  const raw = await collect(stream, limits, reservation);
  if (raw.kind !== 'bytes' || coding === 'identity') return raw;
  const result = await decompress(raw.bytes, coding, limits.maxBytes, reservation);
  reservation.shrink(raw.bytes.length);
  return result;
}
