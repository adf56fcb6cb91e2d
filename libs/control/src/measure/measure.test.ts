import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { robustZ } from '../anomaly/robust-z.ts';
import { errorBudget, evaluateBurn, type WindowCounts } from './burn.ts';
import { initEwma, stepEwma } from './ewma.ts';
import { loadImbalance } from './imbalance.ts';
import { addCounts, countsWithin, initRatioWindow, ratioOf } from './ratio-window.ts';

describe('time-aware mean', () => {
  const run = (samples: readonly (readonly [nowMs: number, value: number])[]) =>
    samples.reduce(
      (state, [nowMs, value]) => stepEwma(state, { nowMs, value }),
      initEwma({ tauMs: 10_000 }),
    );

  test('63 % of a step after tau, however many samples it takes', () => {
    const one = run([
      [0, 0],
      [10_000, 1],
    ]).mean;
    const many = run([
      [0, 0],
      ...Array.from({ length: 100 }, (_, k) => [100 * (k + 1), 1] as const),
    ]);
    expect(one).toBeCloseTo(1 - Math.exp(-1), 12);
    expect(many.mean).toBeCloseTo(1 - Math.exp(-1), 9);
  });

  test('an error is not a zero, and late samples are none', () => {
    const state = run([[1_000, 5]]);
    expect(stepEwma(state, { nowMs: 2_000, value: Number.NaN })).toBe(state);
    expect(stepEwma(state, { nowMs: 500, value: 100 })).toEqual({ ...state, late: 1 });
    expect(run([]).mean).toBeNull();
  });

  test('a clock that was ahead once: the third late sample in a row is believed', () => {
    const ahead = run([
      [1_000, 5],
      [3_601_000, 5],
      [2_000, 9],
      [3_000, 9],
    ]);
    expect(ahead).toEqual({ tauMs: 10_000, mean: 5, lastMs: 3_601_000, late: 2 });
    const back = stepEwma(ahead, { nowMs: 4_000, value: 9 });
    expect(back).toEqual({ tauMs: 10_000, mean: 5, lastMs: 4_000, late: 0 });
    const after = stepEwma(back, { nowMs: 14_000, value: 9 });
    expect(after.mean).toBeCloseTo(5 + 4 * (1 - Math.exp(-1)), 12);
  });

  test('late samples that are not in a row are late samples', () => {
    const state = run([
      [1_000, 5],
      [500, 100],
      [600, 100],
      [1_000, 5],
      [500, 100],
      [600, 100],
    ]);
    expect(state).toEqual({ tauMs: 10_000, mean: 5, lastMs: 1_000, late: 2 });
  });
});

describe('windowed counts', () => {
  const MINUTE = { bucketMs: 1_000, spanMs: 60_000 };

  test('agree with counting every event, up to one bucket', () => {
    const events = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 9_000 }), error: fc.boolean() }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(events, fc.integer({ min: 1_000, max: 60_000 }), (steps, spanMs) => {
        let state = initRatioWindow(MINUTE);
        let nowMs = 500_000;
        const log: { readonly atMs: number; readonly errors: number }[] = [];
        for (const step of steps) {
          nowMs += step.gapMs;
          const errors = step.error ? 1 : 0;
          state = addCounts(state, { nowMs, total: 1, errors });
          log.push({ atMs: nowMs, errors });
        }
        const firstSlotMs = Math.floor((nowMs - spanMs) / 1_000) * 1_000;
        const inside = log.filter(
          (event) => event.atMs >= firstSlotMs && event.atMs > nowMs - spanMs - 1_000,
        );
        const counts = countsWithin(state, nowMs, spanMs);
        const exact = log.filter((event) => event.atMs > nowMs - spanMs).length;
        expect(counts.total).toBeGreaterThanOrEqual(exact);
        expect(counts.total).toBeLessThanOrEqual(inside.length);
        expect(state.buckets.length).toBeLessThanOrEqual(61);
      }),
    );
  });

  test('impossible counts are ignored whole; no traffic has no ratio', () => {
    const state = addCounts(initRatioWindow(MINUTE), { nowMs: 1_000, total: 10, errors: 2 });
    for (const bad of [
      { total: Number.NaN, errors: 0 },
      { total: 1, errors: 2 },
      { total: -1, errors: -1 },
    ]) {
      expect(addCounts(state, { nowMs: 2_000, ...bad })).toBe(state);
    }
    expect(ratioOf(countsWithin(state, 1_000, 60_000))).toBe(0.2);
    expect(ratioOf(countsWithin(state, 90_000, 60_000))).toBeNull();
    expect(countsWithin(state, 500, 60_000)).toEqual({ total: 0, errors: 0 });
  });

  test('a window that would not be bounded is refused', () => {
    expect(() => initRatioWindow({ bucketMs: 1, spanMs: 1e9 })).toThrowError(/spanMs/);
  });
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('burn rate', () => {
  /** Error ratios as multiples of the budget of 99.9 %, over 100,000 events each. */
  const windows = (rates: { readonly [windowMs: number]: number }): readonly WindowCounts[] =>
    Object.entries(rates).map(([windowMs, rate]) => ({
      windowMs: Number(windowMs),
      total: 100_000,
      errors: rate * 100,
    }));
  const judge = (rates: { readonly [windowMs: number]: number }) =>
    evaluateBurn({ objective: 0.999, windows: windows(rates) });

  test('pages at 14.4 on 1 h and 5 m, both', () => {
    expect(judge({ [HOUR_MS]: 14.4, [5 * MINUTE_MS]: 14.4 }).page).toBe(true);
    expect(judge({ [HOUR_MS]: 14.3, [5 * MINUTE_MS]: 50 }).page).toBe(false);
    expect(judge({ [HOUR_MS]: 50, [5 * MINUTE_MS]: 14.3 }).page).toBe(false);
  });

  test('or at 6 on 6 h and 30 m', () => {
    const verdict = judge({ [6 * HOUR_MS]: 6, [30 * MINUTE_MS]: 6.1 });
    expect(verdict).toMatchObject({ page: true, ticket: false });
    expect(verdict.firing).toMatchObject([{ factor: 6, longRate: 6, shortRate: 6.1 }]);
  });

  test('tickets at 3 on 1 d and 2 h, or 1 on 3 d and 6 h', () => {
    expect(judge({ [24 * HOUR_MS]: 3, [2 * HOUR_MS]: 3 })).toMatchObject({
      page: false,
      ticket: true,
    });
    expect(judge({ [72 * HOUR_MS]: 1, [6 * HOUR_MS]: 1 }).ticket).toBe(true);
  });

  test('a quiet service needs a minimum of events', () => {
    const quiet = (total: number) =>
      evaluateBurn({
        objective: 0.999,
        windows: [
          { windowMs: HOUR_MS, total: 500, errors: 50 },
          { windowMs: 5 * MINUTE_MS, total, errors: total / 2 },
        ],
      }).page;
    expect(quiet(18)).toBe(false);
    expect(quiet(20)).toBe(true);
  });

  test('impossible counts, as more errors than events, have no rate and do not page', () => {
    const verdict = (total: number, errors: number) =>
      evaluateBurn({
        objective: 0.999,
        windows: [
          { windowMs: HOUR_MS, total: 1_000, errors: 1_000 },
          { windowMs: 5 * MINUTE_MS, total, errors },
        ],
      });
    expect(verdict(100, 100)).toMatchObject({ page: true, rates: [{}, { rate: 1_000 }] });
    for (const [total, errors] of [
      [100, 101],
      [0, 1],
      [100, -1],
      [100, Number.NaN],
      [Number.NaN, 1],
      [Number.POSITIVE_INFINITY, 1],
    ] as const) {
      expect(verdict(total, errors)).toMatchObject({ page: false, rates: [{}, { rate: null }] });
    }
  });

  test('no window and no traffic say nothing', () => {
    expect(evaluateBurn({ objective: 0.99, windows: [] })).toMatchObject({
      page: false,
      rates: [],
    });
    const idle = [{ windowMs: HOUR_MS, total: 0, errors: 0 }];
    expect(evaluateBurn({ objective: 0.99, windows: idle }).rates[0]?.rate).toBeNull();
    expect(() => evaluateBurn({ objective: 1, windows: [] })).toThrowError(/objective/);
  });
});

describe('error budget', () => {
  const month = { objective: 0.999, windowMs: 30 * 24 * HOUR_MS, total: 1_000_000 };

  test('remaining, and how long it lasts at the present rate', () => {
    expect(errorBudget({ ...month, errors: 250, burnRate: 15 })).toEqual({
      remainingRatio: 0.75,
      timeToExhaustionMs: (0.75 * 30 * 24 * HOUR_MS) / 15,
    });
  });

  test('overdrawn, untouched, idle', () => {
    expect(errorBudget({ ...month, errors: 1_500, burnRate: 2 })).toEqual({
      remainingRatio: -0.5,
      timeToExhaustionMs: 0,
    });
    expect(errorBudget({ ...month, errors: 0, burnRate: 0 }).timeToExhaustionMs).toBeNull();
    expect(errorBudget({ ...month, total: 0, errors: 0, burnRate: null }).remainingRatio).toBe(1);
  });

  test('more errors than events is refused', () => {
    const of = (errors: number) => errorBudget({ ...month, total: 10, errors, burnRate: null });
    expect(of(10).remainingRatio).toBe(-999);
    expect(() => of(11)).toThrowError(/^errors is 11: .*at most the total \(10\)/);
  });
});

describe('imbalance', () => {
  test('max over mean; nothing to compare is null, not even', () => {
    expect(loadImbalance([10, 10, 10])).toBe(1);
    expect(loadImbalance([30, 10, 20])).toBe(1.5);
    expect(loadImbalance([])).toBeNull();
    expect(loadImbalance([0, 0])).toBeNull();
    expect(loadImbalance([1, Number.NaN])).toBeNull();
  });
});

describe('robust z', () => {
  const usual = [10, 11, 9, 10, 12, 8, 10, 11, 9, 10];

  test('is not blinded by an outlier in the past', () => {
    const verdict = robustZ([...usual, 1_000], 30);
    expect(verdict).toMatchObject({ anomalous: true, direction: 'high', method: 'mad' });
    expect(robustZ(usual, 12)?.anomalous).toBe(false);
    expect(robustZ(usual, 10 + 3.5 / 0.6745 + 0.01)?.anomalous).toBe(true);
    expect(robustZ(usual, 10 - 3.5 / 0.6745 - 0.01)).toMatchObject({ direction: 'low' });
  });

  test('has a fallback when most of the past is one value, and when all of it is', () => {
    const mostly = [5, 5, 5, 5, 5, 5, 5, 6];
    expect(robustZ(mostly, 9)).toMatchObject({ anomalous: true, method: 'mean-distance' });
    const constant = Array.from({ length: 8 }, () => 5);
    expect(robustZ(constant, 5.2)).toMatchObject({ anomalous: false, z: null, method: 'constant' });
    expect(robustZ(constant, 5.3)).toMatchObject({ anomalous: true, z: null });
  });

  test('says nothing from a short past or of a gap', () => {
    expect(robustZ(usual.slice(0, 7), 50)).toBeNull();
    expect(robustZ(usual, Number.NaN)).toBeNull();
  });
});
