import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGate } from './gate.ts';

const never = new AbortController().signal;

describe('gate', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('admits as many as may run, then in the order of coming', async () => {
    const gate = createGate({ runningQueries: 1, waitingQueries: 2, queueWaitMs: 1_000 });
    const leave = await gate.enter(never);
    const order: string[] = [];
    const second = gate.enter(never).then((free) => {
      order.push('second');
      return free;
    });
    const third = gate.enter(never).then((free) => {
      order.push('third');
      return free;
    });
    await expect(gate.enter(never)).rejects.toMatchObject({ code: 202, status: 503 });
    leave();
    leave();
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  it('refuses who waited too long and forgets who left', async () => {
    const gate = createGate({ runningQueries: 1, waitingQueries: 5, queueWaitMs: 1_000 });
    await gate.enter(never);
    const late = expect(gate.enter(never)).rejects.toMatchObject({ code: 202 });
    const gone = new AbortController();
    const left = expect(gate.enter(gone.signal)).rejects.toThrow('left');
    gone.abort(new Error('left'));
    await left;
    expect(gate.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await late;
    expect(gate.waiting).toBe(0);
  });

  it('refuses everybody once it is closed', async () => {
    const gate = createGate({ runningQueries: 1, waitingQueries: 5, queueWaitMs: 1_000 });
    await gate.enter(never);
    const waiting = expect(gate.enter(never)).rejects.toMatchObject({ code: 202 });
    gate.close();
    await waiting;
    await expect(gate.enter(never)).rejects.toMatchObject({ code: 202 });
  });
});
