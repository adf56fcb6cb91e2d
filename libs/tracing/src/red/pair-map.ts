/**
 * Values by two small integers, such as interned ids. Two maps of integers rather than one with a
 * joined key: a number beyond 2^31 would be an object, made anew for every look-up.
 */
export class PairMap<T> {
  readonly #byFirst = new Map<number, Map<number, T>>();

  get(first: number, second: number): T | undefined {
    return this.#byFirst.get(first)?.get(second);
  }

  set(first: number, second: number, value: T): void {
    const known = this.#byFirst.get(first);
    if (known !== undefined) known.set(second, value);
    else this.#byFirst.set(first, new Map([[second, value]]));
  }

  clear(): void {
    this.#byFirst.clear();
  }

  *[Symbol.iterator](): Generator<[first: number, second: number, value: T]> {
    for (const [first, values] of this.#byFirst) {
      for (const [second, value] of values) yield [first, second, value];
    }
  }
}
