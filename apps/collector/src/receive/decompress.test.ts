import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ByteBudget, Reservation } from './budget.ts';
import { type Coding, codingOf, decompress } from './decompress.ts';

const text = Buffer.from('spans and spans and spans '.repeat(1000));
const LIMIT = 100_000;

function undo(bytes: Buffer, coding: Coding, budget = new ByteBudget(1e9), limit = LIMIT) {
  return decompress(bytes, coding, limit, new Reservation(budget));
}

test.each<[string, Coding, Buffer]>([
  ['identity', 'identity', text],
  ['gzip', 'gzip', gzipSync(text)],
  ['several gzip members', 'gzip', Buffer.concat([gzipSync(text), gzipSync(text)])],
  ['deflate', 'deflate', deflateSync(text)],
  ['deflate without its header', 'deflate', deflateRawSync(text)],
  ['zstd', 'zstd', zstdCompressSync(text)],
])('%s is undone', async (name, coding, bytes) => {
  const whole = name.startsWith('several') ? Buffer.concat([text, text]) : text;
  expect(await undo(bytes, coding)).toEqual({ kind: 'bytes', bytes: whole });
});

test.each<[Coding, Buffer]>([
  ['gzip', gzipSync(text)],
  ['deflate', deflateSync(text)],
  ['zstd', zstdCompressSync(text)],
])('%s that is cut short or damaged is told so', async (coding, bytes) => {
  expect(await undo(bytes.subarray(0, bytes.length - 9), coding)).toMatchObject({
    kind: 'corrupt',
  });
  expect(await undo(Buffer.from('this is no compressed data'), coding)).toMatchObject({
    kind: 'corrupt',
  });
});

test.each<[Coding, Buffer]>([
  ['gzip', gzipSync(Buffer.alloc(64 << 20))],
  ['zstd', zstdCompressSync(Buffer.alloc(64 << 20))],
])('a %s bomb ends at the limit', async (coding, bomb) => {
  const budget = new ByteBudget(1e9);
  const reservation = new Reservation(budget);
  expect(await decompress(bomb, coding, LIMIT, reservation)).toEqual({ kind: 'too_large' });
  expect(budget.inUse).toBeLessThanOrEqual(LIMIT);
  reservation.end();
  expect(budget.inUse).toBe(0);
});

test('output counts against the bytes of all requests', async () => {
  const budget = new ByteBudget(10_000);
  expect(await undo(gzipSync(text), 'gzip', budget)).toEqual({ kind: 'no_room' });
});

test('codings are named in any case, chains and strangers are not known', () => {
  expect(codingOf(undefined)).toBe('identity');
  expect(codingOf('GZip')).toBe('gzip');
  expect(codingOf('identity, ZSTD')).toBe('zstd');
  expect(codingOf('gzip, gzip')).toBeUndefined();
  expect(codingOf('br')).toBeUndefined();
  expect(codingOf('constructor')).toBeUndefined();
});
