import { decodeUtf8, encodeUtf8, isUtf8 } from './utf8.ts';

export interface InternerLimits {
  /** Distinct strings. */
  maxEntries: number;
  /** Bytes of all strings together. */
  maxBytes: number;
}

const DEFAULTS: InternerLimits = { maxEntries: 200_000, maxBytes: 16 * 2 ** 20 };

/** A longer string is not interned: names that long are data, not names. */
const MAX_STRING_BYTES = 1024;
/**
 * Share of the room that names of operations may take. People put ids into them; the names of
 * services and instances, by which the controller steers, must still fit then.
 */
export const OPERATIONS_SHARE = 0.5;
/** Likewise for instances: where they are jobs with ids, services must still fit. */
export const INSTANCES_SHARE = 0.75;
/** A look-up gives up after this many steps, so that crafted collisions cannot stall a scan. */
const MAX_PROBES = 64;

export const EMPTY_ID = 0;
export const OVERFLOW_ID = 1;
export const OVERFLOW_TEXT = '__overflow__';
/** Returned instead of an id: the bytes are not UTF-8. */
export const NOT_UTF8 = -1;

/** Use of the room for operations, or a look-up without room, from which it pays to forget. */
const CROWDED = 0.9;
/** Length of a name that was forgotten: nothing is as long. */
const FORGOTTEN = -1;

/**
 * Strings interned from their bytes to small integers. Bounded in entries and bytes; what does not
 * fit gets `OVERFLOW_ID` and is counted. An id stays valid until `forget` says otherwise, and may
 * then stand for another string: whoever remembers something by id looks at `generation`.
 */
export class Interner {
  readonly #limits: InternerLimits;
  #arena = new Uint8Array(4096);
  #arenaUsed = 0;
  #offsets = new Int32Array(256);
  #lengths = new Int32Array(256);
  #hashes = new Int32Array(256);
  #slots = new Int32Array(512);
  #texts: (string | undefined)[] = [];
  /** One more than the greatest id. */
  #top = 0;
  readonly #freeIds: number[] = [];
  #overflows = 0;
  #overflowsBefore = 0;
  #generation = 0;

  constructor(limits: Partial<InternerLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.internText('');
    this.internText(OVERFLOW_TEXT);
  }

  /** Strings held, the empty one and the overflow entry included. */
  get size(): number {
    return this.#top - this.#freeIds.length;
  }

  /** Changes when ids have been given away. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether names did not fit, or soon will not, since it last forgot. */
  get crowded(): boolean {
    const { maxEntries, maxBytes } = this.#limits;
    const share = CROWDED * OPERATIONS_SHARE;
    const full = this.size >= share * maxEntries || this.#arenaUsed >= share * maxBytes;
    return full || this.#overflows > this.#overflowsBefore;
  }

  /** For `forget`: a mark for each id, none set but those of the two fixed entries. */
  marks(): Uint8Array {
    const used = new Uint8Array(this.#top);
    used[EMPTY_ID] = 1;
    used[OVERFLOW_ID] = 1;
    return used;
  }

  /** Gives the ids that are not marked, and their room, to other names. */
  forget(used: Uint8Array): void {
    const arena = this.#arena;
    let kept = 0;
    for (let id = 0; id < this.#top; id += 1) {
      if (used[id] === 1) kept += Math.max(0, this.#lengths[id] as number);
    }
    this.#arena = new Uint8Array(Math.max(4096, kept));
    this.#arenaUsed = 0;
    for (let id = 0; id < this.#top; id += 1) {
      const length = this.#lengths[id] as number;
      if (length === FORGOTTEN) continue;
      if (used[id] === 1) {
        const offset = this.#offsets[id] as number;
        this.#arena.set(arena.subarray(offset, offset + length), this.#arenaUsed);
        this.#offsets[id] = this.#arenaUsed;
        this.#arenaUsed += length;
      } else {
        this.#lengths[id] = FORGOTTEN;
        this.#texts[id] = undefined;
        this.#freeIds.push(id);
      }
    }
    this.#place(new Int32Array(this.#slots.length));
    this.#overflowsBefore = this.#overflows;
    this.#generation += 1;
  }

  /** Look-ups answered with the overflow entry. */
  get overflows(): number {
    return this.#overflows;
  }

  text(id: number): string {
    const known = this.#texts[id];
    if (known !== undefined) return known;
    if (id < 0 || id >= this.#top || this.#lengths[id] === FORGOTTEN) return '';
    const offset = this.#offsets[id] as number;
    const text = decodeUtf8(this.#arena, offset, offset + (this.#lengths[id] as number));
    this.#texts[id] = text;
    return text;
  }

  internText(text: string, share = 1): number {
    const bytes = encodeUtf8(text);
    return this.intern(bytes, 0, bytes.length, share);
  }

  /**
   * The id of `length` bytes at `offset`; `NOT_UTF8` when they are no text. A new string is taken
   * while less than `share` of the room is used.
   */
  intern(bytes: Uint8Array, offset: number, length: number, share = 1): number {
    if (length > MAX_STRING_BYTES) {
      if (!isText(bytes, offset, length)) return NOT_UTF8;
      return this.#overflow();
    }
    const hash = hashBytes(bytes, offset, length);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let probe = 0; probe < MAX_PROBES; probe += 1) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return this.#insert(bytes, offset, length, hash, slot, share);
      const id = entry - 1;
      if (
        this.#hashes[id] === hash &&
        this.#lengths[id] === length &&
        this.#equals(id, bytes, offset, length)
      ) {
        return id;
      }
      slot = (slot + 1) & mask;
    }
    return isText(bytes, offset, length) ? this.#overflow() : NOT_UTF8;
  }

  #overflow(): number {
    this.#overflows += 1;
    return OVERFLOW_ID;
  }

  #equals(id: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const arena = this.#arena;
    const at = this.#offsets[id] as number;
    for (let index = 0; index < length; index += 1) {
      if (arena[at + index] !== bytes[offset + index]) return false;
    }
    return true;
  }

  #insert(
    bytes: Uint8Array,
    offset: number,
    length: number,
    hash: number,
    slot: number,
    share: number,
  ): number {
    if (!isText(bytes, offset, length)) return NOT_UTF8;
    const { maxEntries, maxBytes } = this.#limits;
    if (this.size >= share * maxEntries || this.#arenaUsed + length > share * maxBytes) {
      return this.#overflow();
    }
    const id = this.#freeIds.pop() ?? this.#top;
    this.#reserve(length);
    this.#arena.set(bytes.subarray(offset, offset + length), this.#arenaUsed);
    this.#offsets[id] = this.#arenaUsed;
    this.#lengths[id] = length;
    this.#hashes[id] = hash;
    this.#slots[slot] = id + 1;
    this.#arenaUsed += length;
    if (id === this.#top) this.#top += 1;
    if (this.#top * 2 > this.#slots.length) this.#place(new Int32Array(this.#slots.length * 2));
    return id;
  }

  #reserve(length: number): void {
    if (this.#arenaUsed + length > this.#arena.length) {
      const arena = new Uint8Array(Math.max(this.#arena.length * 2, this.#arenaUsed + length));
      arena.set(this.#arena);
      this.#arena = arena;
    }
    if (this.#top >= this.#offsets.length) {
      this.#offsets = doubled(this.#offsets);
      this.#lengths = doubled(this.#lengths);
      this.#hashes = doubled(this.#hashes);
    }
  }

  /** Every name finds its place anew. */
  #place(slots: Int32Array<ArrayBuffer>): void {
    const mask = slots.length - 1;
    for (let id = 0; id < this.#top; id += 1) {
      if (this.#lengths[id] === FORGOTTEN) continue;
      let slot = (this.#hashes[id] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isText(bytes: Uint8Array, offset: number, length: number): boolean {
  return isUtf8(bytes, viewOf(bytes), offset, offset + length);
}

function doubled(column: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(column.length * 2);
  grown.set(column);
  return grown;
}

/** Multiply-xor over four bytes at a time, with a final mix so that low bits depend on all. */
function hashBytes(bytes: Uint8Array, offset: number, length: number): number {
  let hash = 0x9e3779b1 ^ length;
  const end = offset + length;
  let at = offset;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x85ebca6b);
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 13);
}
