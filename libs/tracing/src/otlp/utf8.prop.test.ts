import fc from 'fast-check';
import { expect, test } from 'vitest';
import { viewOf } from './interner.ts';
import { decodeUtf8, encodeUtf8, isUtf8 } from './utf8.ts';

interface Decoder {
  decode(bytes: Uint8Array): string;
}
const { TextDecoder } = globalThis as unknown as {
  TextDecoder: new (label: string, options: object) => Decoder;
};
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function reference(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes that come near to valid sequences. */
const tricky = fc
  .uint8Array({ maxLength: 6 })
  .chain((tail) =>
    fc
      .constantFrom([], [0xe0], [0xed], [0xf0], [0xf4], [0xc2], [0xc1], [0x41, 0x42, 0x43, 0x44])
      .map((head) => Uint8Array.from([...head, ...tail])),
  );

test('validity and text agree with the platform', () => {
  fc.assert(
    fc.property(fc.oneof(tricky, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      const expected = reference(bytes);
      expect(isUtf8(bytes, viewOf(bytes), 0, bytes.length)).toBe(expected !== undefined);
      if (expected !== undefined) expect(decodeUtf8(bytes, 0, bytes.length)).toBe(expected);
    }),
    { numRuns: 20_000 },
  );
});

test('any well-formed text survives; a lone surrogate becomes U+FFFD', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = encodeUtf8(text);
      expect(reference(bytes)).toBe(text);
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text);
    }),
  );
  expect(reference(encodeUtf8('a\ud800b'))).toBe('a\ufffdb');
});
