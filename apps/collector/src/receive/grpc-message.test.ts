import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ByteBudget, Reservation } from './budget.ts';
import type { Coding } from './decompress.ts';
import { GRPC, readMessage } from './grpc-message.ts';

function frame(payload: Uint8Array, flag = 0, length = payload.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, payload]);
}

function read(chunks: Buffer[], name: Coding | 'unknown' = 'identity', end = true) {
  const coding = name === 'unknown' ? undefined : name;
  const stream = new PassThrough();
  const budget = new ByteBudget(10_000);
  const reservation = new Reservation(budget);
  const limits = { maxBytes: 1000, timeoutMs: 60_000 };
  const result = readMessage(stream, coding, limits, reservation);
  for (const chunk of chunks) stream.write(chunk);
  if (end) stream.end();
  return result;
}

const hello = Buffer.from('hello');

test('a message arrives whole or byte by byte', async () => {
  const framed = frame(hello);
  expect(await read([framed])).toEqual({ kind: 'bytes', bytes: hello });
  const bytes = [...framed].map((byte) => Buffer.from([byte]));
  expect(await read(bytes)).toEqual({ kind: 'bytes', bytes: hello });
});

test('a compressed message needs a coding', async () => {
  const zipped = frame(gzipSync(hello), 1);
  expect(await read([zipped], 'gzip')).toEqual({ kind: 'bytes', bytes: hello });
  expect(await read([zipped], 'identity')).toMatchObject({ kind: 'protocol', code: GRPC.internal });
  expect(await read([zipped], 'unknown')).toMatchObject({ code: GRPC.unimplemented });
});

test('a message that is not compressed is taken, whatever the header names', async () => {
  expect(await read([frame(hello)], 'gzip')).toEqual({ kind: 'bytes', bytes: hello });
});

test('a length above the limit is refused before the message is sent', async () => {
  expect(await read([frame(hello, 0, 1001)], 'identity', false)).toEqual({ kind: 'too_large' });
});

test('broken framing is named', async () => {
  expect(await read([])).toMatchObject({ code: GRPC.invalidArgument });
  expect(await read([frame(hello, 0, 9)])).toMatchObject({
    message: 'the message ended after 5 of 9 bytes',
  });
  expect(await read([frame(hello), frame(hello)])).toMatchObject({ code: GRPC.unimplemented });
  expect(await read([frame(hello, 7)])).toMatchObject({ code: GRPC.internal });
});
