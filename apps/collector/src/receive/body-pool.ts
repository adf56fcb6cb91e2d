/** A smaller body is as cheap to make anew. */
const MIN_BYTES = 16 * 1024;
/** Sizes to a doubling: the memory of a body is at most a sixteenth larger than the body. */
const STEPS = 16;
const MAX_FREE_BYTES = 64 * 2 ** 20;
const TRIM_EVERY_MS = 10_000;

/**
 * Memory of request bodies, used again when the window lets go of a body. Bodies live for seconds,
 * so V8 would free their memory only with a full collection, and begins one whenever much of it has
 * gathered: many a second under load, each of them looking at everything else that is alive.
 *
 * A body that is never given back is collected as any other memory is.
 */
export class BodyPool {
  private readonly free = new Map<number, ArrayBuffer[]>();
  private readonly ours = new WeakSet<ArrayBufferLike>();
  private bytes = 0;
  /** The least that was free since the last trim: so much nobody needed. */
  private unused = 0;
  private trimmedMs = 0;

  /** Bytes free for the next bodies. */
  get freeBytes(): number {
    return this.bytes;
  }

  /** Room for a body; what is in it is left over from others. */
  take(length: number): Buffer {
    if (length < MIN_BYTES) return Buffer.allocUnsafeSlow(length);
    const size = sizeFor(length);
    const known = this.free.get(size)?.pop();
    if (known !== undefined) {
      this.bytes -= size;
      this.unused = Math.min(this.unused, this.bytes);
      this.ours.add(known);
      return Buffer.from(known, 0, length);
    }
    const made = Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer;
    this.ours.add(made);
    return Buffer.from(made, 0, length);
  }

  /** Takes back a body, or a part of it, to which nothing points any more. */
  give({ buffer }: Uint8Array): void {
    // Out of our hands it is not ours, so that one given twice is taken in once.
    if (!this.ours.delete(buffer)) return;
    const size = buffer.byteLength;
    if (this.bytes + size > MAX_FREE_BYTES) return;
    this.bytes += size;
    const alike = this.free.get(size);
    if (alike === undefined) this.free.set(size, [buffer as ArrayBuffer]);
    else alike.push(buffer as ArrayBuffer);
  }

  /** Lets go, from time to time, of what was not needed for as long. */
  tick(nowMs: number): void {
    if (nowMs - this.trimmedMs < TRIM_EVERY_MS) return;
    this.trimmedMs = nowMs;
    for (const [size, buffers] of this.free) {
      while (this.unused >= size && buffers.pop() !== undefined) {
        this.unused -= size;
        this.bytes -= size;
      }
      if (buffers.length === 0) this.free.delete(size);
    }
    this.unused = this.bytes;
  }
}

function sizeFor(length: number): number {
  const step = 2 ** Math.ceil(Math.log2(length)) / 2 / STEPS;
  return Math.ceil(length / step) * step;
}

/** One for all doors of a thread. */
export const bodyPool = new BodyPool();
