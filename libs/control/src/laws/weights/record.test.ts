import { expect, test } from 'vitest';
import { put, saneWeights } from './record.ts';

test('an entry may have any name', () => {
  const record: { [key: string]: number } = {};
  for (const [index, key] of ['a', '__proto__', 'constructor', ''].entries()) {
    put(record, key, index);
  }
  expect(Object.entries(record)).toEqual([
    ['a', 0],
    ['__proto__', 1],
    ['constructor', 2],
    ['', 3],
  ]);
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  put(record, '__proto__', 9);
  expect(Object.entries(record)[1]).toEqual(['__proto__', 9]);
  expect(Reflect.ownKeys(JSON.parse(JSON.stringify(record)))).toContain('__proto__');
  expect(Reflect.deleteProperty(record, '__proto__')).toBe(true);
});

test('weights that are none are left out', () => {
  const read = { a: 1, b: 0, c: -1, d: Number.NaN, e: Number.POSITIVE_INFINITY };
  expect(saneWeights(read)).toEqual({ a: 1, b: 0 });
});
