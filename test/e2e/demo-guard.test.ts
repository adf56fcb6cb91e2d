import type { GuardReport } from '@flyball/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Peers, type Shop, startPeers, startShop, TOKEN } from './demo-harness.ts';

let peers: Peers;
let shop: Shop;
let version = 0;

/** A controller that has one thing to say about checkout. */
function steerCheckout(change: Record<string, unknown>): void {
  version += 1;
  const decided = { version, ...change };
  peers.answerGuard = (report: GuardReport) => ({
    status: 200,
    body: {
      issuedAtMs: Date.now(),
      lifetimeMs: 4_000,
      pollMs: 300,
      ratePerSecond: null,
      burst: null,
      weights: {},
      defaults: { ratePerSecond: null, equalWeights: true },
      ...(report.service === 'checkout' ? decided : { version: 1 }),
    },
  });
}

const lastReport = (service: string) =>
  peers.reports.filter((report) => report.service === service).at(-1);

const guardOf = async (service: string) =>
  (await shop.state()).guards.find((guard) => guard.service === service);

beforeAll(async () => {
  peers = await startPeers();
  // Room to spare, so that whatever fails fails because of the guard.
  shop = await startShop(peers, { FLYBALL_DEMO_RATE: '40' });
});

afterAll(async () => {
  await shop?.close();
  await peers?.close();
});

afterEach(() => shop?.endAllFaults());

beforeEach(async () => {
  steerCheckout({});
  await eventually(
    'targets in force',
    () => guardOf('checkout'),
    (g) => g?.version === version,
  );
});

describe('the gateway as a guard', () => {
  it('reports what it applies and sees, with its token', async () => {
    const report = await eventually(
      'a report with traffic',
      () => lastReport('checkout'),
      (last) => last?.appliedVersion === version && last.seen.accepted > 0,
    );
    expect(report?.instances.map(({ instance }) => instance)).toEqual(['checkout-1', 'checkout-2']);
    expect(report?.instances.every(({ healthy }) => healthy)).toBe(true);
    expect([...peers.authorizations]).toEqual([`Bearer ${TOKEN}`]);
    expect(lastReport('recommendations')?.appliedVersion).toBe(1);
  });

  it('moves traffic away from a slow instance as the weights say', async () => {
    const fault = await shop.fault({ kind: 'slow-instance', instance: 'checkout-1' });
    const p99Ms = async () => (await shop.state()).load?.p99Ms ?? 0;
    await eventually('the shop is slow', p99Ms, (value) => value > 300);
    steerCheckout({ weights: { 'checkout-1': 0.1, 'checkout-2': 0.9 } });
    await eventually(
      'most requests go to the fast one',
      async () => ({
        slow: await shop.requestsPerSecond('checkout-1'),
        fast: await shop.requestsPerSecond('checkout-2'),
      }),
      ({ slow, fast }) => fast > 12 && slow < fast / 4,
    );
    await shop.endFault(fault);
    steerCheckout({});
    await eventually(
      'the traffic comes back',
      async () => ({
        first: await shop.requestsPerSecond('checkout-1'),
        second: await shop.requestsPerSecond('checkout-2'),
      }),
      ({ first, second }) => first > 6 && first > second * 0.7,
    );
  });

  it('limits by the rate, and says when to come again', async () => {
    steerCheckout({ ratePerSecond: 5, burst: 1 });
    await eventually(
      'customers are limited',
      () => shop.state(),
      ({ load }) => load !== null && load.limitedPerSecond > 12,
    );
    const limited = await eventually(
      'a 429',
      () => fetch(new URL('/checkout', shop.gatewayUrl), { method: 'POST' }),
      ({ status }) => status === 429,
    );
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const { seen } = await eventually(
      'the report tells of it',
      () => lastReport('checkout') as GuardReport,
      (report) => report.seen.rejected > report.seen.accepted,
    );
    expect((seen.accepted * 1_000) / seen.windowMs).toBeLessThan(20);
    const browse = await fetch(new URL('/browse', shop.gatewayUrl));
    expect(browse.status).toBe(200);
  });

  it.each<[string, Peers['answerGuard']]>([
    ['is away', () => new Error('away')],
    ['answers garbage', () => ({ status: 200, body: 'no { json' })],
  ])('keeps the last targets while the controller %s, then safe defaults', async (_how, broken) => {
    steerCheckout({ ratePerSecond: 5, burst: 1 });
    const limitedPerSecond = async () => (await shop.state()).load?.limitedPerSecond ?? 0;
    await eventually(
      'targets in force',
      () => guardOf('checkout'),
      (guard) => guard?.version === version,
    );
    await eventually('customers are limited', limitedPerSecond, (rate) => rate > 12);
    peers.answerGuard = broken;
    const brokeAtMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await guardOf('checkout')).toMatchObject({ state: 'following', version });
    expect(await limitedPerSecond()).toBeGreaterThan(12);
    await eventually(
      'the lifetime ends',
      () => guardOf('checkout'),
      (g) => g?.state === 'expired',
    );
    expect(performance.now() - brokeAtMs).toBeGreaterThan(3_000);
    await eventually('nobody is limited', limitedPerSecond, (rate) => rate === 0);
    expect((await shop.state()).load?.failedPerSecond).toBe(0);
  });
});
