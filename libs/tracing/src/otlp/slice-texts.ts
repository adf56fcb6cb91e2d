const SETS = 256;
const WAYS = 4;
/** Longer slices are written anew each time: the cache stays within 6 MiB. */
const MAX_SLICE_BYTES = 2048;
const MAX_TEXT_BYTES = 4096;
/** Bytes of a slice that take part in its hash, spread over its length. */
const SAMPLES = 8;

interface Entry {
  readonly salt: number;
  readonly slice: Uint8Array;
  readonly text: Uint8Array;
}

/**
 * What was written for slices of requests that come again and again, as resources and scopes do,
 * found by their content. Few places a hash: a newcomer replaces who was there longest.
 */
export class SliceTexts {
  readonly #sets: Entry[][] = Array.from({ length: SETS }, () => []);

  /** The text kept for these bytes with this salt, or undefined. */
  find(bytes: Uint8Array, start: number, end: number, salt: number): Uint8Array | undefined {
    const set = this.#sets[setOf(bytes, start, end, salt)] as Entry[];
    for (let way = 0; way < set.length; way += 1) {
      const entry = set[way] as Entry;
      if (entry.salt === salt && isSame(entry.slice, bytes, start, end)) return entry.text;
    }
    return undefined;
  }

  /** Keeps a copy of both. */
  keep(bytes: Uint8Array, start: number, end: number, salt: number, text: Uint8Array): void {
    if (end - start > MAX_SLICE_BYTES || text.length > MAX_TEXT_BYTES) return;
    const set = this.#sets[setOf(bytes, start, end, salt)] as Entry[];
    if (set.length >= WAYS) set.shift();
    set.push({ salt, slice: copy(bytes, start, end), text: copy(text, 0, text.length) });
  }
}

function isSame(slice: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (slice.length !== end - start) return false;
  for (let index = 0; index < slice.length; index += 1) {
    if (slice[index] !== bytes[start + index]) return false;
  }
  return true;
}

/** Never a view of pooled memory, whatever kind of array the bytes are. */
function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copied = new Uint8Array(end - start);
  copied.set(bytes.subarray(start, end));
  return copied;
}

function setOf(bytes: Uint8Array, start: number, end: number, salt: number): number {
  const length = end - start;
  let hash = Math.imul(salt, 0x9e3779b1) ^ length;
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const at = start + Math.floor((length * sample) / SAMPLES) - 1;
    hash = Math.imul(hash ^ (at < start ? 0 : (bytes[at] as number)), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return (hash >>> 0) % SETS;
}
