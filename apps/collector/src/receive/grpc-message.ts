import type { Readable } from 'node:stream';
import { type BodyLimits, type BodyResult, type Collector, collect } from './body.ts';
import { BodyBuffer } from './body-buffer.ts';
import type { Reservation } from './budget.ts';
import { type Coding, decompress } from './decompress.ts';

/** Compressed flag and length in front of every gRPC message. */
const PREFIX_BYTES = 5;

/** gRPC's status codes used here. */
export const GRPC = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export type MessageResult =
  | BodyResult
  /** The framing is broken; `code` is one of GRPC. */
  | { readonly kind: 'protocol'; readonly code: number; readonly message: string };

const protocol = (code: number, message: string): MessageResult => ({
  kind: 'protocol',
  code,
  message,
});

/** The one framed message of a call, filled from its chunks while they arrive. */
class FramedMessage implements Collector<MessageResult> {
  /** 0: plain, 1: compressed; known with the prefix. */
  flags = 0;
  private readonly prefix = new Uint8Array(PREFIX_BYTES);
  private arrived = 0;
  private length = 0;
  private body: BodyBuffer | undefined;
  private readonly maxBytes: number;
  private readonly reservation: Reservation;

  constructor(maxBytes: number, reservation: Reservation) {
    this.maxBytes = maxBytes;
    this.reservation = reservation;
  }

  take(chunk: Buffer): MessageResult | undefined {
    if (!this.reservation.grow(chunk.length)) return { kind: 'no_room' };
    let at = 0;
    for (; this.arrived < PREFIX_BYTES && at < chunk.length; at += 1) {
      this.prefix[this.arrived] = chunk[at] as number;
      this.arrived += 1;
      if (this.arrived === PREFIX_BYTES) this.begin();
    }
    this.arrived += chunk.length - at;
    // The length in the prefix refuses what is too large before it is sent.
    if (Math.max(this.length, this.arrived - PREFIX_BYTES) > this.maxBytes) {
      return { kind: 'too_large' };
    }
    if (at < chunk.length) this.body?.add(at === 0 ? chunk : chunk.subarray(at));
    return undefined;
  }

  finish(): MessageResult {
    if (this.arrived === 0) {
      return protocol(GRPC.invalidArgument, 'the call ended without a message');
    }
    const arrived = this.arrived - PREFIX_BYTES;
    if (arrived < this.length) {
      const text = `the message ended after ${Math.max(0, arrived)} of ${this.length} bytes`;
      return protocol(GRPC.invalidArgument, text);
    }
    if (arrived > this.length || this.body === undefined) {
      return protocol(GRPC.unimplemented, 'the call carries more than one message');
    }
    return { kind: 'bytes', bytes: this.body.finish() };
  }

  private begin(): void {
    const { prefix } = this;
    this.flags = prefix[0] as number;
    this.length = new DataView(prefix.buffer).getUint32(1);
    this.body = new BodyBuffer(this.length);
  }
}

/**
 * The one message of a unary call, decompressed.
 *
 * @param coding what the `grpc-encoding` header names; undefined when it is unknown
 */
export async function readMessage(
  stream: Readable,
  coding: Coding | undefined,
  limits: BodyLimits,
  reservation: Reservation,
): Promise<MessageResult> {
  const framed = new FramedMessage(limits.maxBytes, reservation);
  const message = await collect(stream, limits.timeoutMs, framed);
  if (message.kind !== 'bytes' || framed.flags === 0) return message;
  if (framed.flags !== 1) {
    return protocol(GRPC.internal, `the message has the unknown flags ${framed.flags}`);
  }
  if (coding === undefined) {
    return protocol(GRPC.unimplemented, 'the message is compressed in an unknown way');
  }
  if (coding === 'identity') {
    return protocol(GRPC.internal, 'the message is compressed, but grpc-encoding names nothing');
  }
  const plain = await decompress(message.bytes, coding, limits.maxBytes, reservation);
  reservation.shrink(PREFIX_BYTES + message.bytes.length);
  return plain;
}
