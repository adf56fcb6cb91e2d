import type { Interner } from '../otlp/interner.ts';

/** Not worked out yet; a name that comes to it is only worked out again. */
const UNKNOWN = 0;

/**
 * Two 32-bit hashes of the text of each interned name, for keys that outlive the interner's ids:
 * when it has forgotten a name, its id may stand for another.
 */
export class NameHashes {
  readonly #strings: Interner;
  #hashes = new Int32Array(128);
  #generation: number;

  constructor(strings: Interner) {
    this.#strings = strings;
    this.#generation = strings.generation;
  }

  low(id: number): number {
    return this.#hashes[this.#placeOf(id)] as number;
  }

  high(id: number): number {
    return this.#hashes[this.#placeOf(id) + 1] as number;
  }

  #placeOf(id: number): number {
    if (this.#generation !== this.#strings.generation) {
      this.#generation = this.#strings.generation;
      this.#hashes.fill(UNKNOWN);
    }
    const place = 2 * id;
    if (place >= this.#hashes.length) {
      const grown = new Int32Array(Math.max(place + 2, this.#hashes.length * 2));
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    if (this.#hashes[place] === UNKNOWN) this.#work(place, this.#strings.text(id));
    return place;
  }

  #work(place: number, text: string): void {
    let low = 0x811c9dc5;
    let high = 0x27d4eb2f;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x5bd1e995);
    }
    this.#hashes[place] = low;
    this.#hashes[place + 1] = high;
  }
}
