import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../forecast/series.fixture.ts';
import { type CusumConfig, type CusumState, initCusum, stepCusum } from './cusum.ts';
import { initPageHinkley, type PageHinkleyState, stepPageHinkley } from './page-hinkley.ts';
import { robustZ } from './robust-z.ts';

const KNOWN: CusumConfig = { target: 10, sigma: 2 };

function runCusum(values: readonly number[], config: CusumConfig = KNOWN, from?: CusumState) {
  let state = from ?? initCusum(config);
  const alarms: (readonly [number, string])[] = [];
  values.forEach((value, k) => {
    const step = stepCusum(state, value);
    state = step.state;
    if (step.alarm !== null) alarms.push([k, step.alarm]);
  });
  return { state, alarms };
}
const times = (count: number, value: number) => Array.from({ length: count }, () => value);

describe('CUSUM', () => {
  test('sums what exceeds half a sigma', () => {
    expect(runCusum([13, 13]).state).toMatchObject({ high: 2, low: 0 });
    expect(runCusum([7, 7, 7]).state).toMatchObject({ high: 0, low: 3 });
    expect(runCusum([11]).state).toMatchObject({ high: 0, low: 0 });
    expect(runCusum([13, 13, 8]).state).toMatchObject({ high: 0.5, low: 0.5 });
  });

  test('alarms above five, not at it, either way', () => {
    // One and a half sigma: one more each time.
    expect(runCusum(times(5, 13)).alarms).toEqual([]);
    expect(runCusum(times(5, 13)).state.high).toBe(5);
    expect(runCusum(times(6, 13)).alarms).toEqual([[5, 'high']]);
    expect(runCusum(times(6, 7)).alarms).toEqual([[5, 'low']]);
    expect(runCusum(times(5, 13), { ...KNOWN, h: 4 }).alarms).toEqual([[4, 'high']]);
    expect(runCusum(times(4, 13), { ...KNOWN, k: 0 }).alarms).toEqual([[3, 'high']]);
  });

  test('restarts after an alarm, and goes on against a target that was given', () => {
    const { state, alarms } = runCusum(times(12, 13));
    expect(alarms).toEqual([
      [5, 'high'],
      [11, 'high'],
    ]);
    expect(state).toMatchObject({ high: 0, low: 0, base: { target: 10, sigma: 2 } });
  });

  test('learns a target, alarms on the move, and learns the new one', () => {
    const values = [8, 12, 8, 12, 8, 12, 8, 12, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20];
    const { state, alarms } = runCusum(values, { learn: 8 });
    expect(alarms).toEqual([[9, 'high']]);
    expect(state.base).toEqual({ target: 20, sigma: 0.2 });
    const base = runCusum(values.slice(0, 8), { learn: 8 }).state.base;
    expect(base?.target).toBeCloseTo(10, 12);
    expect(base?.sigma).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  test('a series that never varied, and one that was always zero, have a sigma', () => {
    expect(runCusum(times(20, 50), {}).state.base).toEqual({ target: 50, sigma: 0.5 });
    expect(runCusum(times(20, 0), {}).state.base).toEqual({ target: 0, sigma: 1e-9 });
    expect(runCusum(times(19, 50), {}).state.base).toBeNull();
  });

  test('finds a move of one sigma within some ten values, and is rarely wrong', () => {
    const delays: number[] = [];
    let alone = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const n = noise(seed);
      const moved = Array.from({ length: 200 }, () => 12 + 2 * n());
      delays.push((runCusum(moved).alarms[0]?.[0] ?? 200) + 1);
      const still = Array.from({ length: 465 }, () => 10 + 2 * n());
      alone += runCusum(still).alarms.length;
    }
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    expect(mean).toBeGreaterThan(8);
    expect(mean).toBeLessThan(13);
    // Once in about 465 values is one in each of the 200.
    expect(alone).toBeGreaterThan(130);
    expect(alone).toBeLessThan(280);
  });

  test.each([
    [{ k: -1 }, 'k'],
    [{ h: 0 }, 'h'],
    [{ learn: 7 }, 'learn'],
    [{ learn: 8.5 }, 'learn'],
    [{ sigma: 2 }, 'sigma'],
    [{ target: 1 }, 'sigma'],
    [{ target: 1, sigma: 0 }, 'sigma'],
    [{ target: Number.NaN, sigma: 1 }, 'target'],
  ])('%o is refused', (config, field) => {
    expect(() => initCusum(config)).toThrowError(new RegExp(`^${field} is `));
  });
});

describe('Page-Hinkley', () => {
  const CONFIG = { delta: 1, lambda: 10 };
  function run(values: readonly number[], config: Parameters<typeof initPageHinkley>[0] = CONFIG) {
    let state: PageHinkleyState = initPageHinkley(config);
    const alarms: (readonly [number, string])[] = [];
    values.forEach((value, k) => {
      const step = stepPageHinkley(state, value);
      state = step.state;
      if (step.alarm !== null) alarms.push([k, step.alarm]);
    });
    return { state, alarms };
  }

  test('agrees with its definition, sums and extremes written out', () => {
    const values = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(values, (some) => {
        let first: number | null = null;
        let sumUp = 0;
        let sumDown = 0;
        let lowest = 0;
        let highest = 0;
        some.forEach((value, k) => {
          const mean = some.slice(0, k + 1).reduce((sum, each) => sum + each, 0) / (k + 1);
          sumUp += value - mean - 1;
          sumDown += value - mean + 1;
          lowest = Math.min(lowest, sumUp);
          highest = Math.max(highest, sumDown);
          const moved = sumUp - lowest > 10 + 1e-9 || highest - sumDown > 10 + 1e-9;
          if (first === null && k >= 9 && moved) first = k;
        });
        expect(run(some).alarms[0]?.[0] ?? null).toBe(first);
      }),
    );
  });

  test('a lasting move alarms once, in its direction, and is then the usual', () => {
    expect(run([...times(30, 10), ...times(60, 14)]).alarms).toMatchObject([
      [expect.any(Number), 'high'],
    ]);
    expect(run([...times(30, 10), ...times(60, 6)]).alarms).toMatchObject([
      [expect.any(Number), 'low'],
    ]);
  });

  test('neither a lone outlier nor a tolerated move does', () => {
    expect(run([...times(30, 10), 20, ...times(30, 10)]).alarms).toEqual([]);
    expect(run([...times(30, 10), ...times(30, 11)]).alarms).toEqual([]);
  });

  test('above lambda, not at it', () => {
    // The mean of 0, 0, 8 and 8 is 4: 8 - 8/3 - 1 and 8 - 4 - 1 are 7 1/3.
    const config = { delta: 1, minCount: 1 };
    const { rise } = run([0, 0, 8, 8], { ...config, lambda: 100 }).state;
    expect(rise).toBeCloseTo(22 / 3, 12);
    expect(run([0, 0, 8, 8], { ...config, lambda: rise }).alarms).toEqual([]);
    expect(run([0, 0, 8, 8], { ...config, lambda: rise - 1e-9 }).alarms).toEqual([[3, 'high']]);
    const { fall } = run([8, 8, 0, 0], { ...config, lambda: 100 }).state;
    expect(run([8, 8, 0, 0], { ...config, lambda: fall }).alarms).toEqual([]);
    expect(run([8, 8, 0, 0], { ...config, lambda: fall - 1e-9 }).alarms).toEqual([[3, 'low']]);
  });

  test('not before it has seen enough', () => {
    const values = [0, 0, 0, 100, 100, 100, 100, 100, 100, 100];
    expect(run(values).alarms).toEqual([[9, 'high']]);
    expect(run(values, { ...CONFIG, minCount: 4 }).alarms[0]).toEqual([3, 'high']);
    expect(run(values, { ...CONFIG, minCount: 11 }).alarms).toEqual([]);
  });

  test.each([
    [{ delta: -1, lambda: 1 }, 'delta'],
    [{ delta: 1, lambda: 0 }, 'lambda'],
    [{ delta: 1, lambda: 1, minCount: 0 }, 'minCount'],
  ])('%o is refused', (config, field) => {
    expect(() => initPageHinkley(config)).toThrowError(new RegExp(`^${field} is `));
  });
});

describe('poison', () => {
  const anything = fc.array(
    fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, 0)),
    { maxLength: 60 },
  );

  test('what is no number changes nothing; whatever comes, the state survives JSON', () => {
    fc.assert(
      fc.property(anything, (values) => {
        let cusum = initCusum({ learn: 8 });
        let hinkley = initPageHinkley({ delta: 0.1, lambda: 5 });
        for (const value of values) {
          const a = stepCusum(cusum, value);
          const b = stepPageHinkley(hinkley, value);
          if (!Number.isFinite(value)) {
            expect(a).toEqual({ state: cusum, alarm: null });
            expect(b).toEqual({ state: hinkley, alarm: null });
          }
          cusum = a.state;
          hinkley = b.state;
          expect(JSON.parse(JSON.stringify([cusum, hinkley]))).toEqual([cusum, hinkley]);
        }
      }),
    );
  });

  test('robust z: at its limit it is not yet an anomaly, and gaps in the past are left out', () => {
    // Median 10, MAD 1: z of 3.5 is at a distance of 3.5 / 0.6745.
    const past = [9, 9, 9, 10, 10, 10, 11, 11, 11];
    const withGaps = [...past, Number.NaN, Number.POSITIVE_INFINITY];
    expect(robustZ(withGaps, 14)).toEqual(robustZ(past, 14));
    expect(robustZ(past, 10 + 4, { limit: 0.6745 * 4 })?.anomalous).toBe(false);
    expect(robustZ(past, 10 + 4, { limit: 0.6745 * 4 - 0.001 })?.anomalous).toBe(true);
    expect(robustZ(past, 10)).toMatchObject({ z: 0, direction: 'none', anomalous: false });
    expect(robustZ(past, 6)).toMatchObject({ direction: 'low', median: 10, method: 'mad' });
  });
});
