import * as field from '../otlp/span-table.ts';
import { type SpanTable, WORDS } from '../otlp/span-table.ts';

/** Above this share of a body nothing worth having is saved by copying out of it. */
const COPY_BELOW = 0.75;

/**
 * Copies what the spans of a scanned body still need of it to a body of that size, when many of its
 * spans have gone: one that waits must not hold the bytes of those that others decide. Neighbours
 * keep sharing their resource and scope.
 */
export function shrinkBody(table: SpanTable): void {
  const [body] = table.bodies;
  if (body === undefined) return;
  const bytes = bytesNeeded(table);
  if (bytes >= body.length * COPY_BELOW) return;
  const copy = new Uint8Array(bytes);
  let used = 0;
  const move = (base: number, offset: number, length: number): void => {
    const start = table.rows[base + offset] as number;
    const size = table.rows[base + length] as number;
    copy.set(body.subarray(start, start + size), used);
    table.rows[base + offset] = used;
    used += size;
  };
  /** Where the resource and scope of the span before lay in the body, and lie in the copy. */
  const shared = PARTS.map(() => ({ from: -1, to: 0 }));
  for (let base = 0; base < table.count * WORDS; base += WORDS) {
    PARTS.forEach(([offset, length], part) => {
      const known = shared[part] as { from: number; to: number };
      const from = table.rows[base + offset] as number;
      if (from !== known.from) {
        move(base, offset, length);
        known.from = from;
        known.to = table.rows[base + offset] as number;
      } else table.rows[base + offset] = known.to;
    });
    move(base, field.OFFSET, field.LENGTH);
  }
  table.bodies = [copy];
}

const PARTS = [
  [field.RESOURCE_OFFSET, field.RESOURCE_LENGTH],
  [field.SCOPE_OFFSET, field.SCOPE_LENGTH],
] as const;

function bytesNeeded({ rows, count }: SpanTable): number {
  let bytes = 0;
  for (let base = 0; base < count * WORDS; base += WORDS) {
    bytes += rows[base + field.LENGTH] as number;
    for (const [offset, length] of PARTS) {
      const again = base > 0 && rows[base + offset] === rows[base - WORDS + offset];
      if (!again) bytes += rows[base + length] as number;
    }
  }
  return bytes;
}
