import { expect, test } from 'vitest';
import { FORWARDER_DEFAULTS, Forwarder } from './forwarder.ts';
import { FakeLink } from './link.fake.ts';
import { NotTaken } from './link.port.ts';

const options = { ...FORWARDER_DEFAULTS, maxBytes: 10, batchBytes: 6, giveUpAfterMs: 1000 };
const DOWN = new Error('connect ECONNREFUSED');

function setUp(changes: Partial<typeof options> = {}) {
  const clock = { nowMs: 0 };
  const link = new FakeLink();
  const returned: string[] = [];
  const told: string[] = [];
  const events = {
    returned: (batch: Uint8Array, why: string) => {
      returned.push(`${why} ${Buffer.from(batch)}`);
    },
    unsure: () => told.push('unsure'),
    failed: () => told.push('failed'),
    away: () => told.push('away'),
    back: () => told.push('back'),
  };
  const forwarder = new Forwarder(link, { ...options, ...changes }, events, () => clock.nowMs);
  return {
    clock,
    link,
    returned,
    told,
    forwarder,
    push: (text: string) => forwarder.push(Buffer.from(text)),
    /** Lets time pass, then what was started end. */
    async pass(ms: number) {
      clock.nowMs += ms;
      forwarder.tick();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    },
    took: () => link.taken.map((batch) => Buffer.from(batch).toString()),
  };
}

test('requests wait a moment for company and are joined in order', async () => {
  const { push, pass, took, forwarder } = setUp();
  push('ab');
  push('cd');
  await pass(10);
  expect(took()).toEqual([]);
  await pass(10);
  expect(took()).toEqual(['abcd']);
  expect(forwarder.bytes).toBe(0);
});

test('a full batch leaves at once, and what came meanwhile follows it', async () => {
  const { push, pass, took } = setUp();
  push('abc');
  push('def');
  push('gh');
  await pass(0);
  expect(took()).toEqual(['abcdef']);
  await pass(20);
  expect(took()).toEqual(['abcdef', 'gh']);
});

test('a full queue has no room; an empty one takes a request of any size', async () => {
  const { push, pass, forwarder, link } = setUp();
  expect(forwarder.room(1000)).toBe(true);
  link.next.push({ kind: 'busy', retryAfterMs: 60_000 });
  push('12345678');
  await pass(0);
  expect(forwarder.room(2)).toBe(true);
  expect(forwarder.room(3)).toBe(false);
});

test('a member that is full is waited for, however long, and gets everything once', async () => {
  const { push, pass, took, link, told, returned } = setUp();
  for (let turn = 0; turn < 20; turn += 1) link.next.push({ kind: 'busy', retryAfterMs: 1000 });
  push('ab');
  for (let turn = 0; turn < 21; turn += 1) await pass(1000);
  expect(took()).toEqual(['ab']);
  expect(told).toEqual([]);
  expect(returned).toEqual([]);
});

test('an attempt that failed is made again, ever later', async () => {
  const { push, pass, took, link } = setUp();
  link.next.push(DOWN, DOWN, DOWN);
  push('abcdef');
  await pass(0);
  for (const [waitMs, attempts] of [
    [49, 1],
    [1, 2],
    [99, 2],
    [1, 3],
    [199, 3],
    [1, 4],
  ] as const) {
    await pass(waitMs);
    expect(link.attempts).toBe(attempts);
  }
  expect(took()).toEqual(['abcdef']);
  expect(link.numbers).toEqual([1, 1, 1, 1]);
  push('ghijkl');
  await pass(0);
  expect(link.numbers.at(-1)).toBe(2);
});

test('what cannot be delivered in time is returned, and no more is accepted', async () => {
  const { push, pass, link, returned, told, forwarder } = setUp();
  for (let turn = 0; turn < 50; turn += 1) link.next.push(DOWN);
  push('abcdef');
  push('gh');
  for (let turn = 0; turn < 30 && !forwarder.away; turn += 1) await pass(100);
  expect(returned).toEqual(['away abcdef', 'away gh']);
  expect(told.filter((one) => one !== 'failed')).toEqual(['away', 'unsure']);
  expect(forwarder.trouble).toBe('is away: connect ECONNREFUSED');
  expect(forwarder.accepting).toBe(false);
  expect(forwarder.bytes).toBe(0);
});

test('an attempt that hangs counts from its start', async () => {
  const { push, pass, clock, link, forwarder, returned } = setUp();
  let hang = () => {};
  link.held = new Promise((resolve) => {
    hang = resolve;
  });
  link.next.push(DOWN);
  push('abcdef');
  clock.nowMs = 1500;
  hang();
  await pass(0);
  expect(forwarder.away).toBe(true);
  expect(returned).toEqual(['away abcdef']);
});

test('a member that is away is tried with one batch at a time until it is back', async () => {
  const { push, pass, link, returned, told, forwarder, took } = setUp();
  for (let turn = 0; turn < 50; turn += 1) link.next.push(DOWN);
  push('a');
  for (let turn = 0; turn < 30 && !forwarder.away; turn += 1) await pass(100);
  await pass(2000);
  expect(forwarder.accepting).toBe(true);
  push('probe');
  expect(forwarder.accepting).toBe(false);
  await pass(20);
  expect(returned).toEqual(['away a', 'away probe']);
  link.next.length = 0;
  await pass(2000);
  push('again');
  await pass(20);
  expect(took()).toEqual(['again']);
  expect(told.at(-1)).toBe('back');
  expect(forwarder.accepting).toBe(true);
});

test('what a member refuses comes back at once', async () => {
  const { push, pass, link, returned, told } = setUp();
  link.next.push({ kind: 'refused', message: 'another token' });
  push('abcdef');
  await pass(0);
  expect(returned).toEqual(['away abcdef']);
  expect(told).toEqual(['away']);
});

test('a member that leaves gives its spans back, those in flight when they fail', async () => {
  const { push, pass, link, returned, forwarder, took } = setUp();
  let answer = () => {};
  link.held = new Promise((resolve) => {
    answer = resolve;
  });
  push('abcdef');
  push('gh');
  forwarder.close();
  expect(returned).toEqual([]);
  expect(forwarder.accepting).toBe(false);
  answer();
  await pass(0);
  expect(took()).toEqual(['abcdef']);
  expect(returned).toEqual(['left gh']);
  expect(link.closed).toBe(true);
});

test('a batch that the member certainly has not taken is returned without doubt', async () => {
  const { push, pass, link, returned, told, forwarder } = setUp();
  for (let turn = 0; turn < 50; turn += 1) link.next.push(new NotTaken('ECONNREFUSED'));
  push('abcdef');
  for (let turn = 0; turn < 30 && !forwarder.away; turn += 1) await pass(100);
  expect(returned).toEqual(['away abcdef']);
  expect(told).not.toContain('unsure');
});

test('where what is sent arrives, a batch without an answer stays the member’s own', async () => {
  const { push, pass, link, returned, told, forwarder, took } = setUp({ sure: true });
  for (let turn = 0; turn < 50; turn += 1) link.next.push(new Error('the worker does not answer'));
  push('abcdef');
  push('gh');
  for (let turn = 0; turn < 30 && !forwarder.away; turn += 1) await pass(100);
  expect(returned).toEqual(['away gh']);
  expect([forwarder.bytes, forwarder.accepting]).toEqual([6, false]);
  await pass(2000);
  link.next.length = 0;
  await pass(2000);
  expect(took()).toEqual(['abcdef']);
  expect(new Set(link.numbers)).toEqual(new Set([1]));
  expect(returned).toEqual(['away gh']);
  expect([forwarder.bytes, forwarder.accepting, forwarder.trouble]).toEqual([0, true, undefined]);
  expect(told).not.toContain('unsure');
});

test('a queue that is nearly full is trouble', async () => {
  const { push, pass, link, forwarder } = setUp();
  link.next.push({ kind: 'busy', retryAfterMs: 60_000 });
  push('12345678');
  await pass(0);
  expect(forwarder.trouble).toBeUndefined();
  push('9');
  expect(forwarder.trouble).toBe('is slow: 9 bytes of its spans wait here');
});
