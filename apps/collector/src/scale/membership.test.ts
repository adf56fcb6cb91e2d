import { expect, test } from 'vitest';
import { FakeLeases } from './lease.fake.ts';
import { Membership } from './membership.ts';

const AWAY = new Error('connect ECONNREFUSED');
const options = { heartbeatMs: 2000, leaseMs: 10_000, keepMs: 60_000 };

function collector(leases: FakeLeases, address: string) {
  const told: string[] = [];
  const events = {
    changed: (_: object, members: readonly { address: string; generation: number }[]) => {
      const names = members.map((member) => `${member.address}@${member.generation}`);
      told.push(names.sort().join(' '));
    },
    failed: (_: Error, retryInMs: number) => told.push(`retry ${retryInMs}`),
    alone: () => told.push('alone'),
  };
  const membership = new Membership(leases, { ...options, address }, events, () => leases.nowMs);
  return { membership, told };
}

type Collector = ReturnType<typeof collector>;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

async function pass(leases: FakeLeases, ms: number, ...collectors: Collector[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) {
    leases.nowMs += 250;
    for (const { membership } of collectors) membership.tick();
    await settle();
  }
}

test('collectors learn of each other within a heartbeat, and nothing is told twice', async () => {
  const leases = new FakeLeases();
  const [a, b] = [collector(leases, 'a'), collector(leases, 'b')];
  await pass(leases, 250, a);
  await pass(leases, 2000, a, b);
  await pass(leases, 20_000, a, b);
  expect(a.told).toEqual(['a@1', 'a@1 b@1']);
  expect(b.told).toEqual(['a@1 b@1']);
  expect(a.membership.trouble()).toBeUndefined();
});

test('one that dies is gone with its lease, one that leaves at the next heartbeat', async () => {
  const leases = new FakeLeases();
  const [a, b, c] = [collector(leases, 'a'), collector(leases, 'b'), collector(leases, 'c')];
  await pass(leases, 3000, a, b, c);
  await c.membership.leave();
  await pass(leases, 2250, a, b);
  expect(a.told.at(-1)).toBe('a@1 b@1');
  await pass(leases, 7000, a);
  expect(a.told.at(-1)).toBe('a@1 b@1');
  await pass(leases, 6000, a);
  expect(a.told.at(-1)).toBe('a@1');
});

test('a restarted collector has its address at once; the old process is fenced', async () => {
  const leases = new FakeLeases();
  const [old, b] = [collector(leases, 'a'), collector(leases, 'b')];
  await pass(leases, 3000, old, b);
  const young = collector(leases, 'a');
  await pass(leases, 3000, young, b);
  expect(b.told.at(-1)).toBe('a@2 b@1');
  await pass(leases, 2000, old, young, b);
  expect(old.told.at(-1)).toBe('alone');
  expect(old.membership.trouble()).toContain('another process has taken a');
  const calls = leases.calls;
  await pass(leases, 10_000, old);
  expect(leases.calls).toBe(calls);
  expect(young.membership.state.kind).toBe('member');
});

test('while PostgreSQL is away the members are kept for their lifetime, then not', async () => {
  const leases = new FakeLeases();
  const [a, b] = [collector(leases, 'a'), collector(leases, 'b')];
  await pass(leases, 3000, a, b);
  leases.fault = AWAY;
  await pass(leases, 30_000, a);
  expect(a.membership.members).toHaveLength(2);
  expect(a.membership.trouble()).toContain('are believed');
  expect(a.told.filter((one) => one === 'alone')).toEqual([]);
  await pass(leases, 40_000, a);
  expect(a.told.filter((one) => one === 'alone')).toEqual(['alone']);
  leases.fault = undefined;
  await pass(leases, 4000, a, b);
  expect(a.membership.trouble()).toBeUndefined();
  expect(a.told.at(-1)).toBe('a@1 b@1');
});

test('attempts back off to the pace of heartbeats', async () => {
  const leases = new FakeLeases();
  leases.fault = AWAY;
  const a = collector(leases, 'a');
  await pass(leases, 10_000, a);
  expect(a.told.slice(0, 5)).toEqual([250, 500, 1000, 2000, 2000].map((ms) => `retry ${ms}`));
  expect(a.membership.trouble()).toContain('has not joined');
  leases.fault = undefined;
  await pass(leases, 2000, a);
  expect(a.told.at(-1)).toBe('a@1');
});

test('a lease that somebody forgot is taken anew', async () => {
  const leases = new FakeLeases();
  const a = collector(leases, 'a');
  await pass(leases, 1000, a);
  leases.forget('a');
  await pass(leases, 3000, a);
  expect(a.membership.state).toEqual({ kind: 'member', self: { address: 'a', generation: 1 } });
});

test('one heartbeat at a time, however slow', async () => {
  const leases = new FakeLeases();
  let answer = () => {};
  leases.held = new Promise((resolve) => {
    answer = resolve;
  });
  const a = collector(leases, 'a');
  await pass(leases, 10_000, a);
  expect(leases.calls).toBe(1);
  answer();
  await pass(leases, 250, a);
  expect(a.told).toEqual(['a@1']);
});
