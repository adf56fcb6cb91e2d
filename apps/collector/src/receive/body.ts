import type { Readable } from 'node:stream';
import { BodyBuffer } from './body-buffer.ts';
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
  /** Size as announced, before decompression; undefined when it is not. */
  readonly expectedBytes?: number;
}

/** What is made of the chunks of one request. */
export interface Collector<Result> {
  /** Takes a chunk; a result means that the rest need not be read. */
  take(chunk: Buffer): Result | undefined;
  finish(): Result;
}

/** Reads a stream to its end, or to the first reason not to. */
export function collect<Result>(
  stream: Readable,
  timeoutMs: number,
  collector: Collector<Result>,
): Promise<Result | BodyResult> {
  return new Promise((resolve) => {
    const end = (result: Result | BodyResult) => {
      clearTimeout(timer);
      stream.off('data', take);
      resolve(result);
    };
    const aborted = () => end({ kind: 'aborted' });
    const timer = setTimeout(() => end({ kind: 'timeout' }), timeoutMs);
    const take = (chunk: Buffer) => {
      const early = collector.take(chunk);
      if (early !== undefined) end(early);
    };
    stream.on('data', take);
    stream.once('end', () => end(collector.finish()));
    stream.once('error', aborted);
    stream.once('close', aborted);
  });
}

class WholeBody implements Collector<BodyResult> {
  private readonly body: BodyBuffer;
  private readonly maxBytes: number;
  private readonly reservation: Reservation;

  constructor({ expectedBytes, maxBytes }: BodyLimits, reservation: Reservation) {
    this.body = new BodyBuffer(expectedBytes ?? 0);
    this.maxBytes = maxBytes;
    this.reservation = reservation;
  }

  take(chunk: Buffer): BodyResult | undefined {
    if (this.body.length + chunk.length > this.maxBytes) return { kind: 'too_large' };
    if (!this.reservation.grow(chunk.length)) return { kind: 'no_room' };
    this.body.add(chunk);
    return undefined;
  }

  finish(): BodyResult {
    return { kind: 'bytes', bytes: this.body.finish() };
  }
}

/** A request body as it was before its content coding. The limit holds before and after. */
export async function readBody(
  stream: Readable,
  coding: Coding,
  limits: BodyLimits,
  reservation: Reservation,
): Promise<BodyResult> {
  const raw = await collect(stream, limits.timeoutMs, new WholeBody(limits, reservation));
  if (raw.kind !== 'bytes' || coding === 'identity') return raw;
  const result = await decompress(raw.bytes, coding, limits.maxBytes, reservation);
  reservation.shrink(raw.bytes.length);
  return result;
}
