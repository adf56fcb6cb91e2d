import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../otlp/load.fixture.ts';
import { RateGate } from './rate-gate.ts';

const PER_SECOND = 100;
const BURST = 200;

/** Stretches of time with their own rate of arrival, and traces of their own size. */
const stretch = fc.record({
  seconds: fc.integer({ min: 5, max: 30 }),
  perSecond: fc.integer({ min: 20, max: 1500 }),
  cost: fc.constantFrom(1, 4, 20),
});
type Stretch = typeof stretch extends fc.Arbitrary<infer S> ? S : never;

/** What is kept, and what came, of `stretches` one after the other. */
function play(stretches: readonly Stretch[], seed: number): { kept: number; came: number } {
  const gate = new RateGate(PER_SECOND, BURST);
  const random = seeded(seed);
  let kept = 0;
  let came = 0;
  let nowMs = 0;
  for (const { seconds, perSecond, cost } of stretches) {
    const endMs = nowMs + seconds * 1000;
    for (; nowMs < endMs; nowMs += (1000 * cost) / perSecond) {
      gate.advance(nowMs);
      gate.arrive(cost);
      came += cost;
      const p = gate.probability(cost);
      if (!(p > 0 && p <= 1)) throw new Error(`${p} is no probability`);
      if (random() >= p) continue;
      gate.spend(cost);
      kept += cost;
    }
  }
  return { kept, came };
}

test('whatever comes, no more is kept than the rate, a burst and a few seconds of surprise', () => {
  fc.assert(
    fc.property(
      fc.array(stretch, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 1e6 }),
      (stretches, seed) => {
        const seconds = stretches.reduce((sum, one) => sum + one.seconds, 0);
        const { kept } = play(stretches, seed);
        const surprises = 5 * PER_SECOND * stretches.length;
        expect(kept).toBeLessThan(PER_SECOND * seconds * 1.1 + BURST + surprises);
      },
    ),
    { numRuns: 200, seed: 4 },
  );
});

test('under steady demand the rate is used, not only held', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 3000 }),
      fc.constantFrom(1, 4),
      fc.integer({ min: 1, max: 1e6 }),
      (perSecond, cost, seed) => {
        const { kept } = play([{ seconds: 60, perSecond, cost }], seed);
        expect(kept).toBeGreaterThan(0.8 * PER_SECOND * 60);
      },
    ),
    { numRuns: 60, seed: 5 },
  );
});

test('demand below the rate is kept whole', () => {
  const { kept, came } = play([{ seconds: 60, perSecond: 80, cost: 4 }], 1);
  expect(kept).toBe(came);
});

test('time that steps back counts as no time', () => {
  const gate = new RateGate(PER_SECOND, BURST);
  gate.advance(10_000);
  gate.arrive(500);
  gate.spend(300);
  const before = gate.probability(1);
  gate.advance(1);
  expect(gate.probability(1)).toBe(before);
});
