import { expect, test } from 'vitest';
import { ConfigError } from '../config.ts';
import {
  hashOf,
  initTable,
  isFull,
  placeIn,
  setAt,
  type Table,
  withEntry,
  withoutEntry,
  withSet,
} from './table.ts';

const keys = (count: number) => Array.from({ length: count }, (_, at) => `user-${at}`);

function put(table: Table<number>, key: string, entry: number): Table<number> {
  const hash = hashOf(table, key);
  const set = setAt(table, hash);
  return withSet(table, hash, withEntry(set, { at: placeIn(set, key, hash), key, hash }, entry));
}

function get(table: Table<number>, key: string): number | undefined {
  const hash = hashOf(table, key);
  const set = setAt(table, hash);
  return set.entries[placeIn(set, key, hash)];
}

test.each([
  [1, 1, 1],
  [8, 1, 1],
  [9, 2, 1],
  [128, 16, 1],
  [129, 5, 2],
  [2_048, 16, 2],
  [10_000, 11, 3],
  [20_000, 14, 3],
  [100_000, 11, 4],
])('%i places: nodes of %i branches, %i deep', (maxKeys, width, depth) => {
  expect(initTable('maxKeys', { maxKeys, seed: 0 })).toMatchObject({ width, depth });
});

test.each([8, 100, 2_000, 10_000, 100_000])('%i places keep what is put in', (maxKeys) => {
  let table: Table<number> = initTable('maxKeys', { maxKeys, seed: 3 });
  const names = ['', '__proto__', 'constructor', 'toString', ...keys(500)];
  const kept = new Map<string, number>();
  names.forEach((key, at) => {
    const hash = hashOf(table, key);
    if (isFull(setAt(table, hash))) return;
    const before = table;
    table = put(table, key, at);
    kept.set(key, at);
    const same = table.root.filter((each, branch) => each === before.root[branch]);
    expect(same.length).toBe(table.width - 1);
  });
  expect(kept.size).toBeGreaterThanOrEqual(Math.min(maxKeys, 100));
  for (const key of names) {
    expect(get(table, key)).toBe(kept.get(key));
  }
  for (const [key, at] of kept) {
    table = put(table, key, at + 1_000);
  }
  for (const [key, at] of kept) {
    expect(get(table, key)).toBe(at + 1_000);
  }
});

test('an entry is replaced in its place, and taken out with its key', () => {
  const table: Table<number> = initTable('maxKeys', { maxKeys: 8, seed: 0 });
  let set = setAt(table, 0);
  for (const [at, key] of keys(8).entries()) {
    expect(isFull(set)).toBe(false);
    set = withEntry(set, { at: -1, key, hash: at }, at);
  }
  expect(isFull(set)).toBe(true);
  set = withEntry(set, { at: 3, key: 'user-3', hash: 3 }, 33);
  expect(set.entries).toEqual([0, 1, 2, 33, 4, 5, 6, 7]);
  expect(placeIn(set, 'user-3', 3)).toBe(3);
  expect(placeIn(set, 'user-3', 4)).toBe(-1);
  expect(placeIn(set, 'user-4', 3)).toBe(-1);
  set = withoutEntry(set, 3);
  expect(set.keys).toEqual(['user-0', 'user-1', 'user-2', 'user-4', 'user-5', 'user-6', 'user-7']);
  expect(set.hashes).toEqual([0, 1, 2, 4, 5, 6, 7]);
  expect(set.entries).toEqual([0, 1, 2, 4, 5, 6, 7]);
});

test('a set that holds nothing leaves no trace; one that remembers does', () => {
  const table: Table<number> = initTable('maxKeys', { maxKeys: 1, seed: 0 });
  expect(table).toEqual({ seed: 0, width: 1, depth: 1, root: [null] });
  const full = put(table, 'a', 1);
  const empty = withSet(full, 0, withoutEntry(setAt(full, 0), 0));
  expect(empty.root).toEqual([null]);
  const remembering = withSet(full, 0, { keys: [], hashes: [], entries: [], rest: 5 });
  expect(setAt(remembering, 0).rest).toBe(5);
});

test('keys spread evenly: few of half as many as the places meet a full set', () => {
  for (const seed of [0, 1, -7, 123_456_789]) {
    const table = initTable('maxKeys', { maxKeys: 20_000, seed });
    const sets = table.width ** table.depth;
    const counts = new Map<number, number>();
    let strangers = 0;
    for (const key of keys(sets * 4)) {
      const index = hashOf(table, key) % sets;
      const count = (counts.get(index) ?? 0) + 1;
      strangers += count > 8 ? 1 : 0;
      counts.set(index, count);
    }
    // Poisson with mean 4: 0.8 % of the keys come ninth or later.
    expect(strangers / (sets * 4)).toBeGreaterThan(0.004);
    expect(strangers / (sets * 4)).toBeLessThan(0.015);
  }
});

test('another seed, another set', () => {
  const [a, b] = [1, 2].map((seed) => initTable('maxKeys', { maxKeys: 20_000, seed }));
  const same = keys(1_000).filter((key) => hashOf(a!, key) % 2_500 === hashOf(b!, key) % 2_500);
  expect(same.length).toBeLessThan(20);
});

test.each([0, 1.5, -1, 100_001, Number.NaN])('refuses %s places', (maxKeys) => {
  expect(() => initTable('maxKeys', { maxKeys, seed: 0 })).toThrow(ConfigError);
});

test('refuses a seed that is no whole number', () => {
  expect(() => initTable('maxKeys', { maxKeys: 10, seed: 0.5 })).toThrow(/seed/);
});
