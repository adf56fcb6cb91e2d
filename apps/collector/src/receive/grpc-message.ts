import type { Readable } from 'node:stream';
import { type BodyLimits, type BodyResult, collect } from './body.ts';
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

/** The length in the prefix refuses what is too large before it is sent. */
function announcedLength(chunks: readonly Buffer[], length: number): number {
  if (length < PREFIX_BYTES) return 0;
  const [first] = chunks;
  const whole =
    first !== undefined && first.length >= PREFIX_BYTES
      ? first
      : Buffer.concat(chunks.slice(0, PREFIX_BYTES));
  return whole.readUInt32BE(1);
}

function unframe(framed: Buffer): MessageResult {
  if (framed.length === 0) {
    return protocol(GRPC.invalidArgument, 'the call ended without a message');
  }
  const length = framed.length < PREFIX_BYTES ? 0 : framed.readUInt32BE(1);
  const arrived = framed.length - PREFIX_BYTES;
  if (arrived < length) {
    const text = `the message ended after ${Math.max(0, arrived)} of ${length} bytes`;
    return protocol(GRPC.invalidArgument, text);
  }
  if (arrived > length) {
    return protocol(GRPC.unimplemented, 'the call carries more than one message');
  }
  return { kind: 'bytes', bytes: framed.subarray(PREFIX_BYTES) };
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
  const framed = await collect(
    stream,
    { ...limits, maxBytes: limits.maxBytes + PREFIX_BYTES },
    reservation,
    (chunks, length) => announcedLength(chunks, length) > limits.maxBytes,
  );
  if (framed.kind !== 'bytes') return framed;
  const message = unframe(framed.bytes);
  if (message.kind !== 'bytes' || framed.bytes[0] === 0) return message;
  if (framed.bytes[0] !== 1) {
    return protocol(GRPC.internal, `the message has the unknown flags ${framed.bytes[0]}`);
  }
  if (coding === undefined) {
    return protocol(GRPC.unimplemented, 'the message is compressed in an unknown way');
  }
  if (coding === 'identity') {
    return protocol(GRPC.internal, 'the message is compressed, but grpc-encoding names nothing');
  }
  const plain = await decompress(message.bytes, coding, limits.maxBytes, reservation);
  reservation.shrink(framed.bytes.length);
  return plain;
}
