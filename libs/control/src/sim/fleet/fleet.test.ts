import { describe, expect, test } from 'vitest';
import { Draws } from '../random.ts';
import { type FleetConfig, HEAVY_TAIL, SLUGGISH, SWIFT } from './config.ts';
import { Fleet } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { serviceTimes } from './service-time.ts';

const PLAIN: FleetConfig = {
  ...SWIFT,
  service: { kind: 'exponential', meanMs: 100 },
  balancing: 'round-robin',
  client: { timeoutMs: 1e9, retries: 0, backoffMs: 0 },
};

function drive(
  config: FleetConfig,
  how: { replicas: number; perSecond: number; seconds: number; seed?: number },
): { fleet: Fleet; ledger: Ledger } {
  const ledger = new Ledger(how.seconds);
  const fleet = new Fleet(config, { replicas: how.replicas, seed: how.seed ?? 7, ledger });
  for (let second = 0; second < how.seconds; second += 1) fleet.advance(how.perSecond);
  return { fleet, ledger };
}

describe('a queue against Erlang C', () => {
  // c workers, a erlangs: probability to wait C; mean wait C S / (c - a)
  test.each([
    [1, 0.5, 0.5],
    [2, 1.5, 0.642857],
    [10, 8, 0.40918],
    [100, 95, 0.506457],
  ])('c=%i a=%f', (workers, erlangs, waits) => {
    const seconds = workers === 100 ? 2_000 : 6_000;
    const perSecond = erlangs / 0.1;
    const { ledger } = drive(
      { ...PLAIN, workersPerReplica: workers },
      { replicas: 1, perSecond, seconds },
    );
    const inside = ledger.sum(ledger.insideMs, 0, seconds) / 1_000 / seconds;
    const waiting = inside - ledger.sum(ledger.busyMs, 0, seconds) / 1_000 / seconds;
    const expected = (waits * 0.1 * perSecond) / (workers - erlangs);
    expect(waiting / expected).toBeGreaterThan(0.85);
    expect(waiting / expected).toBeLessThan(1.15);
    const utilization = ledger.sum(ledger.busyMs, 0, seconds) / (1_000 * seconds * workers);
    expect(utilization).toBeCloseTo(erlangs / workers, 1);
  });

  test('its 99th percentile: c=10 a=8 waits up to 1.8558 S', () => {
    const exact: FleetConfig = {
      ...PLAIN,
      workersPerReplica: 10,
      objective: { latencyMs: 461.5, badRatio: 0.01 },
    };
    const seconds = 6_000;
    const { ledger } = drive(exact, { replicas: 1, perSecond: 80, seconds });
    // p99 of the time inside, waiting and service: 1 - F(t) = 0.01 at t = 5.16 S.
    const p99Ms = ledger.latencyMs(0.99, 0, seconds) as number;
    expect(p99Ms).toBeGreaterThan(470);
    expect(p99Ms).toBeLessThan(570);
  });
});

describe('service times have the mean they say', () => {
  test.each([SWIFT, HEAVY_TAIL, SLUGGISH])('$name', ({ service }) => {
    const draws = new Draws({ seed: 3 });
    const draw = serviceTimes(service);
    let sum = 0;
    for (let count = 0; count < 400_000; count += 1) sum += draw(draws);
    expect(sum / 400_000 / service.meanMs).toBeGreaterThan(0.98);
    expect(sum / 400_000 / service.meanMs).toBeLessThan(1.02);
  });
});

describe('replicas', () => {
  test('are paid for from the order on, and serve from readiness on', () => {
    const ledger = new Ledger(60);
    const config = { ...PLAIN, startup: { meanMs: 10_000, spread: 0 } };
    const fleet = new Fleet(config, { replicas: 1, seed: 1, ledger });
    fleet.scaleTo(3);
    expect([fleet.count, fleet.ready]).toEqual([3, 1]);
    for (let second = 0; second < 20; second += 1) fleet.advance(10);
    expect([fleet.count, fleet.ready]).toEqual([3, 3]);
    expect(ledger.sum(ledger.paidMs, 0, 20)).toBe(60_000);
    expect(ledger.sum(ledger.readyMs, 0, 20)).toBe(20_000 + 2 * 10_000);
  });

  test('that leave finish what they have, and are paid until then', () => {
    const ledger = new Ledger(120);
    const fleet = new Fleet(PLAIN, { replicas: 2, seed: 1, ledger });
    for (let second = 0; second < 10; second += 1) fleet.advance(80);
    fleet.scaleTo(1);
    for (let second = 10; second < 120; second += 1) fleet.advance(0);
    const arrived = ledger.sum(ledger.arrivals, 0, 120);
    expect(ledger.sum(ledger.ended, 0, 120)).toBe(arrived);
    expect(ledger.sum(ledger.paidMs, 0, 120)).toBeGreaterThan(10_000 + 120_000);
  });

  test('that die come up again as new ones', () => {
    const ledger = new Ledger(60);
    const fleet = new Fleet(PLAIN, { replicas: 4, seed: 1, ledger });
    fleet.lose(3);
    expect([fleet.count, fleet.ready]).toEqual([4, 1]);
  });

  test('that are cold are slower, less so by and by', () => {
    const config: FleetConfig = {
      ...PLAIN,
      startup: { meanMs: 1, spread: 0 },
      warmup: { durationMs: 100_000, slowdown: 3 },
    };
    const ledger = new Ledger(200);
    const fleet = new Fleet(config, { replicas: 0, seed: 1, ledger });
    fleet.scaleTo(1);
    for (let second = 0; second < 200; second += 1) fleet.advance(3);
    const cost = (from: number, to: number) =>
      ledger.sum(ledger.busyMs, from, to) / ledger.sum(ledger.arrivals, from, to);
    expect(cost(0, 20)).toBeGreaterThan(220);
    expect(cost(120, 200)).toBeLessThan(130);
  });
});

describe('clients', () => {
  test('give up at their time-out and come again as often as they may', () => {
    const config: FleetConfig = {
      ...PLAIN,
      workersPerReplica: 1,
      client: { timeoutMs: 1_000, retries: 2, backoffMs: 200 },
      objective: { latencyMs: 500, badRatio: 0.01 },
    };
    const calm = drive(config, { replicas: 10, perSecond: 10, seconds: 100 }).ledger;
    const drowned = drive(config, { replicas: 1, perSecond: 100, seconds: 100 }).ledger;
    expect(calm.sum(calm.failed, 0, 100)).toBe(0);
    expect(drowned.sum(drowned.arrivals, 20, 90) / 70).toBeGreaterThan(250);
    expect(
      drowned.sum(drowned.failed, 20, 90) / drowned.sum(drowned.ended, 20, 90),
    ).toBeGreaterThan(0.8);
  });
});

describe('the balancer', () => {
  test('that looks at two keeps the tail shorter than one that takes turns', () => {
    const p99 = (balancing: FleetConfig['balancing']) => {
      const { ledger } = drive(
        { ...HEAVY_TAIL, balancing },
        { replicas: 12, perSecond: 160, seconds: 600 },
      );
      return ledger.latencyMs(0.99, 0, 600) as number;
    };
    expect(p99('best-of-two')).toBeLessThan(0.7 * p99('round-robin'));
  });

  test('gives those that are new their share by and by when it is told to', () => {
    const share = (slowStartMs: number) => {
      const ledger = new Ledger(40);
      const config = { ...PLAIN, startup: { meanMs: 1, spread: 0 } };
      const fleet = new Fleet(config, { replicas: 1, seed: 1, ledger });
      fleet.slowStartMs = slowStartMs;
      fleet.scaleTo(2);
      for (let second = 0; second < 10; second += 1) fleet.advance(30);
      return ledger.latencyMs(0.99, 0, 10) as number;
    };
    // All of it goes to the old one at first: its queue grows.
    expect(share(60_000)).toBeGreaterThan(1.5 * share(0));
  });
});

test('the same seed gives the same run, another one does not', () => {
  const sum = (seed: number) => {
    const { ledger } = drive(HEAVY_TAIL, { replicas: 12, perSecond: 160, seconds: 60, seed });
    return ledger.sum(ledger.insideMs, 0, 60);
  };
  expect(sum(1)).toBe(sum(1));
  expect(sum(1)).not.toBe(sum(2));
});
