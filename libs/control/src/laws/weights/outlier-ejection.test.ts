import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import {
  type OutlierEjectionInput,
  type OutlierEjectionState,
  type OutlierFigures,
  outlierEjection,
} from './outlier-ejection.ts';

const START_MS = 1_000_000;

/** Backends a, b, c ... with so many errors of 1,000. */
function poolOf(...errors: readonly number[]): OutlierFigures[] {
  return errors.map((each, index) => ({
    id: String.fromCharCode(97 + index),
    requests: 1_000,
    errors: each,
    consecutiveFailures: 0,
  }));
}

function step(
  state: OutlierEjectionState,
  backends: readonly OutlierFigures[],
  more: Partial<OutlierEjectionInput> = {},
) {
  const weights = Object.fromEntries(backends.map(({ id }) => [id, 1]));
  const usual = { nowMs: START_MS, evidenceAgeMs: 0, weights, applied: weights };
  return outlierEjection.step(state, { ...usual, backends, ...more });
}

function once(backends: readonly OutlierFigures[], config = {}, more = {}) {
  return step(outlierEjection.init(config), backends, more);
}

function failing(id: string, consecutiveFailures: number | null): OutlierFigures {
  return { id, requests: 10, errors: 5, consecutiveFailures };
}

describe('success rate', () => {
  test('the population stdev decides small pools: one of five that deviates goes out', () => {
    const { output, state } = once(poolOf(0, 0, 0, 0, 100));
    expect(output.value).toEqual({ a: 1, b: 1, c: 1, d: 1, e: 0 });
    expect(output.reason).toBe('outliers-out');
    expect(state.backends).toEqual({ e: { kind: 'out', sinceMs: START_MS, times: 1 } });
    // Mean 0.98; stdev 0.04 by n (0.0447 by n - 1, which would ask for less than 0.895).
    expect(output.terms).toEqual({
      backends: 5,
      ejected: 1,
      available: 4,
      judged: 5,
      meanSuccess: 0.98,
      threshold: 0.904,
      'outMs:e': 0,
    });
    expect(explain(output)).toBe('1 of 5 backends are outliers and get no traffic.');
  });

  test('must lie 1.9 stdev below the mean', () => {
    // Of six with one deviating it lies sqrt(5) = 2.24 below.
    expect(once(poolOf(0, 0, 0, 0, 0, 100), { deviations: 2.23 }).output.value.f).toBe(0);
    expect(once(poolOf(0, 0, 0, 0, 0, 100), { deviations: 2.24 }).output.value.f).toBe(1);
    expect(once(poolOf(0, 0, 0, 100, 100), {}).output.value).toEqual({
      a: 1,
      b: 1,
      c: 1,
      d: 1,
      e: 1,
    });
  });

  test('and 0.02 below the mean: chance is no outlier', () => {
    expect(once(poolOf(0, 0, 0, 0, 25)).output.reason).toBe('no-outliers');
    expect(once(poolOf(0, 0, 0, 0, 26)).output.value.e).toBe(0);
    expect(once(poolOf(0, 0, 0, 0, 25), { minGap: 0.019 }).output.value.e).toBe(0);
    expect(once(poolOf(5, 5, 5, 5, 5)).output.reason).toBe('no-outliers');
  });

  test('and four of its own standard errors: less is chance', () => {
    const with200 = (errors: number) => [
      ...Array.from({ length: 19 }, (_, index) => ({
        id: `n${index}`,
        requests: 1_000,
        errors: 100,
        consecutiveFailures: 0,
      })),
      { id: 'x', requests: 200, errors, consecutiveFailures: 0 },
    ];
    // 38 are 3.95 standard errors below the mean of all, 39 are 4.17.
    expect(once(with200(38)).output.value.x).toBe(1);
    expect(once(with200(39)).output.value.x).toBe(0);
    expect(once(with200(38), { significance: 3.9 }).output.value.x).toBe(0);
  });

  test('needs five backends with 100 requests each', () => {
    expect(once(poolOf(0, 0, 0, 1_000)).output.reason).toBe('no-outliers');
    expect(once(poolOf(0, 0, 0, 1_000), { minBackends: 4, deviations: 1 }).output.value.d).toBe(0);
    const few = poolOf(0, 0, 0, 0, 50).map((each) => ({ ...each, requests: 100 }));
    expect(once(few).output.value.e).toBe(0);
    const fewer = few.map((each, index) => (index === 0 ? { ...each, requests: 99 } : each));
    expect(once(fewer).output).toMatchObject({ reason: 'no-outliers', terms: { judged: 4 } });
  });

  test('impossible figures are not judged', () => {
    const odd = [...poolOf(0, 0, 0, 0, 0), { ...failing('x', null), requests: 500, errors: 501 }];
    expect(once(odd).output).toMatchObject({ reason: 'no-outliers', terms: { judged: 5 } });
    const none = [...poolOf(0, 0, 0, 0), { ...failing('x', null), requests: 500, errors: -1 }];
    expect(once(none).output.terms.judged).toBe(4);
    const nan = [...poolOf(0, 0, 0, 0), { ...failing('x', null), requests: Number.NaN }];
    expect(once(nan).output.terms).toMatchObject({ judged: 4, threshold: 0 });
  });
});

describe('consecutive failures', () => {
  const others = poolOf(0, 0, 0);

  test.each([
    [4, 1],
    [5, 0],
    [6, 0],
    [null, 1],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ])('%f on end: weight %f', (row, weight) => {
    expect(once([...others, failing('x', row)]).output.value.x).toBe(weight);
  });

  test('need no requests in the window', () => {
    const silent = { id: 'x', requests: 0, errors: 0, consecutiveFailures: 5 };
    expect(once([...others, silent]).output.value.x).toBe(0);
  });
});

describe('how many', () => {
  const row = (count: number, bad: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `w${index + 10}`,
      requests: 100,
      errors: index < bad ? 50 + index : 0,
      consecutiveFailures: index < bad ? 9 : 0,
    }));
  const outOf = (count: number, bad: number, config = {}) => {
    const { value } = once(row(count, bad), config).output;
    return Object.keys(value).filter((id) => value[id] === 0);
  };

  test('a tenth, but always one, the worst first', () => {
    expect(outOf(9, 3)).toEqual(['w12']);
    expect(outOf(19, 3)).toEqual(['w12']);
    expect(outOf(20, 3)).toEqual(['w11', 'w12']);
    expect(outOf(30, 3)).toEqual(['w10', 'w11', 'w12']);
    expect(outOf(10, 5, { maxOutShare: 0.3 }).length).toBe(3);
    expect(outOf(10, 5, { maxOutShare: 0 }).length).toBe(1);
  });

  test('of equals the first by name; what is only known to fail in a row counts as worst', () => {
    const equal = [failing('b', 5), failing('a', 5), ...poolOf(0, 0, 0).slice(2)];
    expect(once(equal).output.value).toEqual({ a: 0, b: 1, c: 1 });
    const silent = { id: 'z', requests: 0, errors: 0, consecutiveFailures: 5 };
    expect(once([failing('b', 5), silent, ...poolOf(0)]).output.value).toEqual({
      a: 1,
      b: 1,
      z: 0,
    });
  });

  test('those that are out already count', () => {
    const first = once(row(10, 1));
    const second = step(first.state, row(10, 3), { nowMs: START_MS + 1_000 });
    expect(second.output.terms.ejected).toBe(1);
    expect(Object.values(second.output.value).filter((weight) => weight === 0).length).toBe(1);
    expect(second.output.value.w10).toBe(0);
    expect(second.output.terms['outMs:w10']).toBe(1_000);
  });
});

describe('panic', () => {
  test('the only one is never without traffic', () => {
    const { output, state } = once([failing('x', 5)]);
    expect(output).toMatchObject({ value: { x: 1 }, reason: 'too-many-outliers' });
    expect(state.backends.x?.kind).toBe('out');
    expect(explain(output)).toBe('Only 0 of 1 would be left: all get traffic, outliers too.');
  });

  test('one of two may be out: half is not less than half', () => {
    expect(once([failing('x', 5), ...poolOf(0)]).output.value).toEqual({ x: 0, a: 1 });
    const strict = once([failing('x', 5), ...poolOf(0)], { panicBelow: 0.51 }).output;
    expect(strict).toMatchObject({ value: { x: 1, a: 1 }, reason: 'too-many-outliers' });
  });

  test('comes even when switched off, before the last one goes', () => {
    const config = { panicBelow: 0, maxOutShare: 1 };
    const { output } = once([failing('x', 5), failing('y', 5)], config);
    expect(output).toMatchObject({ value: { x: 1, y: 1 }, reason: 'too-many-outliers' });
  });
});

describe('the way back', () => {
  const sick = [failing('x', 5), ...poolOf(0, 0, 0)];
  const well = [failing('x', 0), ...poolOf(0, 0, 0)];

  /** Weights of x at these times after it went out, a look each. */
  function weightsAt(times: readonly number[], backends = well, config = {}) {
    let { state } = once(sick, config);
    return times.map((afterMs) => {
      const next = step(state, backends, { nowMs: START_MS + afterMs });
      state = next.state;
      return next.output.value.x;
    });
  }

  test('after 30 s, with a tenth of its weight, all of it a minute later', () => {
    expect(weightsAt([29_999, 30_000, 33_000, 60_000, 89_999, 90_000])).toEqual([
      0,
      0.1,
      0.1,
      0.5,
      expect.closeTo(1, 4),
      1,
    ]);
  });

  test('ramp and its beginning are configured', () => {
    const config = { returnMs: 10_000, returnShare: 0.25 };
    expect(weightsAt([30_000, 32_000, 36_000, 40_000], well, config)).toEqual([0.25, 0.25, 0.6, 1]);
  });

  test('it is not judged for 10 s, then it is', () => {
    expect(weightsAt([30_000, 39_999, 40_000], sick)).toEqual([0.1, expect.closeTo(1 / 6, 4), 0]);
  });

  test('the second time is twice as long, and none longer than five minutes', () => {
    let { state } = once(sick);
    const lengths: number[] = [];
    let outMs = START_MS;
    for (let nowMs = START_MS + 1_000; lengths.length < 12; nowMs += 1_000) {
      const before = state.backends.x?.kind;
      state = step(state, sick, { nowMs }).state;
      const now = state.backends.x?.kind;
      if (before === 'out' && now === 'back') {
        lengths.push((nowMs - outMs) / 1_000);
      } else if (before === 'back' && now === 'out') {
        outMs = nowMs;
      }
    }
    expect(lengths).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  test('five calm minutes forgive one time, and the last one is forgotten', () => {
    const twice: OutlierEjectionState = {
      ...outlierEjection.init({}),
      backends: { x: { kind: 'back', sinceMs: START_MS, calmMs: START_MS, times: 2 } },
    };
    const early = step(twice, well, { nowMs: START_MS + 299_999 }).state;
    expect(early.backends.x).toMatchObject({ times: 2, calmMs: START_MS });
    const once5 = step(twice, well, { nowMs: START_MS + 300_000 }).state;
    expect(once5.backends.x).toEqual({
      kind: 'back',
      sinceMs: START_MS,
      calmMs: START_MS + 300_000,
      times: 1,
    });
    expect(step(once5, well, { nowMs: START_MS + 600_000 }).state.backends).toEqual({});
  });

  test('a backend that left is forgotten', () => {
    const { state } = once(sick);
    expect(step(state, poolOf(0, 0), { nowMs: START_MS + 1_000 }).state.backends).toEqual({});
  });

  test('a clock set back begins the time out anew, instead of making it endless', () => {
    const { state } = once(sick);
    const back = step({ ...state, lastMs: null }, well, { nowMs: 1_000 });
    expect(back.state.backends.x).toEqual({ kind: 'out', sinceMs: 1_000, times: 1 });
    expect(step(back.state, well, { nowMs: 31_000 }).output.value.x).toBe(0.1);
    const later: OutlierEjectionState = {
      ...outlierEjection.init({}),
      backends: { x: { kind: 'back', sinceMs: START_MS, calmMs: START_MS, times: 1 } },
    };
    expect(step(later, well, { nowMs: 1_000 }).state.backends.x).toMatchObject({
      sinceMs: 1_000,
      calmMs: 1_000,
    });
  });
});

describe('weights', () => {
  test('of those in the pool are the wished ones, never below 0.05', () => {
    const weights = { a: 0.7, b: 0.01, c: 0 };
    expect(once(poolOf(0, 0, 0), {}, { weights }).output.value).toEqual({
      a: 0.7,
      b: 0.05,
      c: 0.05,
    });
    expect(once(poolOf(0), { minWeight: 0.2 }, { weights: { a: 0 } }).output.value.a).toBe(0.2);
  });

  test('that are missing or broken are the mean of the others', () => {
    const weights = { a: 0.2, b: 0.4, c: Number.NaN, d: -1 };
    const { value } = once(poolOf(0, 0, 0, 0, 0), {}, { weights }).output;
    expect(value.c).toBeCloseTo(0.3, 12);
    expect(value.d).toBeCloseTo(0.3, 12);
    expect(value.e).toBeCloseTo(0.3, 12);
    expect(once(poolOf(0, 0), {}, { weights: {} }).output.value).toEqual({ a: 1, b: 1 });
  });
});

test('without usable evidence what is applied stays', () => {
  const applied = { a: 0.4, b: Number.NaN };
  const held = once(poolOf(0, 0), {}, { applied, evidenceAgeMs: 30_001 });
  expect(held.output).toEqual({ value: { a: 0.4 }, reason: 'stale-evidence', terms: {} });
  expect(once([], {}, { applied }).output).toMatchObject({
    value: { a: 0.4 },
    reason: 'no-backends',
  });
});

test.each([
  ['consecutiveFailures', { consecutiveFailures: 0 }],
  ['consecutiveFailures', { consecutiveFailures: 1.5 }],
  ['deviations', { deviations: 0 }],
  ['minGap', { minGap: 1.1 }],
  ['significance', { significance: -1 }],
  ['minBackends', { minBackends: 0 }],
  ['minRequests', { minRequests: 0 }],
  ['baseOutMs', { baseOutMs: 0 }],
  ['maxOutMs', { maxOutMs: 29_999 }],
  ['maxOutMs', { maxOutMs: Number.POSITIVE_INFINITY }],
  ['maxOutShare', { maxOutShare: 1.1 }],
  ['panicBelow', { panicBelow: -0.1 }],
  ['settleMs', { settleMs: -1 }],
  ['returnMs', { returnMs: 0 }],
  ['returnShare', { returnShare: 0 }],
  ['returnShare', { returnShare: 1.1 }],
  ['forgiveMs', { forgiveMs: 0 }],
  ['minWeight', { minWeight: 0 }],
  ['minWeight', { minWeight: 1.1 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => outlierEjection.init(config)).toThrowError(new RegExp(`^${field} is `));
});

test('the least and the most that is allowed', () => {
  const config = {
    consecutiveFailures: 1,
    minBackends: 1,
    maxOutMs: 30_000,
    returnShare: 1,
    minWeight: 1,
    minGap: 0,
    significance: 0,
  };
  expect(outlierEjection.init(config).config).toMatchObject(config);
  expect(outlierEjection.name).toBe('outlierEjection');
});

test('refused or empty looks and new settings keep what is known', () => {
  const { state } = once([failing('x', 5), ...poolOf(0)]);
  const stale = step(state, poolOf(0), { nowMs: START_MS + 5, evidenceAgeMs: null }).state;
  expect(stale).toEqual({ ...state, lastMs: START_MS + 5 });
  const empty = step(state, [], { nowMs: START_MS + 5 }).state;
  expect(empty).toEqual({ ...state, lastMs: START_MS + 5 });
  const tuned = outlierEjection.retune(state, { deviations: 3 });
  expect(tuned).toEqual({ ...state, config: { ...state.config, deviations: 3 } });
});

test('nobody to judge: all is taken to be well', () => {
  expect(once([failing('x', 0)]).output.terms).toMatchObject({ meanSuccess: 1, threshold: 0 });
});
