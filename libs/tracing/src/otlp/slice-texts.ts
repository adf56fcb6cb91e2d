const SLOTS = 512;
/** Longer slices are written anew each time: the cache stays within 3 MiB. */
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
 * found by their content. One place a hash: a newcomer replaces who was there.
 */
export class SliceTexts {
  readonly #entries: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);

  /** The text kept for these bytes with this salt, or undefined. */
  find(bytes: Uint8Array, start: number, end: number, salt: number): Uint8Array | undefined {
    const entry = this.#entries[slotOf(bytes, start, end, salt)];
    if (entry === undefined || entry.salt !== salt) return undefined;
    const { slice } = entry;
    if (slice.length !== end - start) return undefined;
    for (let index = 0; index < slice.length; index += 1) {
      if (slice[index] !== bytes[start + index]) return undefined;
    }
    return entry.text;
  }

  /** Keeps a copy of both. */
  keep(bytes: Uint8Array, start: number, end: number, salt: number, text: Uint8Array): void {
    if (end - start > MAX_SLICE_BYTES || text.length > MAX_TEXT_BYTES) return;
    const entry = { salt, slice: copy(bytes, start, end), text: copy(text, 0, text.length) };
    this.#entries[slotOf(bytes, start, end, salt)] = entry;
  }
}

/** Never a view of pooled memory, whatever kind of array the bytes are. */
function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copied = new Uint8Array(end - start);
  copied.set(bytes.subarray(start, end));
  return copied;
}

function slotOf(bytes: Uint8Array, start: number, end: number, salt: number): number {
  const length = end - start;
  let hash = Math.imul(salt, 0x9e3779b1) ^ length;
  for (let sample = 1; sample <= SAMPLES; sample += 1) {
    const at = start + Math.floor((length * sample) / SAMPLES) - 1;
    hash = Math.imul(hash ^ (at < start ? 0 : (bytes[at] as number)), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  return (hash >>> 0) % SLOTS;
}
