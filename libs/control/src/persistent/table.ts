/**
 * A table of keys with a fixed number of places, changed by copying little.
 *
 * Like the cache of a processor: the key's hash names a set of 8 places, and a key lives in its set
 * or nowhere. The sets are the leaves of a tree with at most 16 branches to a node, so a change
 * copies one way down and one set, however many keys there are: 3 nodes of 14 for 20,000 places.
 *
 * Who is put out of a full set is the user's choice; `rest` remembers what is known of all who
 * were. Sets fill unevenly: with as many keys as half the places 1 % of the keys meet a full set.
 * The seed of the hash keeps strangers from choosing keys that meet in one set. Plain JSON.
 */
import { requireThat } from '../config.ts';

const WAYS = 8;
const MOST_BRANCHES = 16;
const MOST_KEYS = 100_000;
/** Keys that agree in this many characters are one: the cost of a step is bounded. */
export const KEY_LENGTH = 256;

export interface TableSet<Entry> {
  readonly keys: readonly string[];
  /** Of the keys: most of the others are told apart without looking at them. */
  readonly hashes: readonly number[];
  readonly entries: readonly Entry[];
  /** What holds for every key that is not here; null: nothing is known of any. */
  readonly rest: Entry | null;
}

type Node<Entry> = readonly (Node<Entry> | TableSet<Entry> | null)[];

export interface Table<Entry> {
  readonly seed: number;
  /** Branches of each node. */
  readonly width: number;
  /** Nodes above each set. */
  readonly depth: number;
  readonly root: Node<Entry>;
}

const EMPTY_SET: TableSet<never> = { keys: [], hashes: [], entries: [], rest: null };

export function initTable(
  field: string,
  config: { readonly maxKeys: number; readonly seed: number },
): Table<never> {
  const { maxKeys, seed } = config;
  const fits = Number.isInteger(maxKeys) && maxKeys >= 1 && maxKeys <= MOST_KEYS;
  requireThat(fits, field, maxKeys, `a whole number from 1 to ${MOST_KEYS}`);
  requireThat(Number.isInteger(seed), 'seed', seed, 'a whole number');
  const sets = Math.ceil(maxKeys / WAYS);
  let depth = 1;
  while (MOST_BRANCHES ** depth < sets) {
    depth += 1;
  }
  let width = 1;
  while (width ** depth < sets) {
    width += 1;
  }
  return { seed, width, depth, root: emptyNode(width) };
}

function emptyNode(width: number): readonly null[] {
  return new Array<null>(width).fill(null);
}

/** Of a key, by the table's seed: FNV-1a over its code units, then mixed so that all bits count. */
export function hashOf(table: Table<unknown>, key: string): number {
  let bits = (0x811c9dc5 ^ table.seed) >>> 0;
  for (let at = 0; at < key.length; at += 1) {
    bits = Math.imul(bits ^ key.charCodeAt(at), 0x01000193);
  }
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** The set of the keys with this hash. */
export function setAt<Entry>(table: Table<Entry>, hash: number): TableSet<Entry> {
  const { width, depth } = table;
  let node: Node<Entry> = table.root;
  let way = hash;
  for (let level = 1; level < depth; level += 1) {
    const next = node[way % width] as Node<Entry> | null;
    if (next === null) {
      return EMPTY_SET;
    }
    node = next;
    way = Math.floor(way / width);
  }
  return (node[way % width] as TableSet<Entry> | null) ?? EMPTY_SET;
}

export function withSet<Entry>(
  table: Table<Entry>,
  hash: number,
  set: TableSet<Entry>,
): Table<Entry> {
  const { seed, width, depth, root } = table;
  const kept = set.keys.length === 0 && set.rest === null ? null : set;
  return { seed, width, depth, root: withLeaf(root, { way: hash, level: 1, table, kept }) };
}

interface Change<Entry> {
  readonly way: number;
  readonly level: number;
  readonly table: Table<Entry>;
  readonly kept: TableSet<Entry> | null;
}

function withLeaf<Entry>(node: Node<Entry>, change: Change<Entry>): Node<Entry> {
  const { way, level, table, kept } = change;
  const { width, depth } = table;
  const branches = node.slice();
  const at = way % width;
  if (level === depth) {
    branches[at] = kept;
  } else {
    const below = (node[at] as Node<Entry> | null) ?? emptyNode(width);
    branches[at] = withLeaf(below, {
      way: Math.floor(way / width),
      level: level + 1,
      table,
      kept,
    });
  }
  return branches;
}

export function isFull(set: TableSet<unknown>): boolean {
  return set.keys.length >= WAYS;
}

/** Place of the key in its set; -1: it has none. */
export function placeIn(set: TableSet<unknown>, key: string, hash: number): number {
  const { keys, hashes } = set;
  for (let at = 0; at < hashes.length; at += 1) {
    if (hashes[at] === hash && keys[at] === key) {
      return at;
    }
  }
  return -1;
}

/** The entry of a key at its place, or of a new key at the end (-1). */
export function withEntry<Entry>(
  set: TableSet<Entry>,
  place: { readonly at: number; readonly key: string; readonly hash: number },
  entry: Entry,
): TableSet<Entry> {
  const { keys, hashes, rest } = set;
  if (place.at < 0) {
    return {
      keys: [...keys, place.key],
      hashes: [...hashes, place.hash],
      entries: [...set.entries, entry],
      rest,
    };
  }
  const entries = set.entries.slice();
  entries[place.at] = entry;
  return { keys, hashes, entries, rest };
}

export function withoutEntry<Entry>(set: TableSet<Entry>, at: number): TableSet<Entry> {
  return {
    keys: set.keys.toSpliced(at, 1),
    hashes: set.hashes.toSpliced(at, 1),
    entries: set.entries.toSpliced(at, 1),
    rest: set.rest,
  };
}
