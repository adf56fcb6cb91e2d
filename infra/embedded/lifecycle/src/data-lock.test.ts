import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDataLock, DirectoryBusyError } from './data-lock.ts';
import { selfIdentity } from './process-identity.ts';

describe('data directory lock', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'flyball lock '));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('refuses a second owner and names the first', () => {
    const lock = acquireDataLock('the store', directory);
    lock.note({ url: 'http://127.0.0.1:1' });
    let refusal: unknown;
    try {
      acquireDataLock('the store', directory);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(DirectoryBusyError);
    expect((refusal as DirectoryBusyError).pid).toBe(process.pid);
    expect((refusal as DirectoryBusyError).message).toContain(`process ${process.pid}`);
    expect((refusal as DirectoryBusyError).note).toEqual({ url: 'http://127.0.0.1:1' });
    lock.release();
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
    acquireDataLock('the store', directory).release();
  });

  it('replaces the lock of a process that is gone', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(directory, 'flyball.lock'), JSON.stringify({ pid: gone, startedAt: '1' }));
    const lock = acquireDataLock('the store', directory);
    expect(JSON.parse(readFileSync(join(directory, 'flyball.lock'), 'utf8')).pid).toBe(process.pid);
    lock.release();
  });

  it('replaces the lock of an id that another process has now', () => {
    const reused = { pid: process.pid, startedAt: `${selfIdentity().startedAt}-earlier` };
    writeFileSync(join(directory, 'flyball.lock'), JSON.stringify(reused));
    acquireDataLock('the store', directory).release();
  });

  it('replaces a lock file that cannot be read as one', () => {
    writeFileSync(join(directory, 'flyball.lock'), '{"pid":');
    const lock = acquireDataLock('the store', join(directory));
    expect(existsSync(join(directory, 'flyball.lock'))).toBe(true);
    lock.release();
  });
});
