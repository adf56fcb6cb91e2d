import { describe, expect, test } from 'vitest';
import { explain } from '../explain.ts';
import { fairQueue } from './fair-queue.ts';
import type { FairQueueConfig } from './fair-queue-config.ts';

const T = 1_000_000;

class Bench {
  state;
  nowMs = T;

  constructor(config: FairQueueConfig = {}) {
    this.state = fairQueue.init(config);
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  /** `a1` is tenant a's; its priority is 0 unless given. */
  offer(id: string, priority = 0, cost = 1) {
    return this.send({ kind: 'offer', id, tenant: id.charAt(0), priority, cost });
  }

  take(): string | null {
    return this.send({ kind: 'take' }).item?.id ?? null;
  }

  takeAll(): string {
    const ids: string[] = [];
    for (let id = this.take(); id !== null; id = this.take()) ids.push(id);
    return ids.join(' ');
  }

  send(input: object) {
    const step = fairQueue.step(this.state, { ...input, nowMs: this.nowMs } as never);
    this.state = step.state;
    return step.output;
  }
}

function offered(config: FairQueueConfig, ids: string, priority = 0): Bench {
  const bench = new Bench(config);
  for (const id of ids.split(' ')) bench.offer(id, priority);
  return bench;
}

describe('between tenants of one class', () => {
  test('equal weights take turns, each in its own order', () => {
    expect(offered({}, 'a1 a2 a3 a4 b1 b2').takeAll()).toBe('a1 b1 a2 b2 a3 a4');
  });

  test('shares follow the weights', () => {
    const weights = { a: 1, b: 2, c: 5 };
    const bench = new Bench({ weights });
    const served = { a: 0, b: 0, c: 0 };
    for (let round = 0; round < 100; round += 1) {
      for (const tenant of ['a', 'b', 'c'] as const) bench.offer(`${tenant}${round}`);
    }
    for (let round = 0; round < 160; round += 1) {
      served[bench.take()?.charAt(0) as 'a' | 'b' | 'c'] += 1;
    }
    expect(served).toEqual({ a: 20, b: 40, c: 100 });
  });

  test('a cost counts: who asks for more is served less often', () => {
    const bench = new Bench();
    for (const id of ['a1', 'a2', 'a3']) bench.offer(id, 0, 3);
    for (const id of ['b1', 'b2', 'b3', 'b4', 'b5', 'b6']) bench.offer(id, 0, 1);
    expect(bench.takeAll()).toBe('a1 b1 b2 b3 a2 b4 b5 b6 a3');
  });

  test('who was idle gains nothing by it', () => {
    const bench = offered({}, 'a1 a2 a3 a4 a5 a6');
    bench.take();
    bench.take();
    bench.take();
    for (const id of ['b1', 'b2', 'b3']) bench.offer(id);
    expect(bench.takeAll()).toBe('b1 a4 b2 a5 b3 a6');
  });

  test('who comes back at once still owes for what it had', () => {
    const bench = new Bench();
    bench.offer('a1', 0, 4);
    for (const id of ['b1', 'b2', 'b3', 'b4']) bench.offer(id);
    expect([bench.take(), bench.take()]).toEqual(['a1', 'b1']);
    bench.offer('a2');
    expect(bench.takeAll()).toBe('b2 b3 b4 a2');
  });

  test('with nothing left nobody owes anything', () => {
    const bench = new Bench();
    bench.offer('a1', 0, 100);
    bench.takeAll();
    expect(bench.state.classes[0]).toEqual({ virtual: 0, flows: [], size: 0 });
    bench.offer('a2');
    bench.offer('b1');
    expect(bench.takeAll()).toBe('a2 b1');
  });

  test('new weights hold from the next item on', () => {
    const bench = offered({}, 'a1 a2 a3 a4 a5 a6 a7 b1 b2 b3');
    bench.state = fairQueue.retune(bench.state, { weights: { a: 2 } });
    expect(bench.takeAll()).toBe('a1 b1 a2 a3 b2 a4 a5 b3 a6 a7');
  });
});

describe('between classes', () => {
  test('the more urgent goes first', () => {
    const bench = new Bench();
    bench.offer('c1', 2);
    bench.offer('b1', 1);
    bench.offer('a1', 0);
    bench.offer('a2', 0);
    expect(bench.takeAll()).toBe('a1 a2 b1 c1');
  });

  test('one class counts as much as a second of waiting, exactly', () => {
    const at = (gapMs: number) => {
      const bench = new Bench();
      bench.offer('b1', 1);
      bench.wait(gapMs).offer('a1', 0);
      return bench.takeAll();
    };
    expect(at(999)).toBe('a1 b1');
    expect(at(1_000)).toBe('a1 b1');
    expect(at(1_001)).toBe('b1 a1');
    const low = new Bench({ agingMs: 100 });
    low.offer('d1', 3);
    low.wait(300).offer('a1', 0);
    low.wait(1).offer('a2', 0);
    expect(low.takeAll()).toBe('a1 d1 a2');
  });

  test('nobody starves while urgent items keep coming faster than they are served', () => {
    const bench = new Bench({ maxItems: 4_096 });
    bench.offer('z1', 3);
    let waitedMs: number | null = null;
    for (let ms = 0; ms < 10_000 && waitedMs === null; ms += 10) {
      bench.wait(10).offer(`a${ms}`);
      bench.offer(`b${ms}`);
      const { item } = bench.send({ kind: 'take' });
      waitedMs = item?.id === 'z1' ? item.waitedMs : null;
    }
    // Of the urgent, half are served: at t those of t/2 are, and z1 is due at 3 s.
    expect(waitedMs).toBeGreaterThan(3_000);
    expect(waitedMs).toBeLessThan(6_100);
  });

  test('a tenant is weighed in each class by itself', () => {
    const bench = new Bench({ weights: { a: 3 } });
    for (const id of ['a1', 'a2', 'a3', 'b1']) bench.offer(id, 0);
    for (const id of ['a4', 'b2']) bench.offer(id, 1);
    expect(bench.takeAll()).toBe('a1 b1 a2 a3 a4 b2');
  });
});

describe('bounds', () => {
  test('a tenant of its own length is turned away at its own bound', () => {
    const bench = offered({ maxPerTenant: 2 }, 'a1 a2');
    const output = bench.offer('a3');
    expect(output).toMatchObject({ value: false, reason: 'queue-tenant-full', dropped: [] });
    expect(bench.offer('b1').value).toBe(true);
    expect(bench.offer('a3', 1).value).toBe(true);
  });

  test('in a full queue the longest for its weight makes room, from its end', () => {
    const bench = offered({ maxItems: 4 }, 'a1 a2 a3 b1');
    expect(bench.wait(70).offer('c1')).toMatchObject({
      value: true,
      reason: 'queue-accepted',
      terms: { depth: 4, maxItems: 4 },
      dropped: [{ id: 'a3', tenant: 'a', priority: 0, waitedMs: 70, cause: 'pushed-out' }],
    });
    expect(bench.takeAll()).toBe('a1 b1 c1 a2');
  });

  test('the longest itself gets no more', () => {
    const bench = offered({ maxItems: 4 }, 'a1 a2 b1 b2');
    const output = bench.offer('a3');
    expect(output).toMatchObject({ value: false, reason: 'queue-no-room', dropped: [] });
    expect(explain(output)).toBe('The queue is full, 4 of 4, and nobody makes room for this item.');
    // One against two: equal lengths would only change places.
    const even = offered({ maxItems: 3 }, 'a1 a2 b1');
    expect(even.offer('b2').reason).toBe('queue-no-room');
  });

  test('a heavier weight may be longer', () => {
    const bench = offered({ maxItems: 4, weights: { a: 4 } }, 'a1 a2 b1 b2');
    expect(bench.offer('a3').dropped).toMatchObject([{ id: 'b2' }]);
    expect(bench.offer('b3').reason).toBe('queue-no-room');
  });

  test('the less urgent makes room first, never the more urgent', () => {
    const bench = new Bench({ maxItems: 3 });
    bench.offer('a1', 0);
    bench.offer('b1', 1);
    bench.offer('c1', 2);
    expect(bench.offer('a2', 0).dropped).toMatchObject([{ id: 'c1', priority: 2 }]);
    expect(bench.offer('d1', 1).reason).toBe('queue-no-room');
    expect(bench.offer('d1', 2).reason).toBe('queue-no-room');
    expect(bench.offer('a3', 0).dropped).toMatchObject([{ id: 'b1', priority: 1 }]);
    expect(bench.offer('a4', 0).reason).toBe('queue-tenant-full');
    expect(bench.offer('e1', 1).reason).toBe('queue-no-room');
  });

  test('who was pushed out owes nothing for it', () => {
    const bench = offered({ maxItems: 2 }, 'a1 a2');
    bench.offer('b1');
    bench.take();
    bench.offer('a3');
    expect(bench.takeAll()).toBe('b1 a3');
  });

  test('there is room for another tenant only when one is idle without debt', () => {
    const bench = offered({ maxTenants: 2 }, 'a1 b1 b2');
    expect(bench.offer('c1')).toMatchObject({ value: false, reason: 'queue-tenants-full' });
    expect(bench.take()).toBe('a1');
    // a is idle but owes for a1 until b has had as much.
    expect(bench.offer('c1').value).toBe(false);
    expect(bench.take()).toBe('b1');
    expect(bench.offer('c1').value).toBe(false);
    expect(bench.take()).toBe('b2');
    expect(bench.offer('c1').value).toBe(true);
  });

  test('nobody is pushed out for a tenant there is no room for', () => {
    const bench = offered({ maxTenants: 1, maxItems: 2 }, 'a1 a2');
    expect(bench.offer('b1')).toMatchObject({ reason: 'queue-tenants-full', dropped: [] });
    expect(bench.takeAll()).toBe('a1 a2');
  });

  test('the last of a class may make room for another tenant', () => {
    const bench = offered({ maxItems: 1, weights: { b: 4 } }, 'a1');
    expect(bench.offer('b1')).toMatchObject({ value: true, dropped: [{ id: 'a1' }] });
    expect(bench.takeAll()).toBe('b1');
  });

  test('an item that waited for 30 s is given back, not served', () => {
    const bench = offered({}, 'a1 a2');
    bench.wait(1).offer('b1');
    expect(bench.wait(29_998).send({ kind: 'tick' }).dropped).toEqual([]);
    expect(bench.wait(1).send({ kind: 'take' })).toMatchObject({
      item: { id: 'b1', tenant: 'b', priority: 0, waitedMs: 29_999 },
      dropped: [
        { id: 'a1', tenant: 'a', priority: 0, waitedMs: 30_000, cause: 'waited-too-long' },
        { id: 'a2' },
      ],
    });
    bench.offer('c1', 2);
    expect(bench.wait(30_000).send({ kind: 'tick' })).toMatchObject({
      reason: 'queue-state',
      dropped: [{ id: 'c1', priority: 2 }],
      terms: { depth: 0 },
    });
    expect(bench.send({ kind: 'take' })).toMatchObject({
      value: false,
      reason: 'queue-empty',
      waitMs: null,
      item: null,
    });
  });

  test('what has waited too long makes room before anybody is pushed out or turned away', () => {
    const bench = offered({ maxItems: 2, maxPerTenant: 1 }, 'a1 b1');
    expect(bench.wait(30_000).offer('a2')).toMatchObject({
      value: true,
      dropped: [{ id: 'a1', cause: 'waited-too-long' }, { id: 'b1' }],
    });
    expect(bench.state.size).toBe(1);
  });
});

test('a take tells what it took', () => {
  const bench = offered({}, 'a1 b1', 2);
  const output = bench.wait(250).send({ kind: 'take' });
  expect(output).toEqual({
    value: true,
    reason: 'queue-taken',
    terms: { depth: 1, maxItems: 1_000, waitedMs: 250, priority: 2 },
    waitMs: 0,
    item: { id: 'a1', tenant: 'a', priority: 2, waitedMs: 250 },
    dropped: [],
  });
  expect(explain(output)).toBe('An item of priority 2 is next, after 250 ms.');
});

test('tenants may have any name', () => {
  const bench = new Bench({ weights: { a: 2 } });
  for (const tenant of ['__proto__', 'constructor', '']) {
    bench.send({ kind: 'offer', id: tenant, tenant, priority: 0 });
  }
  expect([bench.take(), bench.take(), bench.take()]).toEqual(['__proto__', 'constructor', '']);
});

test('when the clock goes back, waits count from now', () => {
  const bench = offered({}, 'a1');
  bench.wait(-3_600_000).offer('b1', 1);
  expect(bench.wait(29_999).send({ kind: 'tick' }).dropped).toEqual([]);
  expect(bench.send({ kind: 'take' }).item).toMatchObject({ id: 'a1', waitedMs: 29_999 });
  expect(bench.wait(1).send({ kind: 'tick' }).dropped).toMatchObject([{ id: 'b1' }]);
});

describe('a retune of the classes', () => {
  test('those taken away are served until they are empty', () => {
    const bench = offered({}, 'a1', 3);
    bench.offer('a2', 1);
    bench.state = fairQueue.retune(bench.state, { priorities: 2 });
    expect(bench.state.classes).toHaveLength(4);
    expect(bench.offer('b1', 2).reason).toBe('invalid-measure');
    expect(bench.takeAll()).toBe('a2 a1');
    expect(fairQueue.retune(bench.state, { priorities: 2 }).classes).toHaveLength(2);
  });

  test('new ones are empty', () => {
    const bench = offered({ priorities: 1 }, 'a1');
    bench.state = fairQueue.retune(bench.state, { priorities: 3 });
    expect(bench.offer('b1', 2).value).toBe(true);
    expect(bench.takeAll()).toBe('a1 b1');
  });
});

describe('configuration', () => {
  test('defaults', () => {
    expect(fairQueue.init({}).config).toEqual({
      priorities: 4,
      agingMs: 1_000,
      maxItems: 1_000,
      maxPerTenant: 1_000,
      maxTenants: 64,
      maxWaitMs: 30_000,
      weights: {},
    });
  });

  test.each([
    [{ priorities: 0 }, 'priorities'],
    [{ priorities: 17 }, 'priorities'],
    [{ agingMs: 0 }, 'agingMs'],
    [{ maxItems: 4_097 }, 'maxItems'],
    [{ maxItems: 10, maxPerTenant: 11 }, 'maxPerTenant'],
    [{ maxTenants: 257 }, 'maxTenants'],
    [{ maxTenants: 1.5 }, 'maxTenants'],
    [{ maxWaitMs: 0 }, 'maxWaitMs'],
    [{ weights: { a: 0 } }, 'weights.a'],
    [{ weights: { a: Number.NaN } }, 'weights.a'],
    [{ weights: { a: 1_000_001 } }, 'weights.a'],
  ])('refuses %j', (config, field) => {
    expect(() => fairQueue.init(config)).toThrow(new RegExp(`^${field} is `));
  });

  test('accepts the bounds', () => {
    const config = {
      priorities: 16,
      maxItems: 4_096,
      maxPerTenant: 4_096,
      maxTenants: 256,
      weights: { a: 1e-6, b: 1e6 },
    };
    expect(fairQueue.init(config).config).toMatchObject(config);
  });
});
