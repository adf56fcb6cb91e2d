/** Room made at once for a body that only announces its size; more comes as bytes arrive. */
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
  /** A chunk that is the whole body, in memory of its own. */
  private whole: Buffer | undefined;

  /** @param expected bytes, as the sender announced: anything, 0 when it said nothing */
  constructor(expected: number) {
    this.expected = expected > 0 ? Math.trunc(expected) : 0;
  }

  add(chunk: Buffer): void {
    if (this.length === 0 && chunk.length === this.expected && ownsItsMemory(chunk)) {
      this.whole = chunk;
    } else if (chunk.length > 0) {
      const from = this.length;
      const { whole } = this;
      const room = this.roomFor(from + chunk.length);
      if (whole !== undefined) {
        room.set(whole);
        this.whole = undefined;
      }
      room.set(chunk, from);
    }
    this.length += chunk.length;
  }

  /** The body; nothing may be added afterwards. */
  finish(): Buffer {
    const { whole, length, bytes } = this;
    if (whole !== undefined) return whole;
    if (bytes === undefined) return Buffer.alloc(0);
    if (bytes.length <= MAX_WASTE * length) return bytes.subarray(0, length);
    const exact = Buffer.allocUnsafeSlow(length);
    exact.set(bytes.subarray(0, length));
    return exact;
  }

  private roomFor(needed: number): Buffer {
    const { bytes } = this;
    if (bytes !== undefined && needed <= bytes.length) return bytes;
    const announced = Math.min(this.expected, FIRST_ROOM_BYTES);
    const doubled = 2 * (bytes?.length ?? 0);
    const bounded = needed <= this.expected ? Math.min(doubled, this.expected) : doubled;
    const room = Buffer.allocUnsafeSlow(Math.max(needed, announced, bounded));
    if (bytes !== undefined) room.set(bytes.subarray(0, this.length));
    this.bytes = room;
    return room;
  }
}

function ownsItsMemory(chunk: Buffer): boolean {
  return chunk.buffer.byteLength <= MAX_WASTE * chunk.length;
}
