import { expect, test } from 'vitest';
import { BodyPool } from './body-pool.ts';

const MIB = 2 ** 20;

test('a body that was given back is the memory of the next one of about its size', () => {
  const pool = new BodyPool();
  const first = pool.take(100_000);
  expect(first.length).toBe(100_000);
  expect(first.buffer.byteLength).toBeLessThan(100_000 * 1.07);
  pool.give(first.subarray(0, 90_000));
  const second = pool.take(99_900);
  expect(second.length).toBe(99_900);
  expect(second.buffer).toBe(first.buffer);
  expect(pool.take(99_900).buffer).not.toBe(first.buffer);
  expect(pool.freeBytes).toBe(0);
});

test('any length fits, and little is wasted', () => {
  const pool = new BodyPool();
  for (let length = 1; length < 5 * MIB; length = Math.ceil(length * 1.37)) {
    const body = pool.take(length);
    expect(body.length).toBe(length);
    expect(body.buffer.byteLength).toBeLessThanOrEqual(length * (1 + 1 / 16) + 1);
  }
});

test('foreign memory is not taken in, nor the same body twice', () => {
  const pool = new BodyPool();
  pool.give(new Uint8Array(100_000));
  expect(pool.freeBytes).toBe(0);
  const body = pool.take(100_000);
  pool.give(body);
  pool.give(body);
  expect(pool.take(100_000).buffer).toBe(body.buffer);
  expect(pool.take(100_000).buffer).not.toBe(body.buffer);
});

test('no more is kept than a bound, and what nobody needs is let go', () => {
  const pool = new BodyPool();
  const bodies = Array.from({ length: 100 }, () => pool.take(MIB));
  for (const body of bodies) pool.give(body);
  expect(pool.freeBytes).toBe(64 * MIB);
  pool.tick(10_000);
  expect(pool.freeBytes).toBe(64 * MIB);
  for (let turn = 0; turn < 10; turn += 1) {
    const used = [pool.take(MIB), pool.take(MIB)];
    for (const body of used) pool.give(body);
  }
  pool.tick(15_000);
  expect(pool.freeBytes).toBe(64 * MIB);
  pool.tick(20_000);
  expect(pool.freeBytes).toBe(2 * MIB);
});
