import { expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

function writer() {
  const written: [string, number, string][] = [];
  const state = { broken: false };
  return {
    written,
    state,
    append(table: string, rows: number, payload: Uint8Array) {
      if (state.broken) throw new Error('ENOSPC');
      written.push([table, rows, Buffer.from(payload).toString()]);
    },
  };
}

test('rows of a table are one write of whole lines', () => {
  const disk = writer();
  const outbox = new Outbox(disk);
  outbox.add('a', { x: 1 });
  outbox.add('b', { y: 'ü\n' });
  outbox.add('a', { x: 2 });
  expect(outbox.flush(0)).toBe(true);
  expect(disk.written).toEqual([
    ['a', 2, '{"x":1}\n{"x":2}\n'],
    ['b', 1, '{"y":"ü\\n"}\n'],
  ]);
  expect(outbox.waiting).toBe(0);
  outbox.flush(0);
  expect(disk.written).toHaveLength(2);
});

test('what the disk refuses goes out later, once', () => {
  const disk = writer();
  const outbox = new Outbox(disk);
  outbox.add('a', { x: 1 });
  disk.state.broken = true;
  expect(outbox.flush(0)).toBe(false);
  expect(outbox.waiting).toBe(1);
  disk.state.broken = false;
  expect(outbox.flush(0)).toBe(true);
  expect(disk.written).toEqual([['a', 1, '{"x":1}\n']]);
});

test('many rows are several writes; after a refusal only the rest is written again', () => {
  const disk = writer();
  const outbox = new Outbox(disk);
  const row = { text: 'x'.repeat(1024 * 1024) };
  for (let i = 0; i < 9; i++) outbox.add('a', row);
  outbox.add('a', { text: 'y'.repeat(5 * 1024 * 1024) });
  const append = disk.append;
  disk.append = (...args) => {
    if (disk.written.length === 2) disk.state.broken = true;
    append(...args);
  };
  expect(outbox.flush(0)).toBe(false);
  expect(outbox.waiting).toBe(4);
  disk.append = append;
  disk.state.broken = false;
  expect(outbox.flush(0)).toBe(true);
  expect(disk.written.map(([, rows]) => rows)).toEqual([3, 3, 3, 1]);
});

test('a buffer of rows is written as it is, and kept until the disk takes it', () => {
  const disk = writer();
  const outbox = new Outbox(disk);
  const buffer = {
    rows: 0,
    bytes: new Uint8Array(0),
    clear() {
      this.rows = 0;
    },
  };
  outbox.attach('spans', buffer);
  expect(outbox.flush(0)).toBe(true);
  expect(disk.written).toEqual([]);
  buffer.rows = 2;
  buffer.bytes = Buffer.from('{"x":1}\n{"x":2}\n');
  disk.state.broken = true;
  expect(outbox.flush(0)).toBe(false);
  expect(outbox.waiting).toBe(2);
  disk.state.broken = false;
  expect(outbox.flush(0)).toBe(true);
  expect(outbox.waiting).toBe(0);
  expect(disk.written).toEqual([['spans', 2, '{"x":1}\n{"x":2}\n']]);
});
