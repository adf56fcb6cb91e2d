import * as field from '../otlp/span-table.ts';
import type { SpanStore } from './span-store.ts';

const NO_BODY = -1;
const NOTHING = new Uint8Array(0);

/** Below this share of live bytes a body's remaining spans are copied out of it. */
const COMPACT_BELOW = 0.25;
/**
 * How long a body may stay sparse before it is copied out of, ms: most of the stragglers are
 * decided within moments, and then nothing need be copied.
 */
const SPARSE_MS = 500;
/** Bytes that a body takes beside itself, without rows and contexts. */
const HELD_BYTES = 200;
/** Copying out of a smaller body would save nothing worth having. */
const COMPACT_MIN_BYTES = 4096;

/**
 * What spans of one body share: names as interned ids, and where resource and scope lie. A context
 * is this many numbers.
 */
const SHARED = [
  field.SERVICE,
  field.INSTANCE,
  field.HOST,
  field.RESOURCE_OFFSET,
  field.RESOURCE_LENGTH,
  field.SCOPE_OFFSET,
  field.SCOPE_LENGTH,
] as const;
const CONTEXT = SHARED.length;
const RESOURCE_OFFSET = SHARED.indexOf(field.RESOURCE_OFFSET);
const SCOPE_OFFSET = SHARED.indexOf(field.SCOPE_OFFSET);
/** Where in a context the two slices lie; their lengths follow. */
const SLICES = [RESOURCE_OFFSET, SCOPE_OFFSET];

interface Held {
  /** Rows of the body's spans; one that has left names another body by now, or none. */
  rows: Int32Array;
  live: number;
  liveBytes: number;
  /** Runs of spans share a context; a span names the position of the first of its numbers. */
  contexts: number[];
  /** Copy the rest out when fewer live bytes remain. */
  compactBelow: number;
  /** It waits in the queue of sparse bodies. */
  queued: boolean;
  /** What it takes beside its own bytes, since its last span was added. */
  ownBytes: number;
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
  readonly #release: (bytes: Uint8Array) => void;
  /** Bodies of which few bytes live, oldest first; those before `#sparseAt` have been seen to. */
  #sparse: Sparse[] = [];
  #sparseAt = 0;
  #nowMs = 0;
  #count = 0;
  #totalBytes = 0;

  /** @param release told of each body, given to `open`, to which nothing points any more */
  constructor(spans: SpanStore, release: (bytes: Uint8Array) => void) {
    this.#spans = spans;
    this.#release = release;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of all bodies held, and of what is noted about them. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Registers a body for at most `capacity` spans; `close` follows when they have been added. */
  open(bytes: Uint8Array, capacity: number): number {
    const body = this.#free.pop() ?? this.bytes.length;
    this.bytes[body] = bytes;
    const rows = new Int32Array(capacity);
    const compactBelow = bytes.length < COMPACT_MIN_BYTES ? 0 : bytes.length * COMPACT_BELOW;
    this.#held[body] = {
      rows,
      live: 0,
      liveBytes: 0,
      contexts: [],
      compactBelow,
      queued: false,
      ownBytes: 0,
    };
    this.#count += 1;
    this.#totalBytes += bytes.length;
    return body;
  }

  /** A span that has been copied from `rows[base]` to the store becomes one of the body's. */
  attach(body: number, row: number, rows: Int32Array, base: number): void {
    const held = this.#held[body] as Held;
    this.#spans.place(row, body, contextOf(held.contexts, rows, base));
    held.rows[held.live] = row;
    held.live += 1;
    held.liveBytes += rows[base + field.LENGTH] as number;
  }

  /** Copies out what a span shares with others of its body. */
  copyShared(row: number, rows: Int32Array, base: number): void {
    const { contexts } = this.#held[this.#spans.body(row)] as Held;
    const context = this.#spans.context(row);
    for (let part = 0; part < CONTEXT; part += 1) {
      rows[base + (SHARED[part] as number)] = contexts[context + part] as number;
    }
  }

  /** The body has all its spans; one without any is let go. */
  close(body: number): void {
    const held = this.#held[body] as Held;
    if (held.live === 0) this.#drop(body);
    else {
      if (held.live < held.rows.length) held.rows = held.rows.slice(0, held.live);
      this.#countOwn(held);
      if (held.liveBytes < held.compactBelow) this.#compact(body, held);
    }
  }

  /** A span leaves its body, which goes too when it was the last, or shrinks when few are left. */
  detach(row: number): void {
    const body = this.#spans.body(row);
    const held = this.#held[body] as Held;
    held.live -= 1;
    held.liveBytes -= this.#spans.length(row);
    this.#spans.place(row, NO_BODY, 0);
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
    const spans = this.#spans;
    const old = this.bytes[body] as Uint8Array;
    const rows = held.rows.filter((row) => spans.body(row) === body);
    held.rows = rows;
    const contexts = [...new Set(Array.from(rows, (row) => spans.context(row)))];
    const slices = sharedSlices(held.contexts, contexts);
    let size = held.liveBytes;
    for (const length of slices.values()) size += length;
    if (size * 2 > old.length) {
      held.compactBelow = held.liveBytes / 2;
      this.#countOwn(held);
      return;
    }
    const copy = new Uint8Array(size);
    let used = 0;
    const move = (at: number, length: number): number => {
      copy.set(old.subarray(at, at + length), used);
      used += length;
      return used - length;
    };
    for (const row of rows) spans.setOffset(row, move(spans.offset(row), spans.length(row)));
    const moved = new Map<number, number>();
    for (const [at, length] of slices) moved.set(at, move(at, length));
    for (const context of contexts) {
      for (const slice of SLICES) {
        const at = held.contexts[context + slice] as number;
        // An empty slice has no place of its own.
        held.contexts[context + slice] = moved.get(at) ?? 0;
      }
    }
    this.#packContexts(body, held, contexts);
    this.#countOwn(held);
    this.bytes[body] = copy;
    this.#release(old);
    this.#totalBytes += size - old.length;
    held.compactBelow = size < COMPACT_MIN_BYTES ? 0 : size * COMPACT_BELOW;
  }

  /** Lets go of all contexts but these. */
  #packContexts(body: number, held: Held, contexts: readonly number[]): void {
    const places = new Map<number, number>();
    const packed: number[] = [];
    for (const context of contexts) {
      places.set(context, packed.length);
      packed.push(...held.contexts.slice(context, context + CONTEXT));
    }
    for (const row of held.rows) {
      this.#spans.place(row, body, places.get(this.#spans.context(row)) as number);
    }
    held.contexts = packed;
  }

  #countOwn(held: Held): void {
    this.#totalBytes -= held.ownBytes;
    held.ownBytes = HELD_BYTES + held.rows.length * 4 + held.contexts.length * 8;
    this.#totalBytes += held.ownBytes;
  }

  #drop(body: number): void {
    const ownBytes = this.#held[body]?.ownBytes ?? 0;
    this.#totalBytes -= (this.bytes[body] as Uint8Array).length + ownBytes;
    this.#release(this.bytes[body] as Uint8Array);
    this.bytes[body] = NOTHING;
    this.#held[body] = undefined;
    this.#free.push(body);
    this.#count -= 1;
  }
}

/** The context of the span at `rows[base]`: that of the span before it, or a new one. */
function contextOf(contexts: number[], rows: Int32Array, base: number): number {
  const last = contexts.length - CONTEXT;
  if (last >= 0 && isContext(contexts, last, rows, base)) return last;
  for (const part of SHARED) contexts.push(rows[base + part] as number);
  return last + CONTEXT;
}

/** Spans of the same resource and scope have the same names. */
function isContext(contexts: number[], at: number, rows: Int32Array, base: number): boolean {
  for (let part = RESOURCE_OFFSET; part < CONTEXT; part += 1) {
    if (contexts[at + part] !== rows[base + (SHARED[part] as number)]) return false;
  }
  return true;
}

/** The resources and scopes of some contexts, each once: length in bytes by offset. */
function sharedSlices(all: readonly number[], contexts: readonly number[]): Map<number, number> {
  const slices = new Map<number, number>();
  for (const context of contexts) {
    for (const slice of SLICES) {
      const length = all[context + slice + 1] as number;
      // An empty slice may begin where another one does.
      if (length > 0) slices.set(all[context + slice] as number, length);
    }
  }
  return slices;
}
