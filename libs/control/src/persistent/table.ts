/**
 * A table of keys with a fixed number of places, changed by copying little.
 *
 * Like the cache of a processor: the key's hash names a set of 8 places, and a key lives in its set
 * or nowhere. The sets lie in two levels of `width` each, so a change copies 2 `width` pointers and
 * one set, however many keys there are: 36 for 10,000 places.
 *
 * Who is put out of a full set is the user's choice; `rest` remembers what is known of all who
 * were. Sets fill unevenly: with as many keys as half the places 1 % of the keys meet a full set.
 * The seed of the hash keeps strangers from choosing keys that meet in one set. Plain JSON.
 */
import { requireThat } from '../config.ts';

const WAYS = 8;
const MOST_KEYS = 100_000;
/** Keys that agree in this many characters are one: the cost of a step is bounded. */
export const KEY_LENGTH = 256;

export interface TableSet<Entry> {
  readonly keys: readonly string[];
  readonly entries: readonly Entry[];
  /** What holds for every key that is not here; null: nothing is known of any. */
  readonly rest: Entry | null;
}

export interface Table<Entry> {
  readonly seed: number;
  readonly width: number;
  readonly groups: readonly (readonly (TableSet<Entry> | null)[] | null)[];
}

const EMPTY_SET: TableSet<never> = { keys: [], entries: [], rest: null };

export function initTable(
  field: string,
  config: { readonly maxKeys: number; readonly seed: number },
): Table<never> {
  const { maxKeys, seed } = config;
  const fits = Number.isInteger(maxKeys) && maxKeys >= 1 && maxKeys <= MOST_KEYS;
  requireThat(fits, field, maxKeys, `a whole number from 1 to ${MOST_KEYS}`);
  requireThat(Number.isInteger(seed), 'seed', seed, 'a whole number');
  const width = Math.ceil(Math.sqrt(maxKeys / WAYS));
  return { seed, width, groups: new Array(width).fill(null) };
}

/** Number of the key's set. */
export function setIndex(table: Table<unknown>, key: string): number {
  return hash(table.seed, key) % (table.width * table.width);
}

export function setAt<Entry>(table: Table<Entry>, index: number): TableSet<Entry> {
  const { width } = table;
  return table.groups[Math.floor(index / width)]?.[index % width] ?? EMPTY_SET;
}

export function withSet<Entry>(
  table: Table<Entry>,
  index: number,
  set: TableSet<Entry>,
): Table<Entry> {
  const { width } = table;
  const at = Math.floor(index / width);
  const group = table.groups[at]?.slice() ?? new Array(width).fill(null);
  group[index % width] = set.keys.length === 0 && set.rest === null ? null : set;
  const groups = table.groups.slice();
  groups[at] = group;
  return { ...table, groups };
}

export function isFull(set: TableSet<unknown>): boolean {
  return set.keys.length >= WAYS;
}

/** The key's entry set, in its place or at the end. */
export function withEntry<Entry>(set: TableSet<Entry>, key: string, entry: Entry): TableSet<Entry> {
  const at = set.keys.indexOf(key);
  if (at < 0) {
    return { ...set, keys: [...set.keys, key], entries: [...set.entries, entry] };
  }
  const entries = set.entries.slice();
  entries[at] = entry;
  return { ...set, entries };
}

export function withoutEntry<Entry>(set: TableSet<Entry>, at: number): TableSet<Entry> {
  return { ...set, keys: set.keys.toSpliced(at, 1), entries: set.entries.toSpliced(at, 1) };
}

export function entryOf<Entry>(set: TableSet<Entry>, key: string): Entry | undefined {
  return set.entries[set.keys.indexOf(key)];
}

/** FNV-1a over the key's code units, then mixed so that every bit of it counts. */
function hash(seed: number, key: string): number {
  let bits = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < key.length; at += 1) {
    bits = Math.imul(bits ^ key.charCodeAt(at), 0x01000193);
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
