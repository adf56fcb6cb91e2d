import type { Malformed } from './wire.ts';

/** Items left out of an accepted request: partial success. */
export interface Rejected {
  count: number;
  /** '' when nothing was rejected; else names each cause, how often, and the first place. */
  message: string;
}

/** Counts rejected items by cause. The causes are sentences of this library, so they are few. */
export class Rejections {
  #count = 0;
  readonly #causes = new Map<string, { count: number; first: number }>();

  get count(): number {
    return this.#count;
  }

  add(cause: string, index: number, count = 1): void {
    this.#count += count;
    const known = this.#causes.get(cause);
    if (known === undefined) this.#causes.set(cause, { count, first: index });
    else known.count += count;
  }

  /** `item` is the singular noun: 'span', 'data point', 'log record'. */
  result(item: string): Rejected {
    if (this.#count === 0) return { count: 0, message: '' };
    const parts: string[] = [];
    for (const [cause, { count, first }] of this.#causes) {
      parts.push(`${count} x ${cause} (first: ${item} ${first})`);
    }
    const noun = this.#count === 1 ? item : `${item}s`;
    return { count: this.#count, message: `rejected ${this.#count} ${noun}: ${parts.join('; ')}` };
  }
}

/** What is wrong with a body as a whole: HTTP 400, gRPC INVALID_ARGUMENT. */
export interface OtlpFault {
  /** Position of the item in the body, counted from 0; undefined when outside any item. */
  index: number | undefined;
  /** Byte offset in the protobuf body; undefined for JSON. */
  offset: number | undefined;
  /** One sentence for the sender: item, place and cause. */
  message: string;
  /** Well formed, but more than one request may hold: HTTP 413, gRPC RESOURCE_EXHAUSTED. */
  tooLarge?: true;
}

/** The sentence a sender gets for a broken body. `index` is that of the item it broke in. */
export function faultOf(
  error: Malformed,
  body: Uint8Array,
  item: string,
  index: number | undefined,
): OtlpFault {
  const offset = error.offset - body.byteOffset;
  const place = index === undefined ? '' : ` in ${item} ${index}`;
  const message = `malformed protobuf${place} at byte ${offset}: ${error.message}`;
  return { index, offset, message };
}
