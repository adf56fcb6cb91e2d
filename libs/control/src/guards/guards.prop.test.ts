import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decision } from '../decision.ts';
import { bound } from './bound.ts';
import type { Guard, GuardContext } from './guard.ts';
import { NO_ACTIONS, recordAction } from './history.ts';
import { evidenceAge, handControl, modeFreeze } from './hold.ts';
import { clamp, deadBand, noBlindScaleDown, onlyFinite, slew } from './number.ts';
import { cooldown, flapBudget } from './timing.ts';

const GUARDS: readonly Guard[] = [
  handControl(),
  onlyFinite(),
  evidenceAge({ maxAgeMs: 30_000 }),
  noBlindScaleDown(),
  modeFreeze(),
  deadBand({ ratio: 0.05 }),
  cooldown({ upMs: 60_000, downMs: 180_000 }),
  flapBudget({ actionsPerHour: 12, reversalsPerHour: 4, safe: 'up' }),
  slew({ up: { ratio: 1 }, down: { ratio: 0.1 }, whole: true }),
  clamp({ min: 2, max: 50 }),
];

const anyNumber = fc.oneof(
  fc.integer({ min: -5, max: 500 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const proposals: fc.Arbitrary<Decision<number>> = anyNumber.map((value) => ({
  value,
  reason: 'above-setpoint',
  terms: {},
}));
const contexts: fc.Arbitrary<GuardContext> = fc.record({
  nowMs: fc.constant(10_000_000),
  applied: fc.integer({ min: 0, max: 60 }),
  measured: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  evidenceAgeMs: fc.option(fc.integer({ min: -100_000, max: 100_000 })),
  history: fc
    .array(fc.tuple(fc.integer({ min: 0, max: 4_000_000 }), fc.integer({ min: 1, max: 9 })))
    .map((steps) =>
      steps
        .toSorted((a, b) => b[0] - a[0])
        .reduce(
          (history, [ageMs, to]) =>
            recordAction(history, { atMs: 10_000_000 - ageMs, from: 5, to }),
          NO_ACTIONS,
        ),
    ),
  mode: fc.constantFrom('target', 'recovery', 'degraded', 'floor', null),
  frozen: fc.subarray(['up', 'down'] as const),
  hand: fc.boolean(),
});

test('whatever is proposed: finite, within limits or as it was, and the trail adds up', () => {
  fc.assert(
    fc.property(proposals, contexts, (proposed, context) => {
      const { decision, trail } = bound(GUARDS, proposed, context);
      const inLimits = decision.value >= 2 && decision.value <= 50;
      expect(Number.isFinite(decision.value)).toBe(true);
      expect(inLimits || decision.value === context.applied).toBe(true);
      let value = proposed.value;
      for (const entry of trail) {
        expect(entry.before).toBe(value);
        value = entry.after;
      }
      expect(value).toBe(decision.value);
      expect(trail.slice(0, -1).every((entry) => entry.effect === 'bounded')).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('nothing is taken away while blind or in hand, whatever is proposed', () => {
  fc.assert(
    fc.property(proposals, contexts, (proposed, context) => {
      const { decision } = bound(GUARDS, proposed, context);
      const blind =
        context.measured === null ||
        context.evidenceAgeMs === null ||
        Math.abs(context.evidenceAgeMs) > 30_000;
      if (context.hand || blind) {
        expect(decision.value).toBeGreaterThanOrEqual(Math.min(context.applied, 50));
      }
    }),
    { numRuns: 2_000 },
  );
});
