import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimFolder } from './owner.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flyball-spool-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const owner = (value: object) => writeFileSync(join(folder, 'owner.json'), JSON.stringify(value));

test('a living owner is named and left alone', () => {
  claimFolder(folder);
  // This process is its own owner; the parent is another one that surely lives.
  owner({ pid: process.ppid, started: startOf(process.ppid) });
  expect(() => claimFolder(folder)).toThrow(`in use by process ${process.ppid}`);
});

test('a dead owner is replaced, and so is one whose number another process has now', () => {
  owner({ pid: spawnSync(process.execPath, ['-e', '']).pid, started: '1' });
  claimFolder(folder)();
  owner({ pid: process.ppid, started: 'earlier' });
  claimFolder(folder)();
});

test('a file that cannot be read is replaced', () => {
  writeFileSync(join(folder, 'owner.json'), '{"pid":');
  claimFolder(folder)();
});

function startOf(pid: number): string {
  const stat = spawnSync('cat', [`/proc/${pid}/stat`]).stdout.toString();
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
