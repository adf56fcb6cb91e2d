import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Interner } from '../otlp/interner.ts';
import { randomHex, seeded } from '../otlp/load.fixture.ts';
import { tableOf } from '../otlp/trace.fixture.ts';
import { traceRandomness } from './randomness.ts';
import {
  CALM,
  keptInOverload,
  overloadDecision,
  STRESS_DEFAULTS,
  type StressInput,
  type StressState,
  stepStress,
} from './stress.ts';

const { enterAt, leaveBelow, leaveAfterMs, minOneIn, maxOneIn } = STRESS_DEFAULTS;

const share = fc.double({ min: 0, max: 1.5, noNaN: true });
const look = fc.record({
  afterMs: fc.integer({ min: 1, max: 4000 }),
  shares: fc.record({ window: share, spool: share, lag: share }),
  demand: fc.double({ min: 0, max: 1000, noNaN: true }),
});

interface Seen {
  input: StressInput;
  before: StressState;
  after: StressState;
}

function run(looks: readonly { afterMs: number; shares: StressInput['shares']; demand: number }[]) {
  const seen: Seen[] = [];
  let state = CALM;
  let nowMs = 1_700_000_000_000;
  for (const { afterMs, shares, demand } of looks) {
    nowMs += afterMs;
    const input = { nowMs, shares, demand };
    const after = stepStress(state, input);
    seen.push({ input, before: state, after });
    state = after;
  }
  return seen;
}

const looks = fc.array(look, { minLength: 1, maxLength: 60 });
const fullest = ({ shares }: StressInput) => Math.max(shares.window, shares.spool, shares.lag);

describe('stress', () => {
  test('begins exactly when a bound is nearly reached', () => {
    fc.assert(
      fc.property(looks, (given) => {
        for (const { input, before, after } of run(given)) {
          if (before.mode.kind !== 'calm') continue;
          expect(after.mode.kind === 'stressed').toBe(fullest(input) >= enterAt);
        }
      }),
    );
  });

  test('ends only after ten seconds of room and a demand that can be met', () => {
    fc.assert(
      fc.property(looks, (given) => {
        const seen = run(given);
        for (const [at, { input, before, after }] of seen.entries()) {
          if (before.mode.kind !== 'stressed' || after.mode.kind !== 'calm') continue;
          const { sinceMs } = before.mode;
          const quiet = seen
            .slice(0, at + 1)
            .filter(({ input: { nowMs } }) => nowMs >= Math.max(sinceMs, input.nowMs - 10_000));
          expect(input.nowMs - sinceMs).toBeGreaterThanOrEqual(leaveAfterMs);
          for (const { input: then } of quiet) {
            expect(Math.max(fullest(then), then.demand)).toBeLessThan(leaveBelow);
          }
        }
      }),
    );
  });

  test('1 in N is a power of two in bounds, rises at once and falls a step in ten seconds', () => {
    fc.assert(
      fc.property(looks, (given) => {
        for (const { input, before, after } of run(given)) {
          if (after.mode.kind !== 'stressed') continue;
          const { oneIn } = after.mode;
          expect(Number.isInteger(Math.log2(oneIn))).toBe(true);
          expect(oneIn).toBeGreaterThanOrEqual(minOneIn);
          expect(oneIn).toBeLessThanOrEqual(maxOneIn);
          expect(oneIn).toBeGreaterThanOrEqual(Math.min(maxOneIn, 10 * input.demand));
          if (before.mode.kind !== 'stressed' || oneIn >= before.mode.oneIn) continue;
          expect(oneIn).toBe(before.mode.oneIn / 2);
          expect(input.nowMs - before.mode.oneInSinceMs).toBeGreaterThanOrEqual(leaveAfterMs);
        }
      }),
    );
  });

  test('once the load is gone it ends, whatever was before', () => {
    fc.assert(
      fc.property(looks, (given) => {
        let { after: state } = run(given).at(-1) as Seen;
        let nowMs = 1_800_000_000_000;
        for (let step = 0; step <= 101; step += 1) {
          state = stepStress(state, {
            nowMs,
            shares: { window: 0.1, spool: 0, lag: 0 },
            demand: 0.5,
          });
          nowMs += 100;
        }
        expect(state.mode.kind).toBe('calm');
      }),
    );
  });
});

describe('1 in N', () => {
  const strings = new Interner();
  const random = seeded(7);
  const table = tableOf(
    strings,
    Array.from({ length: 20_000 }, (_, at) => ({
      id: String(at),
      traceId: randomHex(random, 32),
      ...(at % 5 === 0 ? { traceState: `ot=rv:${randomHex(random, 14)}` } : {}),
    })),
  );

  test('is the comparison of randomness with the threshold that the rows carry', () => {
    for (const oneIn of [1, 2, 16, 1024, 2 ** 20]) {
      const { threshold } = overloadDecision(oneIn);
      for (let span = 0; span < table.count; span += 1) {
        if (span % 5 === 0) continue;
        expect(keptInOverload(table, span, oneIn)).toBe(traceRandomness(table, span) >= threshold);
      }
    }
  });

  test('keeps of the same traces fewer when N is larger', () => {
    for (let span = 0; span < table.count; span += 1) {
      if (keptInOverload(table, span, 64)) expect(keptInOverload(table, span, 32)).toBe(true);
    }
  });

  test('sums of adjusted counts are within 3 sigma of the truth while N changes', () => {
    let estimate = 0;
    let variance = 0;
    for (let span = 0; span < table.count; span += 1) {
      const oneIn = 2 ** (1 + (Math.floor(span / 2500) % 5));
      variance += oneIn - 1;
      if (keptInOverload(table, span, oneIn)) {
        estimate += 1 / overloadDecision(oneIn).probability;
      }
    }
    expect(Math.abs(estimate - table.count)).toBeLessThan(3 * Math.sqrt(variance));
  });
});
