/**
 * A queue that is changed by copying little: items in chunks, a change copies one chunk and the
 * list of chunks. Two neighbours that would fit into one chunk are joined when something is taken
 * out between them, so n items never lie in more than 2n/32 + 2 chunks. Plain JSON.
 */

const CHUNK = 32;

export interface Fifo<T> {
  readonly size: number;
  /** Oldest first; none is empty. */
  readonly chunks: readonly (readonly T[])[];
}

/** Where an item lies. */
export interface Place {
  readonly chunk: number;
  readonly index: number;
}

export const EMPTY_FIFO: Fifo<never> = { size: 0, chunks: [] };

export function first<T>(fifo: Fifo<T>): T | undefined {
  return fifo.chunks[0]?.[0];
}

export function last<T>(fifo: Fifo<T>): T | undefined {
  return fifo.chunks.at(-1)?.at(-1);
}

export function push<T>(fifo: Fifo<T>, item: T): Fifo<T> {
  const tail = fifo.chunks.at(-1);
  const size = fifo.size + 1;
  if (tail === undefined || tail.length >= CHUNK) {
    return { size, chunks: [...fifo.chunks, [item]] };
  }
  const chunks = fifo.chunks.slice();
  chunks[chunks.length - 1] = [...tail, item];
  return { size, chunks };
}

export function removeFirst<T>(fifo: Fifo<T>): Fifo<T> {
  return removeAt(fifo, { chunk: 0, index: 0 });
}

export function removeLast<T>(fifo: Fifo<T>): Fifo<T> {
  const chunk = fifo.chunks.length - 1;
  return removeAt(fifo, { chunk, index: (fifo.chunks[chunk]?.length ?? 0) - 1 });
}

/** A place that holds nothing: the same queue. */
export function removeAt<T>(fifo: Fifo<T>, place: Place): Fifo<T> {
  const chunk = fifo.chunks[place.chunk];
  if (chunk === undefined || place.index < 0 || place.index >= chunk.length) {
    return fifo;
  }
  const rest = [...chunk.slice(0, place.index), ...chunk.slice(place.index + 1)];
  const chunks = fifo.chunks.slice();
  chunks.splice(place.chunk, 1, ...(rest.length === 0 ? [] : [rest]));
  joinAt(chunks, place.chunk);
  joinAt(chunks, place.chunk - 1);
  return { size: fifo.size - 1, chunks };
}

/** Joins the chunk and the one after it where they fit into one. */
function joinAt<T>(chunks: (readonly T[])[], at: number): void {
  const [a, b] = [chunks[at], chunks[at + 1]];
  if (a !== undefined && b !== undefined && a.length + b.length <= CHUNK) {
    chunks.splice(at, 2, [...a, ...b]);
  }
}

/** Takes items from the front as long as `leaves` says so, asking each of them once. */
export function dropWhile<T>(fifo: Fifo<T>, leaves: (item: T) => boolean): Fifo<T> {
  const { chunks } = fifo;
  let dropped = 0;
  for (let at = 0; at < chunks.length; at += 1) {
    const chunk = chunks[at] as readonly T[];
    const stays = chunk.findIndex((item) => !leaves(item));
    if (stays >= 0) {
      const size = fifo.size - dropped - stays;
      return dropped + stays === 0
        ? fifo
        : { size, chunks: [chunk.slice(stays), ...chunks.slice(at + 1)] };
    }
    dropped += chunk.length;
  }
  return EMPTY_FIFO;
}

/** Where the item with this key lies, in a queue whose keys only grow; null: nowhere. */
export function placeOf<T>(fifo: Fifo<T>, key: number, keyOf: (item: T) => number): Place | null {
  const chunk = fifo.chunks.findIndex((items) => keyOf(items.at(-1) as T) >= key);
  const index = fifo.chunks[chunk]?.findIndex((item) => keyOf(item) === key) ?? -1;
  return index >= 0 ? { chunk, index } : null;
}

/** Every item changed: for rare events, it copies all. */
export function mapFifo<T>(fifo: Fifo<T>, change: (item: T) => T): Fifo<T> {
  return { size: fifo.size, chunks: fifo.chunks.map((chunk) => chunk.map(change)) };
}
