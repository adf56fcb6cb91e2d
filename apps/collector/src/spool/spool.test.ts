import { expect, test } from 'vitest';
import { FakeFiles } from './files.fake.ts';
import { Spool, type SpoolOptions } from './spool.ts';

const options: SpoolOptions = {
  maxBytes: 1000,
  blockBytes: 200,
  blockAgeMs: 1000,
  run: '1700000000000-aaaa',
  syncOnSeal: false,
};

const line = (text: string) => Buffer.from(`{"v":"${text}"}\n`);

function spoolOf(files = new FakeFiles(), changes: Partial<SpoolOptions> = {}) {
  return { files, spool: new Spool(files, { ...options, ...changes }) };
}

test('rows of one table become one block after the age of a block', async () => {
  const { spool, files } = spoolOf();
  spool.append('otel_traces', 1, line('a'), 0);
  spool.append('otel_traces', 1, line('b'), 500);
  spool.tick(999);
  expect(spool.take()).toBeUndefined();
  spool.tick(1000);
  const block = spool.take();
  expect(block?.table).toBe('otel_traces');
  const content = await spool.read(block as NonNullable<typeof block>);
  expect(content.rows).toBe(2);
  expect(Buffer.concat(content.records.map((r) => r.payload)).toString()).toBe(
    '{"v":"a"}\n{"v":"b"}\n',
  );
  spool.done(block as NonNullable<typeof block>);
  expect(spool.bytes).toBe(0);
  expect(files.contents.size).toBe(0);
});

test('while a block of a table waits, the next grows to the size of a block', () => {
  const { spool } = spoolOf();
  spool.append('t', 1, line('a'), 0);
  spool.tick(1000);
  spool.append('t', 1, line('b'), 1000);
  spool.tick(5000);
  expect(spool.backlog(5000)).toEqual({ blocks: 1, oldestMs: 5000 });
  for (let i = 0; i < 8; i++) spool.append('t', 1, line(`row ${i}`), 5000);
  expect(spool.backlog(5000).blocks).toBe(2);
});

test('a block that is refused for now does not hold up later rows of its table', () => {
  const { spool } = spoolOf();
  for (let block = 1; block <= 7; block++) {
    spool.append('t', 1, line('a'), block * 1000);
    spool.tick((block + 1) * 1000);
    const taken = spool.take(({ sinceMs }) => sinceMs === block * 1000);
    if (taken !== undefined) spool.putBack(taken, true);
  }
  // Five are waiting: from then on it is the table that is at fault, and its segment grows.
  expect(spool.backlog(9000).blocks).toBe(5);
});

test('a new run sends what the last one left, oldest first, under the same names', async () => {
  const { spool, files } = spoolOf();
  spool.append('b', 1, line('1'), 0);
  spool.append('a', 1, line('2'), 0);
  spool.sealAll();
  spool.append('b', 1, line('3'), 0);
  const names = [...files.contents.keys()];
  const next = new Spool(files, { ...options, run: '1700000009999-bbbb' });
  expect(next.replayed).toBe(3);
  expect(next.bytes).toBe(spool.bytes);
  next.append('b', 1, line('4'), 0);
  next.sealAll();
  const taken = [next.take(), next.take(), next.take(), next.take()];
  expect(taken.slice(0, 3).map((block) => block?.name)).toEqual(names);
  expect(taken[3]?.name.startsWith('1700000009999-bbbb')).toBe(true);
});

test('a block that could not be sent is the next one again', () => {
  const { spool } = spoolOf();
  spool.append('t', 1, line('a'), 0);
  spool.sealAll();
  spool.append('t', 1, line('b'), 0);
  spool.sealAll();
  const first = spool.take();
  spool.putBack(first as NonNullable<typeof first>);
  expect(spool.take()).toBe(first);
});

test('a full disk is told to the writer, and leaves no half record', async () => {
  const { spool, files } = spoolOf();
  spool.append('t', 1, line('a'), 0);
  files.room = 20;
  expect(() => spool.append('t', 1, line('b'), 0)).toThrow('ENOSPC');
  expect(spool.full).toBe(true);
  files.room = 10_000;
  spool.append('t', 1, line('c'), 0);
  expect(spool.full).toBe(false);
  spool.sealAll();
  const block = spool.take() as NonNullable<ReturnType<Spool['take']>>;
  const content = await spool.read(block);
  expect(content).toMatchObject({ rows: 2, lostBytes: 0 });
  expect(block.bytes).toBe(files.contents.get(block.name)?.length);
});

test('it is full at its size', () => {
  const { spool } = spoolOf(undefined, { maxBytes: 60 });
  spool.append('t', 1, line('a'), 0);
  expect(spool.full).toBe(false);
  spool.append('t', 1, line('b'), 0);
  spool.append('t', 1, line('c'), 0);
  expect(spool.full).toBe(true);
});

test('a refused block is set aside with its reason', () => {
  const { spool, files } = spoolOf();
  spool.append('t', 1, line('a'), 0);
  spool.sealAll();
  const block = spool.take() as NonNullable<ReturnType<Spool['take']>>;
  spool.refuse(block, 'no such column');
  expect(files.setAsideFor.get(block.name)).toBe('no such column');
  expect(spool.refused()).toBe(1);
  expect(spool.bytes).toBe(0);
});

test('what is written is forced to the disk before its file is closed, when asked', async () => {
  const { spool, files } = spoolOf(undefined, { syncOnSeal: true });
  spool.append('a', 1, line('1'), 0);
  spool.append('b', 1, line('2'), 0);
  spool.sealAll();
  await spool.sync();
  expect(files.synced).toHaveLength(2);
});

test('files that are not segments are left alone', () => {
  const files = new FakeFiles();
  files.contents.set('owner.json', Buffer.from('{}'));
  const { spool } = spoolOf(files);
  expect(spool.replayed).toBe(0);
  expect(files.contents.has('owner.json')).toBe(true);
});

test('a record larger than a block is a block of its own', async () => {
  const { spool } = spoolOf();
  spool.append('t', 1, line('a'), 0);
  spool.append('t', 1, line('b'.repeat(300)), 0);
  spool.append('t', 1, line('c'), 0);
  spool.sealAll();
  const rows: number[] = [];
  for (let block = spool.take(); block !== undefined; block = spool.take()) {
    rows.push((await spool.read(block)).rows);
  }
  expect(rows).toEqual([1, 1, 1]);
});

test('a disk that is well again is noticed, though nothing is taken in meanwhile', () => {
  const { spool, files } = spoolOf();
  files.room = 0;
  expect(() => spool.append('t', 1, line('a'), 0)).toThrow('ENOSPC');
  spool.tick(1000);
  expect(spool.full).toBe(true);
  files.room = 10_000;
  spool.tick(1500);
  expect(spool.full).toBe(true);
  spool.tick(2000);
  expect(spool.full).toBe(false);
  spool.sealAll();
  expect(files.contents.size).toBe(0);
});
