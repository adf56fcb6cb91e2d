import {
  BODY,
  LENGTH,
  OFFSET,
  RESOURCE_LENGTH,
  RESOURCE_OFFSET,
  SCOPE_LENGTH,
  SCOPE_OFFSET,
} from '../otlp/span-table.ts';
import type { SpanStore } from './span-store.ts';

const NO_BODY = -1;
const NOTHING = new Uint8Array(0);

/** Slices that spans of one body share. */
const SHARED = [
  [RESOURCE_OFFSET, RESOURCE_LENGTH],
  [SCOPE_OFFSET, SCOPE_LENGTH],
] as const;

/** Below this share of live bytes a body's remaining spans are copied out of it. */
const COMPACT_BELOW = 0.25;
/**
 * How long a body may stay sparse before it is copied out of, ms: most of the stragglers are
 * decided within moments, and then nothing need be copied.
 */
const SPARSE_MS = 500;
/** Copying out of a smaller body would save nothing worth having. */
const COMPACT_MIN_BYTES = 4096;

interface Held {
  /** Rows of the body's spans; one that has left names another body by now, or none. */
  rows: Int32Array;
  live: number;
  liveBytes: number;
  /** Copy the rest out when fewer live bytes remain. */
  compactBelow: number;
  /** It waits in the queue of sparse bodies. */
  queued: boolean;
}

interface Sparse {
  readonly body: number;
  readonly held: Held;
  readonly sinceMs: number;
}

/**
 * Request bodies that waiting spans point into, kept by reference. A body leaves with its last
 * span; when most of it has been decided for a while, the stragglers' slices move to a body of
 * their own size, so that one slow trace never pins a whole request.
 */
export class BodyStore {
  /** By body id, as in the `BODY` word of a row. Ids are reused. */
  readonly bytes: Uint8Array[] = [];
  readonly #held: (Held | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #spans: SpanStore;
  /** Bodies of which few bytes live, oldest first; those before `#sparseAt` have been seen to. */
  #sparse: Sparse[] = [];
  #sparseAt = 0;
  #nowMs = 0;
  #count = 0;
  #totalBytes = 0;

  constructor(spans: SpanStore) {
    this.#spans = spans;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of all bodies held. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Registers a body for at most `capacity` spans; `close` follows when they have been added. */
  open(bytes: Uint8Array, capacity: number): number {
    const body = this.#free.pop() ?? this.bytes.length;
    this.bytes[body] = bytes;
    const rows = new Int32Array(capacity);
    const compactBelow = bytes.length < COMPACT_MIN_BYTES ? 0 : bytes.length * COMPACT_BELOW;
    this.#held[body] = { rows, live: 0, liveBytes: 0, compactBelow, queued: false };
    this.#count += 1;
    this.#totalBytes += bytes.length;
    return body;
  }

  attach(body: number, row: number): void {
    const held = this.#held[body] as Held;
    held.rows[held.live] = row;
    held.live += 1;
    held.liveBytes += this.#spans.word(row, LENGTH);
  }

  /** The body has all its spans; one without any is let go. */
  close(body: number): void {
    const held = this.#held[body] as Held;
    if (held.live === 0) this.#drop(body);
    else {
      if (held.live < held.rows.length) held.rows = held.rows.slice(0, held.live);
      if (held.liveBytes < held.compactBelow) this.#compact(body, held);
    }
  }

  /** A span leaves its body, which goes too when it was the last, or shrinks when few are left. */
  detach(row: number): void {
    const body = this.#spans.word(row, BODY);
    const held = this.#held[body] as Held;
    held.live -= 1;
    held.liveBytes -= this.#spans.word(row, LENGTH);
    this.#spans.setWord(row, BODY, NO_BODY);
    if (held.live === 0) this.#drop(body);
    else if (held.liveBytes < held.compactBelow && !held.queued) {
      held.queued = true;
      this.#sparse.push({ body, held, sinceMs: this.#nowMs });
    }
  }

  /** Copies out of bodies that have been sparse for a while. Rows handed out before are stale. */
  tend(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#compactSince(nowMs - SPARSE_MS);
  }

  /** Copies out of every sparse body at once; returns whether there was one. */
  shrink(): boolean {
    const before = this.#totalBytes;
    this.#compactSince(Number.POSITIVE_INFINITY);
    return this.#totalBytes < before;
  }

  #compactSince(timeMs: number): void {
    for (;;) {
      const first = this.#sparse[this.#sparseAt];
      if (first === undefined || first.sinceMs > timeMs) break;
      this.#sparseAt += 1;
      first.held.queued = false;
      const { body, held } = first;
      if (this.#held[body] === held && held.liveBytes < held.compactBelow) {
        this.#compact(body, held);
      }
    }
    if (this.#sparseAt * 2 > this.#sparse.length) {
      this.#sparse = this.#sparse.slice(this.#sparseAt);
      this.#sparseAt = 0;
    }
  }

  #compact(body: number, held: Held): void {
    const old = this.bytes[body] as Uint8Array;
    const rows = held.rows.filter((row) => this.#spans.word(row, BODY) === body);
    let size = 0;
    const seen = new Set<number>();
    for (const row of rows) {
      size += this.#spans.word(row, LENGTH);
      for (const [offset, length] of SHARED) {
        const at = this.#spans.word(row, offset);
        if (!seen.has(at)) size += this.#spans.word(row, length);
        if (this.#spans.word(row, length) > 0) seen.add(at);
      }
    }
    held.rows = rows;
    if (size * 2 > old.length) {
      held.compactBelow = held.liveBytes / 2;
      return;
    }
    const copy = new Uint8Array(size);
    this.#moveSlices(rows, old, copy);
    this.bytes[body] = copy;
    this.#totalBytes += size - old.length;
    held.compactBelow = size < COMPACT_MIN_BYTES ? 0 : size * COMPACT_BELOW;
  }

  /** Copies each span, and each resource and scope once, and points the rows at the copies. */
  #moveSlices(rows: Int32Array, old: Uint8Array, copy: Uint8Array): void {
    const moved = new Map<number, number>();
    let used = 0;
    const move = (at: number, length: number): number => {
      copy.set(old.subarray(at, at + length), used);
      used += length;
      return used - length;
    };
    for (const row of rows) {
      const spans = this.#spans;
      spans.setWord(row, OFFSET, move(spans.word(row, OFFSET), spans.word(row, LENGTH)));
      for (const [offset, length] of SHARED) {
        const at = spans.word(row, offset);
        // An empty slice may begin where another one does: it has no place of its own.
        if (spans.word(row, length) === 0) continue;
        const known = moved.get(at) ?? move(at, spans.word(row, length));
        moved.set(at, known);
        spans.setWord(row, offset, known);
      }
    }
  }

  #drop(body: number): void {
    this.#totalBytes -= (this.bytes[body] as Uint8Array).length;
    this.bytes[body] = NOTHING;
    this.#held[body] = undefined;
    this.#free.push(body);
    this.#count -= 1;
  }
}
