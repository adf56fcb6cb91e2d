import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { diskFiles } from './files.disk.ts';

const folder = mkdtempSync(join(tmpdir(), 'flyball-spool-'));

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('blocks put aside keep their reason, and the oldest give way', () => {
  const files = diskFiles(folder, 80);
  for (const name of ['1', '2', '3']) {
    const fd = files.create(name);
    files.append(fd, [Buffer.alloc(30)]);
    files.close(fd);
    files.setAside(name, `reason ${name}`);
  }
  expect(files.list()).toEqual([]);
  const aside = join(folder, 'refused');
  expect(readdirSync(aside).sort()).toEqual(['2', '2.reason.txt', '3', '3.reason.txt']);
  expect(readFileSync(join(aside, '3.reason.txt'), 'utf8')).toBe('reason 3\n');
});
