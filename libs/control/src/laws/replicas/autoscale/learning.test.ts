import { describe, expect, test } from 'vitest';
import { type AutoscaleState, autoscale } from './autoscale.ts';
import type { AutoscaleConfig } from './config.ts';
import { learn } from './learning.ts';
import type { Believed } from './seen.ts';

const UNTIL = 995_000;

/** A window of 15 s, ten seconds after the one before: 100 requests/s of 50 ms on ten replicas. */
const WINDOW: Believed = {
  nowMs: 1_000_000,
  untilMs: UNTIL,
  windowMs: 15_000,
  rate: 100,
  utilization: 0.5,
  inFlight: 10,
  strain: 0.5,
  isStrained: false,
  errors: 0,
  serving: 10,
  applied: 10,
  guess: 0,
};

function known(more: Partial<AutoscaleState> = {}, config: AutoscaleConfig = {}): AutoscaleState {
  const fresh = autoscale.init({ p99Ms: 1_000, ...config });
  return { ...fresh, evidenceMs: UNTIL - 10_000, cost: 0.05, insideMs: 100, ...more };
}
const learned = (window: Partial<Believed>, state = known()) =>
  learn(state, { ...WINDOW, ...window }, state);

describe('the cost', () => {
  const share = 1 - Math.exp(-10 / 60);

  test('goes towards what is seen, over a minute', () => {
    expect(learned({ utilization: 0.6 }).cost).toBeCloseTo(0.05 + 0.01 * share, 12);
    expect(learned({ utilization: 0.6 }, known({ cost: null })).cost).toBeCloseTo(0.06, 12);
    expect(learned({ utilization: 0.6 }, known({ evidenceMs: null })).cost).toBeCloseTo(0.06, 12);
  });

  test('is not learned to be less from replicas that are all busy', () => {
    expect(learned({ utilization: 0.92, rate: 300 }).cost).toBe(0.05);
    expect(learned({ utilization: 0.919, rate: 300 }).cost).toBeLessThan(0.05);
    expect(learned({ utilization: 0.92 }).cost).toBeGreaterThan(0.05);
    expect(learned({ utilization: 0.92, rate: 300 }, known({ cost: null })).cost).toBeCloseTo(
      9.2 / 300,
      12,
    );
  });

  test('nor from none', () => {
    expect(learned({ rate: 0 }).cost).toBe(0.05);
    expect(learned({ serving: 0 }).cost).toBe(0.05);
  });
});

test('the usual time inside is that of quiet windows, over five minutes', () => {
  const share = 1 - Math.exp(-10 / 300);
  expect(learned({ inFlight: 20 }).insideMs).toBeCloseTo(100 + 100 * share, 9);
  expect(learned({ inFlight: 20, utilization: 0.92 }).insideMs).toBe(100);
  expect(learned({ inFlight: null }).insideMs).toBe(100);
  expect(learned({ rate: 0 }).insideMs).toBe(100);
});

describe('the trim', () => {
  const faded = Math.exp(-10 / 300);

  test('grows by the logarithm of what the objective is broken by, and fades', () => {
    const of = (strain: number | null, more: Partial<AutoscaleState> = {}) =>
      learned({ strain, isStrained: strain !== null && strain > 1 }, known({ trim: 0.2, ...more }))
        .trim;
    expect(of(1.5)).toBeCloseTo(0.2 * faded + 0.02 * Math.log(1.5), 12);
    // A tenfold latency counts as one of e times.
    expect(of(10)).toBeCloseTo(0.2 * faded + 0.02, 12);
    expect(of(1)).toBeCloseTo(0.2 * faded, 12);
    expect(of(null)).toBeCloseTo(0.2 * faded, 12);
    expect(of(3, { trim: 0.5 })).toBe(0.5);
    // Cold replicas are another matter.
    expect(of(3, { coldUntilMs: UNTIL - 15_000 })).toBeGreaterThan(0.2);
    expect(of(3, { coldUntilMs: UNTIL - 14_999 })).toBeCloseTo(0.2 * faded, 12);
    expect(of(3, { evidenceMs: null })).toBeCloseTo(0.2, 12);
  });
});

test('errors alone, of replicas that are all busy, count as a latency of e times', () => {
  const of = (isStrained: boolean) =>
    learned({ strain: 0.5, utilization: 1, isStrained }, known({ trim: 0 })).trim;
  expect([of(true), of(false)]).toEqual([0.02, 0]);
});

test('the trim does not grow where latency is as bad at any utilisation', () => {
  const flat = {
    weights: new Array<number>(14).fill(5),
    means: new Array<number>(14).fill(0.7),
    deviations: new Array<number>(14).fill(0.1),
  };
  const of = (safe: AutoscaleState['safe']) =>
    learned({ strain: 2, isStrained: true }, known({ safe, trim: 0 })).trim;
  expect(of(flat)).toBe(0);
  expect(of(known().safe)).toBeGreaterThan(0);
});

describe('the harm of cold replicas', () => {
  const warm = [1, 2, 3, 4, 5, 6].reduce(
    (state, step) => learned({ untilMs: UNTIL - 100_000 + step * 10_000, strain: 0.5 }, state),
    known({ evidenceMs: UNTIL - 100_000 }),
  );
  const cold = (window: Partial<Believed>, more: Partial<AutoscaleState> = {}) =>
    learned(window, { ...warm, coldUntilMs: UNTIL, ...more }).harm;

  test('is how much worse latency is with them, at the same utilisation', () => {
    expect(cold({ strain: 1 })).toBeCloseTo(0.1 * Math.log(2), 9);
    expect(cold({ strain: 0.5 })).toBeCloseTo(0, 9);
    expect(cold({ strain: 0.4 })).toBeCloseTo(0.1 * Math.log(0.8), 9);
    expect(cold({ strain: 1 }, { harm: 0.5 })).toBeCloseTo(0.45 + 0.1 * Math.log(2), 9);
    // Bounded, either way.
    expect(cold({ strain: 100 })).toBeCloseTo(0.1, 9);
    expect(cold({ strain: 0.001 })).toBeCloseTo(-0.1, 9);
  });

  test('is not learned from warm ones, nor from what says nothing', () => {
    expect(cold({ strain: 1 }, { coldUntilMs: 0 })).toBe(0);
    expect(cold({ strain: null })).toBe(0);
    expect(cold({ strain: 0 })).toBe(0);
    expect(cold({ strain: 1, utilization: 0.92 })).toBe(0);
    // Nothing is known of this utilisation.
    expect(cold({ strain: 1, utilization: 0.8 })).toBe(0);
  });
});

test('each window teaches once', () => {
  const state = known({ evidenceMs: UNTIL - 499 });
  expect(learned({ utilization: 0.9 }, state)).toEqual(state);
  expect(learned({}, known({ evidenceMs: UNTIL - 500 })).evidenceMs).toBe(UNTIL);
});

test('what was heard is kept in any case', () => {
  const heard = {
    doubt: { sinceMs: 7, kind: 'silence' },
    echo: { ...known().echo, overload: { calm: 1, peak: 2, ups: 0 } },
  } as unknown as Parameters<typeof learn>[2];
  expect(learn(known(), WINDOW, heard)).toMatchObject(heard);
  expect(learn(known({ evidenceMs: UNTIL }), WINDOW, heard)).toMatchObject(heard);
});

test('where latency bends is learned from warm replicas', () => {
  const { safe } = known();
  expect(learned({}).safe).not.toBe(safe);
  expect(learned({ rate: 0 }).safe).toBe(safe);
  expect(learned({ strain: null }).safe).toBe(safe);
  expect(learned({}, known({ coldUntilMs: UNTIL })).safe).toBe(safe);
});
