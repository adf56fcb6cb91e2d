import { describe, expect, test } from 'vitest';
import { LEASES_AS_SHIPPED, LEASES_FRUGAL, runLeases } from './leases.ts';
import type { ScaleFigures } from './scenario.ts';
import { runGossip } from './swim.ts';

const SIZES = [10, 100, 1_000] as const;

/** Rounds until all know of a decision that one node made, without loss. */
function rounds(nodes: number, seed: number): number {
  const { decision } = runGossip({ nodes, seed, lossRatio: 0, endMs: 60_000 });
  return (decision.allMs ?? Number.NaN) / 1_000;
}

function meanRounds(nodes: number): number {
  const seeds = [1, 2, 3, 4, 5];
  return seeds.reduce((sum, seed) => sum + rounds(nodes, seed), 0) / seeds.length;
}

describe('gossip', () => {
  const means = [10, 100, 1_000, 10_000].map(meanRounds);

  test('reaches all in O(log n) rounds: each tenfold fleet takes about as many more', () => {
    const [ten = 0, hundred = 0, thousand = 0, tenThousand = 0] = means;
    const steps = [hundred - ten, thousand - hundred, tenThousand - thousand];
    for (const step of steps) {
      expect(step).toBeGreaterThan(0.5);
      expect(step).toBeLessThan(3);
    }
    expect(tenThousand).toBeLessThan(1.5 * Math.log2(10_000));
  });

  test('and not in O(sqrt n): a fleet a hundred times as large takes less than three times', () => {
    expect((means[3] as number) / (means[1] as number)).toBeLessThan(3);
  });

  test('a quiet node sends and receives the same in a fleet of any size', () => {
    for (const nodes of SIZES) {
      const { messagesPerSecond, store } = runGossip({
        nodes,
        seed: 1,
        lossRatio: 0,
        endMs: 20_000,
      });
      // A ping and its answer, as the one who asks and as the one who is asked.
      expect(messagesPerSecond).toBeCloseTo(4, 6);
      expect(store).toBeNull();
    }
  });

  test('without loss nobody is taken for gone who lives', () => {
    expect(runGossip({ nodes: 100, seed: 3, lossRatio: 0 }).falsePositives).toBe(0);
  });

  test('with a third of the messages lost some are, and none of them for good', () => {
    const figures = runGossip({ nodes: 100, seed: 3, lossRatio: 0.35 });
    expect(figures.falsePositives).toBeGreaterThan(0);
  });
});

const WAYS: readonly (readonly [string, (nodes: number, seed: number) => ScaleFigures])[] = [
  ['gossip', (nodes, seed) => runGossip({ nodes, seed })],
  ['leases as shipped', (nodes, seed) => runLeases({ nodes, seed }, LEASES_AS_SHIPPED)],
  ['frugal leases', (nodes, seed) => runLeases({ nodes, seed }, LEASES_FRUGAL)],
];

describe.each(WAYS)('%s', (_name, run) => {
  test('the same seed gives the same figures, another seed others', () => {
    expect(run(100, 7)).toEqual(run(100, 7));
    expect(run(100, 8)).not.toEqual(run(100, 7));
  });

  test.each(SIZES)('%i nodes learn of a crash, a join, a cut and its end', (nodes) => {
    const { decision, crash, join, cutMs, healedMs } = run(nodes, 1);
    for (const { p50Ms, p99Ms, allMs } of [decision, crash, join]) {
      expect(p50Ms).not.toBeNull();
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms ?? Number.NaN);
      expect(allMs).toBeGreaterThanOrEqual(p99Ms ?? Number.NaN);
    }
    expect(cutMs).toBeGreaterThan(0);
    expect(cutMs).toBeLessThan(60_000);
    expect(healedMs).toBeGreaterThanOrEqual(0);
    expect(healedMs).toBeLessThan(60_000);
  });
});

describe('leases', () => {
  /*
   *   crash      last renewal up to a heartbeat before
   *   | TTL ............... | cycle ... | poll |
   */
  test.each([LEASES_AS_SHIPPED, LEASES_FRUGAL])('a crash is known in time: %o', (config) => {
    const { heartbeatMs, ttlMs, cycleMs, pollMs } = config;
    for (const seed of [1, 2, 3]) {
      const { crash } = runLeases({ nodes: 100, seed, lossRatio: 0 }, config);
      expect(crash.allMs).toBeGreaterThan(ttlMs - heartbeatMs - pollMs);
      expect(crash.allMs).toBeLessThan(ttlMs + cycleMs + pollMs + 100);
    }
  });

  test('a decision is at a node with its next poll', () => {
    const { decision } = runLeases({ nodes: 1_000, seed: 1, lossRatio: 0 });
    expect(decision.p50Ms).toBeGreaterThan(300);
    expect(decision.p50Ms).toBeLessThan(700);
    expect(decision.allMs).toBeLessThan(1_500);
  });

  test('the store does four statements for each poll, and the controller two a cycle', () => {
    const { store, messagesPerSecond } = runLeases({ nodes: 100, seed: 1, lossRatio: 0 });
    // A poll begins when the one before it was answered: 2 ms on the way, and the store's work.
    expect(messagesPerSecond).toBeGreaterThan(1.98);
    expect(messagesPerSecond).toBeLessThan(2);
    expect(store?.statementsPerSecond).toBeGreaterThan(396);
    expect(store?.statementsPerSecond).toBeLessThan(401);
  });

  test('the store fills as the fleet grows, until answers wait for it', () => {
    const busy = [100, 1_000, 5_000].map(
      (nodes) => runLeases({ nodes, seed: 1, endMs: 30_000 }).store?.busyRatio ?? 0,
    );
    expect((busy[1] as number) / (busy[0] as number)).toBeCloseTo(10, 0);
    expect(busy[2]).toBe(1);
  });

  test('frugal ones cost the store an eighth at the most', () => {
    const statements = (config: typeof LEASES_FRUGAL) =>
      runLeases({ nodes: 1_000, seed: 1, endMs: 20_000 }, config).store?.statementsPerSecond ?? 0;
    expect(statements(LEASES_FRUGAL)).toBeLessThan(statements(LEASES_AS_SHIPPED) / 5);
  });

  test('nobody who lives is dropped while requests come through', () => {
    expect(runLeases({ nodes: 1_000, seed: 1 }).falsePositives).toBe(0);
  });
});

test.each([4, 1.5, 20_001, Number.NaN])('%f nodes are refused', (nodes) => {
  expect(() => runGossip({ nodes, seed: 1 })).toThrowError(/^nodes is /);
});

test.each([-0.1, 1.1])('a loss of %f is refused', (lossRatio) => {
  expect(() => runLeases({ nodes: 10, seed: 1, lossRatio })).toThrowError(/^lossRatio is /);
});
