import { expect, test } from 'vitest';
import { ConfigError } from '../config.ts';
import {
  entryOf,
  initTable,
  isFull,
  setAt,
  setIndex,
  type Table,
  withEntry,
  withoutEntry,
  withSet,
} from './table.ts';

const keys = (count: number) => Array.from({ length: count }, (_, at) => `user-${at}`);

function put(table: Table<number>, key: string, entry: number): Table<number> {
  const index = setIndex(table, key);
  return withSet(table, index, withEntry(setAt(table, index), key, entry));
}

test('keeps what is put in, under any name, and copies little of the rest', () => {
  let table: Table<number> = initTable('maxKeys', { maxKeys: 10_000, seed: 3 });
  expect(table.width).toBe(36);
  const names = ['', '__proto__', 'constructor', 'toString', ...keys(500)];
  names.forEach((key, at) => {
    const before = table;
    table = put(table, key, at);
    const group = Math.floor(setIndex(table, key) / table.width);
    const same = table.groups.filter((each, index) => each === before.groups[index]);
    expect(same.length).toBe(table.groups.length - 1);
    expect(table.groups[group]).not.toBe(before.groups[group]);
  });
  names.forEach((key, at) => {
    expect(entryOf(setAt(table, setIndex(table, key)), key)).toBe(at);
  });
  expect(entryOf(setAt(table, setIndex(table, 'nobody')), 'nobody')).toBeUndefined();
});

test('an entry is replaced in its place, and taken out with its key', () => {
  let set = setAt<number>(initTable('maxKeys', { maxKeys: 8, seed: 0 }), 0);
  for (const [at, key] of keys(8).entries()) {
    expect(isFull(set)).toBe(false);
    set = withEntry(set, key, at);
  }
  expect(isFull(set)).toBe(true);
  set = withEntry(set, 'user-3', 33);
  expect(set.entries).toEqual([0, 1, 2, 33, 4, 5, 6, 7]);
  set = withoutEntry(set, 3);
  expect(set.keys).toEqual(['user-0', 'user-1', 'user-2', 'user-4', 'user-5', 'user-6', 'user-7']);
  expect(set.entries).toEqual([0, 1, 2, 4, 5, 6, 7]);
});

test('a set that holds nothing leaves no trace; one that remembers does', () => {
  const table: Table<number> = initTable('maxKeys', { maxKeys: 1, seed: 0 });
  expect(table).toEqual({ seed: 0, width: 1, groups: [null] });
  const full = put(table, 'a', 1);
  const empty = withSet(full, 0, withoutEntry(setAt(full, 0), 0));
  expect(empty.groups).toEqual([[null]]);
  const remembering = withSet(full, 0, { keys: [], entries: [], rest: 5 });
  expect(setAt(remembering, 0).rest).toBe(5);
});

test('keys spread evenly: few of half as many as the places meet a full set', () => {
  for (const seed of [0, 1, -7, 123_456_789]) {
    const table = initTable('maxKeys', { maxKeys: 20_000, seed });
    const counts = new Map<number, number>();
    let strangers = 0;
    for (const key of keys(10_000)) {
      const index = setIndex(table, key);
      expect(index >= 0 && index < table.width ** 2).toBe(true);
      const count = (counts.get(index) ?? 0) + 1;
      strangers += count > 8 ? 1 : 0;
      counts.set(index, count);
    }
    // Poisson with mean 4: 1.1 % of the keys come ninth or later.
    expect(strangers).toBeGreaterThan(30);
    expect(strangers).toBeLessThan(200);
  }
});

test('another seed, another set', () => {
  const [a, b] = [1, 2].map((seed) => initTable('maxKeys', { maxKeys: 20_000, seed }));
  const same = keys(1_000).filter((key) => setIndex(a!, key) === setIndex(b!, key));
  expect(same.length).toBeLessThan(20);
});

test.each([0, 1.5, -1, 100_001, Number.NaN])('refuses %s places', (maxKeys) => {
  expect(() => initTable('maxKeys', { maxKeys, seed: 0 })).toThrow(ConfigError);
});

test('refuses a seed that is no whole number', () => {
  expect(() => initTable('maxKeys', { maxKeys: 10, seed: 0.5 })).toThrow(/seed/);
  expect(initTable('maxKeys', { maxKeys: 100_000, seed: 0 }).width).toBe(112);
});
