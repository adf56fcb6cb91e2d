import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outlook } from './outlook.ts';

const CONFIG = {
  horizonMs: 20_000,
  slotMs: 5_000,
  trendSlots: 6,
  mostPeriodSlots: 8,
  memorySlots: 12,
  minScored: 2,
  calendar: { seasonMs: 60_000, slotMs: 10_000 },
};

const sample = fc.record({
  gapMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 12_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -100_000, max: -1 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 10_000_000 }) },
  ),
  value: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }).map((x) => 10 * (x % 4)) },
    { weight: 2, arbitrary: fc.double({ min: 0, max: 1e6, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY) },
  ),
});

test('whatever comes: finite, not negative, bounded, and identical after JSON', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 150 }), (samples) => {
      let kept = outlook.init(CONFIG);
      let stored = kept;
      let atMs = 1_000_000;
      for (const { gapMs, value } of samples) {
        atMs += gapMs;
        kept = outlook.note(kept, { atMs, value });
        stored = outlook.note(JSON.parse(JSON.stringify(stored)), { atMs, value });
        expect(JSON.stringify(stored)).toBe(JSON.stringify(kept));
        for (const said of [outlook.forecast(kept, atMs), outlook.highest(kept, atMs, atMs + 9)]) {
          expect(said.value === null || (Number.isFinite(said.value) && said.value >= 0)).toBe(
            true,
          );
          expect(said.trusted ? said.errorRatio : 0).toBeLessThanOrEqual(1);
        }
      }
      expect(JSON.stringify(kept).length).toBeLessThan(12_000);
    }),
    { numRuns: 60 },
  );
});
