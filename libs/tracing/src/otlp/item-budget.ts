import type { OtlpFault } from './rejections.ts';

/**
 * Resources, scopes, metrics, points and records of one request that becomes rows. Each costs about
 * a kilobyte while it is one, and as little as two bytes in the body: 64 MiB could ask for 32 GB.
 */
export const MAX_ITEMS = 250_000;

/** The request holds more items than are taken at once. */
export class TooManyItems extends Error {
  override readonly name = 'TooManyItems';
}

/** Counts items while they are read; the one too many throws `TooManyItems`. */
export class ItemBudget {
  #left: number;
  readonly #limit: number;

  constructor(limit: number) {
    this.#left = limit;
    this.#limit = limit;
  }

  take(): void {
    this.#left -= 1;
    if (this.#left < 0) {
      throw new TooManyItems(
        `the request holds more than ${this.#limit} items; send smaller batches`,
      );
    }
  }
}

export function tooManyFault({ message }: TooManyItems): OtlpFault {
  return { index: undefined, offset: undefined, message, tooLarge: true };
}
