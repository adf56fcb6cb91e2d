import { bodyPool } from './body-pool.ts';

/**
 * Room made for a body that only announces its size; the rest follows when so much has arrived. An
 * announcement alone must not cost memory.
 */
const FIRST_ROOM_BYTES = 1 << 20;

/** A body may lie in memory up to this many times its size: it is kept while its spans wait. */
const MAX_WASTE = 1.25;

/**
 * The bytes of one body. Where its size is known they are copied once, from the chunks of the
 * connection into memory of exactly that size; so no chunk outlives its turn, and none pins the
 * larger block that it is a slice of.
 */
export class BodyBuffer {
  length = 0;
  private readonly expected: number;
  private bytes: Buffer | undefined;
  /** Chunks not copied yet: all of them where the size is unknown, or one that is the body. */
  private readonly chunks: Buffer[] = [];

  /** @param expected bytes as announced, no more than may come; 0 when nothing was said */
  constructor(expected: number) {
    this.expected = expected > 0 ? Math.trunc(expected) : 0;
  }

  add(chunk: Buffer): void {
    const whole = this.length === 0 && chunk.length === this.expected && ownsItsMemory(chunk);
    if (this.expected === 0 || whole) this.chunks.push(chunk);
    else if (chunk.length > 0) this.roomFor(this.length + chunk.length).set(chunk, this.length);
    this.length += chunk.length;
  }

  /** The body; nothing may be added afterwards. */
  finish(): Buffer {
    const { chunks, length, bytes } = this;
    const [first] = chunks;
    if (first !== undefined && first.length === length && ownsItsMemory(first)) return first;
    if (bytes !== undefined && bytes.length <= MAX_WASTE * length) return bytes.subarray(0, length);
    const exact = Buffer.allocUnsafeSlow(length);
    if (bytes !== undefined) exact.set(bytes.subarray(0, length));
    else copyAll(chunks, exact);
    return exact;
  }

  private roomFor(needed: number): Buffer {
    const { bytes, chunks } = this;
    if (bytes !== undefined && needed <= bytes.length) return bytes;
    const announced = needed <= FIRST_ROOM_BYTES ? FIRST_ROOM_BYTES : Number.POSITIVE_INFINITY;
    const more = needed <= this.expected ? Math.min(this.expected, announced) : 2 * needed;
    const room = bodyPool.take(more);
    if (bytes !== undefined) room.set(bytes.subarray(0, this.length));
    else copyAll(chunks, room);
    chunks.length = 0;
    this.bytes = room;
    return room;
  }
}

function copyAll(chunks: readonly Buffer[], to: Buffer): void {
  let at = 0;
  for (const chunk of chunks) {
    to.set(chunk, at);
    at += chunk.length;
  }
}

function ownsItsMemory(chunk: Buffer): boolean {
  return chunk.buffer.byteLength <= MAX_WASTE * chunk.length;
}
