import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { spoolFolders } from './spool-folders.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function spoolWith(blocks: Record<string, string[]>): string {
  const root = mkdtempSync(join(tmpdir(), 'flyball-spool-'));
  folders.push(root);
  for (const [folder, names] of Object.entries(blocks)) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const name of names) writeFileSync(join(root, folder, name), name);
  }
  return root;
}

const blocksIn = (folder: string) => readdirSync(folder).filter((one) => one.endsWith('.jsonl'));

test('blocks of one worker go to the first of two', () => {
  const root = spoolWith({ '.': ['a.jsonl', 'b.jsonl'] });
  const spool = spoolFolders(root, 2);
  expect(spool.folders.map((one) => basename(one))).toEqual(['worker-0', 'worker-1']);
  expect(spool.folders.map(blocksIn)).toEqual([['a.jsonl', 'b.jsonl'], []]);
  expect(blocksIn(root)).toEqual([]);
  spool.release();
});

test('blocks of workers there are no more go to those there are', () => {
  const root = spoolWith({
    'worker-0': ['a.jsonl'],
    'worker-1': ['b.jsonl'],
    'worker-2': ['c.jsonl', 'owner.json'],
    'worker-3/refused': ['bad.jsonl'],
  });
  const two = spoolFolders(root, 2);
  expect(two.folders.map(blocksIn)).toEqual([['a.jsonl', 'c.jsonl'], ['b.jsonl']]);
  // What was put aside for a person stays where it is.
  expect(readdirSync(root).sort()).toEqual(['owner.json', 'worker-0', 'worker-1', 'worker-3']);
  two.release();
  const one = spoolFolders(root, 1);
  expect(one.folders).toEqual([root]);
  expect(blocksIn(root).sort()).toEqual(['a.jsonl', 'b.jsonl', 'c.jsonl']);
  one.release();
});

test('a spool that a living collector has is not touched', () => {
  const root = spoolWith({ '.': ['a.jsonl'] });
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(join(root, 'owner.json'), JSON.stringify({ pid: process.ppid, started }));
  expect(() => spoolFolders(root, 2)).toThrow('is in use');
  expect(blocksIn(root)).toEqual(['a.jsonl']);
});
