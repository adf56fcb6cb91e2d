import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DELIVERY_DEFAULTS, Delivery } from '../sink/delivery.ts';
import { FakeSink } from '../sink/sink.fake.ts';
import { diskFiles } from './files.disk.ts';
import { Spool } from './spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'flyball-spool-'));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('blocks put aside keep their reason, and the oldest give way', () => {
  const files = diskFiles(folder, 80);
  for (const name of ['1', '2', '3']) {
    const fd = files.create(name);
    files.append(fd, [Buffer.alloc(30)]);
    files.close(fd);
    expect(files.setAside(name, `reason ${name}`)).toBe(name === '3' ? 1 : 0);
  }
  expect(files.aside()).toHaveLength(4);
  expect(files.list()).toEqual([]);
  const aside = join(folder, 'refused');
  expect(readdirSync(aside).sort()).toEqual(['2', '2.reason.txt', '3', '3.reason.txt']);
  expect(readFileSync(join(aside, '3.reason.txt'), 'utf8')).toBe('reason 3\n');
});

test('a block put aside is sent by the next run when its file is moved back', async () => {
  const files = diskFiles(folder);
  const options = { maxBytes: 1e6, blockBytes: 1e5, blockAgeMs: 1000, syncOnSeal: false };
  const first = new Spool(files, { ...options, run: '1700000000000-aaaa' });
  first.append('t', 1, Buffer.from('{"id":1}\n'), 0);
  first.sealAll();
  const block = first.take();
  if (block !== undefined) first.refuse(block, 'no such column');
  expect(first.refused()).toBe(1);
  const aside = join(folder, 'refused');
  for (const name of readdirSync(aside)) renameSync(join(aside, name), join(folder, name));

  const next = new Spool(files, { ...options, run: '1700000009999-bbbb' });
  expect([next.replayed, next.refused()]).toEqual([1, 0]);
  const sink = new FakeSink();
  const nothing = () => {};
  const events = { stored: nothing, failed: nothing, refused: nothing, damaged: nothing };
  const delivery = new Delivery(next, sink, DELIVERY_DEFAULTS, events, () => 0);
  delivery.tick();
  await delivery.settled();
  expect(sink.rows.get('t')).toEqual([{ id: 1 }]);
  expect(sink.tokens).toEqual(new Set([block?.name]));
});
