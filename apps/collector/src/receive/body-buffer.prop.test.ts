import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyBuffer } from './body-buffer.ts';

/** A chunk as connections hand them out: a slice of a larger block. */
function slice(bytes: Uint8Array): Buffer {
  const block = Buffer.alloc(3 * bytes.length + 100, 0xee);
  block.set(bytes, 50);
  return block.subarray(50, 50 + bytes.length);
}

test('chunks of any sizes, announced well or badly, are the body, in memory of its own', () => {
  const announced = fc.oneof(
    fc.constantFrom('right', 'nothing'),
    fc.constantFrom(Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 50),
    fc.nat(3000),
  );
  const chunks = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 12 });
  fc.assert(
    fc.property(chunks, announced, fc.boolean(), (parts, size, own) => {
      const whole = Buffer.concat(parts);
      const expected = size === 'right' ? whole.length : size === 'nothing' ? 0 : size;
      const body = new BodyBuffer(expected as number);
      for (const part of parts) body.add(own ? Buffer.from(part.slice().buffer) : slice(part));
      const bytes = body.finish();
      expect(bytes.equals(whole)).toBe(true);
      expect(body.length).toBe(whole.length);
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(Math.max(1.25 * whole.length, 1));
    }),
    { numRuns: 500 },
  );
});

test('a chunk that is the whole body and has memory of its own is not copied', () => {
  const chunk = Buffer.allocUnsafeSlow(5000);
  const body = new BodyBuffer(5000);
  body.add(chunk);
  expect(body.finish()).toBe(chunk);
});
