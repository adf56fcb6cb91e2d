const NOTHING = new Uint8Array(0);

/**
 * A sub-message that may come in several pieces: protobuf merges them, and merging is
 * concatenation. One piece, the usual case, is not copied; many are copied once.
 */
export class Pieces {
  #first: Uint8Array | undefined;
  #more: Uint8Array[] | undefined;

  get empty(): boolean {
    return this.#first === undefined;
  }

  add(piece: Uint8Array): void {
    if (this.#first === undefined) this.#first = piece;
    else if (this.#more === undefined) this.#more = [piece];
    else this.#more.push(piece);
  }

  clear(): void {
    this.#first = undefined;
    this.#more = undefined;
  }

  joined(): Uint8Array {
    if (this.#first === undefined) return NOTHING;
    if (this.#more === undefined) return this.#first;
    const all = [this.#first].concat(this.#more);
    const bytes = new Uint8Array(all.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of all) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}
