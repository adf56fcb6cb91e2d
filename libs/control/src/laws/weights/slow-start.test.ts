import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import {
  type SlowStartFigures,
  type SlowStartInput,
  type SlowStartState,
  slowStart,
} from './slow-start.ts';

const NOW_MS = 1_000_000;

function replica(id: string, ageMs: number | null, latencyMs: number | null = 100) {
  const startedAtMs = ageMs === null ? null : NOW_MS - ageMs;
  return { id, startedAtMs, requests: 100, latencyMs } satisfies SlowStartFigures;
}

function step(
  state: SlowStartState,
  backends: readonly SlowStartFigures[],
  more: Partial<SlowStartInput> = {},
) {
  const usual = { nowMs: NOW_MS, evidenceAgeMs: 0, weights: {}, applied: {} };
  return slowStart.step(state, { ...usual, backends, ...more });
}

const once = (backends: readonly SlowStartFigures[], config = {}, more = {}) =>
  step(slowStart.init(config), backends, more);

/** Nobody's latency teaches anything. */
const mute = (id: string, ageMs: number | null) => replica(id, ageMs, null);

describe('until something is learned', () => {
  test.each([
    [0, 0.1],
    [2_999, 0.1],
    [6_000, 0.2],
    [15_000, 0.5],
    [29_999, 0.999966666667],
    [30_000, 1],
    [119_999, 1],
    [500_000, 1],
    [null, 1],
    [-5_000, 0.1],
  ])('at an age of %f ms the share is %f', (ageMs, share) => {
    expect(once([mute('old', null), mute('new', ageMs)]).output.value).toEqual({
      old: 1,
      new: share,
    });
  });

  test('a warm-up that was measured takes the place of the usual one', () => {
    const backends = [mute('old', null), mute('new', 15_000)];
    expect(once(backends, {}, { warmupMs: 60_000 }).output.value.new).toBe(0.25);
    expect(once(backends, {}, { warmupMs: 0 }).output.value.new).toBe(1);
    expect(once(backends, {}, { warmupMs: null }).output.value.new).toBe(0.5);
    expect(once(backends, {}, { warmupMs: Number.NaN }).output.terms.warmupMs).toBe(30_000);
    expect(once(backends, { warmupMs: 20_000, minShare: 0.9 }).output.value.new).toBe(0.9);
  });

  test('says what it rests on', () => {
    const { output } = once([mute('old', null), mute('new', 15_000), replica('warm', null, 80)]);
    expect(output.reason).toBe('warming-up');
    expect(output.terms).toEqual({
      backends: 3,
      cold: 1,
      warmupMs: 30_000,
      warmMs: 80,
      'warm:new': 0.5,
    });
    expect(explain(output)).toBe('1 of 3 backends are warming up and get less.');
    const warm = once([mute('a', null), mute('b', 200_000)]).output;
    expect(warm).toMatchObject({ value: { a: 1, b: 1 }, reason: 'all-warm' });
    expect(warm.terms).toEqual({ backends: 2, cold: 0, warmupMs: 30_000 });
  });
});

describe('weights', () => {
  test('are shares of the wished ones', () => {
    const backends = [mute('old', null), mute('new', 15_000)];
    const weights = { old: 0.8, new: 0.6 };
    expect(once(backends, {}, { weights }).output.value).toEqual({ old: 0.8, new: 0.3 });
  });

  test('that are missing or broken are 1, and 0 stays 0', () => {
    const backends = [mute('old', null), mute('out', null), mute('new', 15_000)];
    const weights = { old: Number.NaN, out: 0 };
    expect(once(backends, {}, { weights }).output.value).toEqual({ old: 1, out: 0, new: 0.5 });
  });

  test('do not collapse when all are cold: the largest is what it was wished to be', () => {
    const young = [mute('a', 3_000), mute('b', 6_000)];
    expect(once(young).output.value).toEqual({ a: 0.5, b: 1 });
    expect(once([mute('a', 0), mute('b', 0)]).output.value).toEqual({ a: 1, b: 1 });
    const weights = { a: 0, b: 0 };
    expect(once(young, {}, { weights }).output.value).toEqual({ a: 0, b: 0 });
  });
});

describe('what is learned', () => {
  /** The same replicas looked at again and again, ten seconds apart, their age kept. */
  function learn(backends: readonly SlowStartFigures[], times: number, config = {}) {
    let state = slowStart.init(config);
    for (let time = 0; time < times; time += 1) {
      const nowMs = NOW_MS + time * 10_000;
      const aged = backends.map((each) => ({
        ...each,
        startedAtMs: each.startedAtMs === null ? null : each.startedAtMs + time * 10_000,
      }));
      state = step(state, aged, { nowMs }).state;
    }
    return state;
  }

  test('is the ratio of capacities: three times as slow, a third of the weight', () => {
    const state = learn([replica('old', null, 50), replica('new', 15_000, 150)], 60);
    expect(state.curve[1]).toBeCloseTo(1 / 3, 3);
    expect(state.curve.filter((share) => share !== null).length).toBe(1);
    const later = { nowMs: NOW_MS + 600_000 };
    const young = { ...mute('new', 0), startedAtMs: later.nowMs - 20_000 };
    const { output } = step(state, [mute('old', null), young], later);
    expect(output.value.new).toBeCloseTo(1 / 3, 3);
  });

  test('goes a fifth of the way at a time, from the ramp', () => {
    const { state } = once([replica('old', null, 50), replica('new', 15_000, 500)]);
    expect(state.curve[1]).toBeCloseTo(0.5 + 0.2 * (0.1 - 0.5), 12);
    const half = step({ ...slowStart.init({}), lastMs: NOW_MS - 5_000 }, [
      replica('old', null, 50),
      replica('new', 15_000, 500),
    ]);
    expect(half.state.curve[1]).toBeCloseTo(0.5 + (1 - Math.sqrt(0.8)) * (0.1 - 0.5), 12);
    const gap = step({ ...slowStart.init({}), lastMs: 0 }, [
      replica('old', null, 50),
      replica('new', 15_000, 500),
    ]);
    expect(gap.state.curve[1]).toBeCloseTo(0.42, 12);
  });

  test('is a share from 0.1 to 1', () => {
    const at = (latencyMs: number) =>
      learn([replica('old', null, 50), replica('new', 15_000, latencyMs)], 80).curve[1];
    expect(at(5)).toBeCloseTo(1, 6);
    expect(at(50_000)).toBeCloseTo(0.1, 6);
  });

  test('is kept by tenths of the span', () => {
    const tenthOf = (ageMs: number) => {
      const { state } = once([replica('old', null, 50), replica('new', ageMs, 100)]);
      return state.curve.findIndex((share) => share !== null);
    };
    expect([0, 11_999, 12_000, 60_000, 119_999].map(tenthOf)).toEqual([0, 0, 1, 5, 9]);
    expect(tenthOf(120_000)).toBe(-1);
  });

  test('needs a warm one to compare with, and enough requests on both sides', () => {
    const curveOf = (...backends: SlowStartFigures[]) =>
      once(backends).state.curve.some((share) => share !== null);
    const old = replica('old', null, 50);
    const young = replica('new', 15_000, 100);
    expect(curveOf(old, young)).toBe(true);
    expect(curveOf({ ...old, startedAtMs: NOW_MS - 120_000 }, young)).toBe(true);
    expect(curveOf({ ...old, startedAtMs: NOW_MS - 119_999 }, young)).toBe(false);
    expect(curveOf(young)).toBe(false);
    expect(curveOf({ ...old, requests: 20 }, { ...young, requests: 20 })).toBe(true);
    expect(curveOf({ ...old, requests: 19 }, young)).toBe(false);
    expect(curveOf(old, { ...young, requests: 19 })).toBe(false);
    expect(curveOf({ ...old, latencyMs: 0 }, young)).toBe(false);
    expect(curveOf(old, { ...young, latencyMs: 0 })).toBe(false);
    expect(curveOf(old, { ...young, latencyMs: Number.NaN })).toBe(false);
  });

  test('is compared with the mean of the warm ones', () => {
    const { output } = once([
      replica('a', null, 50),
      replica('b', 300_000, 150),
      replica('c', 15_000, 100),
    ]);
    expect(output.terms.warmMs).toBe(100);
  });

  test('never takes away with age', () => {
    const curve = [0.2, 0.7, 0.4, null, null, null, null, null, null, 0.9];
    const state = { ...slowStart.init({}), curve };
    const at = (ageMs: number) =>
      step(state, [mute('old', null), mute('new', ageMs)]).output.value.new;
    expect(at(0)).toBe(0.2);
    expect(at(13_000)).toBe(0.7);
    expect(at(25_000)).toBe(0.7);
    expect(at(37_000)).toBe(1);
    expect(at(110_000)).toBe(0.9);
    expect(at(120_000)).toBe(1);
    const slow = { ...slowStart.init({ warmupMs: 120_000 }), curve };
    const slowAt = (ageMs: number) =>
      step(slow, [mute('old', null), mute('new', ageMs)]).output.value.new;
    expect(slowAt(48_000)).toBe(0.7);
    expect(slowAt(96_000)).toBe(0.8);
  });

  test('outlasts new settings, unless ages are divided otherwise', () => {
    const state = learn([replica('old', null, 50), replica('new', 15_000, 150)], 5);
    expect(slowStart.retune(state, { newShare: 0.5 }).curve).toBe(state.curve);
    expect(slowStart.retune(state, { spanMs: 60_000 }).curve).toEqual(Array(10).fill(null));
  });
});

test('without usable evidence what is applied stays', () => {
  const applied = { a: 0.4, b: Number.NaN };
  const old = once([mute('a', 0)], {}, { applied, evidenceAgeMs: 30_001 });
  expect(old.output).toEqual({ value: { a: 0.4 }, reason: 'stale-evidence', terms: {} });
  expect(once([], {}, { applied }).output).toMatchObject({
    value: { a: 0.4 },
    reason: 'no-backends',
  });
});

test.each([
  ['warmupMs', { warmupMs: 0 }],
  ['spanMs', { spanMs: 29_999 }],
  ['spanMs', { spanMs: Number.POSITIVE_INFINITY }],
  ['minShare', { minShare: 0 }],
  ['minShare', { minShare: 1.1 }],
  ['newShare', { newShare: 0 }],
  ['newShare', { newShare: 1.1 }],
  ['everyMs', { everyMs: 0 }],
  ['minRequests', { minRequests: 0 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => slowStart.init(config)).toThrowError(new RegExp(`^${field} is `));
});

test('refused or empty looks keep what is known', () => {
  const { state } = once([replica('old', null, 50), replica('new', 15_000, 100)]);
  const later = { nowMs: NOW_MS + 5 };
  const stale = step(state, [mute('a', 0)], { ...later, evidenceAgeMs: null }).state;
  expect(stale).toEqual({ ...state, lastMs: NOW_MS + 5 });
  expect(step(state, [], later).state).toEqual({ ...state, lastMs: NOW_MS + 5 });
});

test('the most that is allowed, and a warm-up as long as the span', () => {
  const config = { minShare: 1, newShare: 1, warmupMs: 120_000 };
  expect(slowStart.init(config).config).toMatchObject(config);
  expect(slowStart.name).toBe('slowStart');
  const long = once([mute('old', null), mute('new', 120_000)], {}, { warmupMs: 240_000 });
  expect(long.output.value.new).toBe(1);
  const none = once([mute('old', null), mute('new', 0)], {}, { warmupMs: 0 });
  expect(none.output.value.new).toBe(1);
});
