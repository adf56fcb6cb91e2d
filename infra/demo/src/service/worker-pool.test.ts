import { describe, expect, it } from 'vitest';
import { WorkerPool } from './worker-pool.ts';

function poolOf(slots: number, queueLimit: number) {
  const clock = { nowMs: 0 };
  const pool = new WorkerPool({ slots, queueLimit, nowMs: () => clock.nowMs });
  const started: string[] = [];
  const admit = (name: string) => pool.admit(() => started.push(name));
  return { pool, clock, started, admit };
}

describe('the worker pool', () => {
  it('starts, queues, refuses, and goes on in order', () => {
    const { pool, started, admit } = poolOf(2, 2);
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => admit(name).kind)).toEqual([
      'started',
      'started',
      'queued',
      'queued',
      'full',
    ]);
    expect(started).toEqual(['a', 'b']);
    pool.release();
    expect(started).toEqual(['a', 'b', 'c']);
    expect(admit('f').kind).toBe('queued');
    pool.release();
    pool.release();
    expect(started).toEqual(['a', 'b', 'c', 'd', 'f']);
  });

  it('forgets whoever leaves the queue', () => {
    const { pool, started, admit } = poolOf(1, 2);
    admit('a');
    const waiting = admit('b');
    admit('c');
    if (waiting.kind === 'queued') waiting.leave();
    pool.release();
    expect(started).toEqual(['a', 'c']);
  });

  it('measures the busy share of its slots exactly', () => {
    const { pool, clock, admit } = poolOf(4, 1);
    const begin = pool.read();
    admit('a');
    clock.nowMs = 100;
    admit('b');
    clock.nowMs = 200;
    pool.release();
    clock.nowMs = 400;
    pool.release();
    clock.nowMs = 1_000;
    const end = pool.read();
    // 100 ms of one slot, 100 ms of two, 200 ms of one: 500 of 4 x 1000 ms.
    expect(pool.utilization(begin, end)).toBeCloseTo(0.125);
    expect(pool.utilization(end, pool.read())).toBe(0);
  });

  it('counts a slot that is handed on as busy all the time', () => {
    const { pool, clock, admit } = poolOf(1, 5);
    const begin = pool.read();
    admit('a');
    admit('b');
    clock.nowMs = 500;
    expect(pool.read()).toMatchObject({ busy: 1, queued: 1 });
    pool.release();
    clock.nowMs = 1_000;
    expect(pool.utilization(begin, pool.read())).toBe(1);
  });

  it('refuses to give back what nobody has', () => {
    expect(() => poolOf(1, 1).pool.release()).toThrow('release without');
  });
});
