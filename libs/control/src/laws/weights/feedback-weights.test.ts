import { describe, expect, test } from 'vitest';
import {
  type BackendFigures,
  backendScore,
  type FeedbackWeightsState,
  feedbackWeights,
} from './feedback-weights.ts';
import { feedbackWeightsSettings } from './feedback-weights-config.ts';

const GOOD = { requests: 100, errorRatio: 0, latencyMs: 0, startedAtMs: null };
const BROKEN = { requests: 100, errorRatio: 1, latencyMs: null, startedAtMs: null };
const SILENT = { requests: 0, errorRatio: null, latencyMs: null, startedAtMs: null };

type Figures = Omit<BackendFigures, 'id'>;

function backendsOf(figures: { readonly [id: string]: Figures }): readonly BackendFigures[] {
  return Object.entries(figures).map(([id, each]) => ({ id, ...each }));
}

/** A pool whose weights are known, one period ago. */
function pool(weights: { readonly [id: string]: number }): FeedbackWeightsState {
  const backends = Object.entries(weights).map(([id, weight]) => [id, { weight, seenMs: 90_000 }]);
  return { ...feedbackWeights.init({}), lastMs: 90_000, backends: Object.fromEntries(backends) };
}

function step(
  state: FeedbackWeightsState,
  figures: { readonly [id: string]: Figures },
  nowMs = 100_000,
) {
  const input = { nowMs, evidenceAgeMs: 0, backends: backendsOf(figures), applied: {} };
  return feedbackWeights.step(state, input);
}

test('the worked example: errors 5 %, 150 ms, old 0.8 give 0.605 and 0.761', () => {
  const figures = { requests: 100, errorRatio: 0.05, latencyMs: 150, startedAtMs: null };
  expect(backendScore(feedbackWeightsSettings({}), { id: 'a', ...figures })).toBeCloseTo(0.605, 12);
  const { output } = step(pool({ a: 0.8 }), { a: figures });
  expect(output.value.a).toBe(0.761);
  expect(output.terms['score:a']).toBe(0.605);
  expect(output.reason).toBe('reweighted');
});

describe('scores', () => {
  test('a failure without a latency is as bad as it gets, silence is not a failure', () => {
    const settings = feedbackWeightsSettings({});
    expect(backendScore(settings, { id: 'a', ...BROKEN })).toBe(0);
    expect(backendScore(settings, { id: 'a', ...SILENT })).toBeNull();
    expect(backendScore(settings, { id: 'a', ...GOOD, errorRatio: Number.NaN })).toBeNull();
    expect(backendScore(settings, { id: 'a', ...GOOD, errorRatio: 1.5 })).toBeNull();
    expect(backendScore(settings, { id: 'a', ...GOOD, latencyMs: -1 })).toBeNull();
  });
});

describe('a sick backend', () => {
  test('loses its traffic, but never all of it', () => {
    let state = pool({ a: 1, b: 1, c: 1 });
    for (let index = 1; index <= 60; index += 1) {
      state = step(state, { a: BROKEN, b: GOOD, c: GOOD }, 100_000 + index * 10_000).state;
    }
    expect(state.backends.a?.weight).toBe(0.05);
    expect(state.backends.b?.weight).toBe(1);
  });

  test('comes back gradually: at most 0.1 a period, all of it in the end', () => {
    let state = pool({ a: 0.05, b: 1, c: 1 });
    const weights: number[] = [];
    for (let index = 1; index <= 40; index += 1) {
      state = step(state, { a: GOOD, b: GOOD, c: GOOD }, 100_000 + index * 10_000).state;
      weights.push(state.backends.a?.weight ?? Number.NaN);
    }
    const rises = weights.map((weight, index) => weight - (weights[index - 1] ?? 0.05));
    expect(Math.max(...rises.slice(1))).toBeLessThanOrEqual(0.1 + 1e-9);
    expect(weights[4]).toBeLessThan(0.66);
    expect(weights.at(-1)).toBeGreaterThan(0.99);
  });
});

describe('a newcomer', () => {
  test('gets the mean during its blackout, whatever its figures', () => {
    const young = { ...BROKEN, startedAtMs: 95_000 };
    const { output } = step(pool({ a: 0.8, b: 0.6 }), { a: GOOD, b: GOOD, new: young });
    expect(output.value.new).toBeCloseTo(0.7, 12);
  });

  test('is judged after it', () => {
    const grown = { ...BROKEN, startedAtMs: 89_000 };
    const { output } = step(pool({ a: 0.8, b: 0.6 }), { a: GOOD, b: GOOD, new: grown });
    expect(output.value.new).toBeCloseTo(0.56, 12);
  });
});

describe('a backend without figures', () => {
  test('that is unknown gets the mean', () => {
    const { output } = step(pool({ a: 0.8, b: 0.6 }), { a: GOOD, b: GOOD, x: SILENT });
    expect(output.value.x).toBeCloseTo(0.7, 12);
  });

  test('keeps its weight for three minutes, then drifts to the mean', () => {
    let state = pool({ a: 0.3, b: 1, c: 1 });
    const seen: number[] = [];
    for (let nowMs = 100_000; nowMs <= 900_000; nowMs += 10_000) {
      state = step(state, { a: SILENT, b: GOOD, c: GOOD }, nowMs).state;
      seen.push(state.backends.a?.weight ?? Number.NaN);
    }
    expect(seen[16]).toBe(0.3);
    expect(seen.at(-1)).toBeGreaterThan(0.9);
  });
});

describe('panic', () => {
  test('with fewer than half healthy all weigh the same, and the averages are kept', () => {
    const { output, state } = step(pool({ a: 0.9, b: 0.9, c: 0.9 }), {
      a: BROKEN,
      b: BROKEN,
      c: GOOD,
    });
    expect(output).toMatchObject({ reason: 'too-few-healthy', value: { a: 1, b: 1, c: 1 } });
    expect(state.backends.a?.weight).toBeLessThan(state.backends.c?.weight ?? 0);
  });

  test('exactly half healthy is no panic', () => {
    const { output } = step(pool({ a: 0.9, b: 0.9 }), { a: BROKEN, b: GOOD });
    expect(output.reason).toBe('reweighted');
  });
});

test('nobody judged, nobody there, nothing fresh: what is applied stays', () => {
  const applied = { a: 0.4 };
  const input = { nowMs: 100_000, evidenceAgeMs: 0, applied };
  const backends = backendsOf({ a: SILENT });
  const run = (more: object) =>
    feedbackWeights.step(pool({ a: 0.8 }), { ...input, backends, ...more }).output;
  expect(run({})).toMatchObject({ value: applied, reason: 'no-evidence' });
  expect(run({ backends: [] })).toMatchObject({ value: applied, reason: 'no-backends' });
  expect(run({ evidenceAgeMs: 60_000 })).toMatchObject({
    value: applied,
    reason: 'stale-evidence',
  });
});

describe('time', () => {
  const one = (gapMs: number, weight: number, figures: Figures) => {
    const state = { ...pool({ a: weight }), lastMs: 100_000 - gapMs };
    return step(state, { a: figures }).state.backends.a?.weight;
  };

  test('half a period moves less, both ways', () => {
    expect(one(5_000, 0.8, BROKEN)).toBeCloseTo(0.8 * Math.sqrt(0.8), 9);
    expect(one(5_000, 0.2, GOOD)).toBeCloseTo(0.25, 9);
    expect(one(20_000, 0.2, GOOD)).toBeCloseTo(0.4, 9);
  });

  test('a gap counts as three periods at most', () => {
    expect(one(30_000, 0.8, BROKEN)).toBeCloseTo(0.8 * 0.8 ** 3, 9);
    expect(one(90_000, 0.8, BROKEN)).toBeCloseTo(0.8 * 0.8 ** 3, 9);
  });

  test('the first look counts as one period', () => {
    const state = { ...pool({ a: 0.8 }), lastMs: null };
    expect(step(state, { a: BROKEN }).state.backends.a?.weight).toBeCloseTo(0.64, 9);
  });

  test('the first look at unknown ones begins from 1', () => {
    const { output } = step(feedbackWeights.init({}), { a: BROKEN, b: GOOD, c: SILENT });
    expect(output.value).toEqual({ a: 0.8, b: 1, c: 1 });
    expect(output.terms).toEqual({
      backends: 3,
      judged: 2,
      healthy: 1,
      'score:a': 0,
      'score:b': 1,
    });
  });

  test('blackout and expiry end at their time, not before', () => {
    const young = (startedAtMs: number) =>
      step(pool({ a: 0.8, new: 0.3 }), { a: GOOD, new: { ...BROKEN, startedAtMs } }).state.backends
        .new;
    expect(young(90_001)).toEqual({ weight: 0.8, seenMs: null });
    expect(young(90_000)).toEqual({ weight: 0.24, seenMs: 100_000 });
    const silent = (seenMs: number | null) => {
      const state = pool({ a: 1, b: 0.2 });
      const backends = { ...state.backends, b: { weight: 0.2, seenMs } };
      return step({ ...state, backends }, { a: GOOD, b: SILENT }, 300_000).state.backends.b;
    };
    expect(silent(120_000)).toEqual({ weight: 0.2, seenMs: 120_000 });
    expect(silent(119_999)?.weight).toBeGreaterThan(0.25);
    expect(silent(119_999)?.seenMs).toBe(119_999);
    expect(silent(null)).toEqual({ weight: 0.2, seenMs: null });
  });
});

describe('what a score needs', () => {
  const settings = feedbackWeightsSettings({ minRequests: 5 });
  const scored = (more: Partial<Figures>) => backendScore(settings, { id: 'a', ...GOOD, ...more });

  test('requests enough', () => {
    expect(scored({ requests: 5 })).toBe(1);
    expect(scored({ requests: 4 })).toBeNull();
    expect(scored({ requests: Number.NaN })).toBeNull();
  });

  test('a latency, unless all have failed', () => {
    expect(scored({ latencyMs: null, errorRatio: 0.99 })).toBeNull();
    expect(scored({ latencyMs: 100, errorRatio: 1 })).toBeCloseTo(0.27, 12);
    expect(scored({ latencyMs: null, errorRatio: 1 })).toBe(0);
  });

  test('a score of just the bound is healthy', () => {
    const half = { requests: 100, errorRatio: 0, latencyMs: 500, startedAtMs: null };
    const state = {
      ...pool({ a: 1 }),
      config: feedbackWeightsSettings({ errorShare: 0, panicBelow: 1 }),
    };
    expect(step(state, { a: half }).output).toMatchObject({
      reason: 'reweighted',
      terms: { healthy: 1, 'score:a': 0.5 },
    });
  });
});

test('refused or empty looks and new settings keep what is known', () => {
  const state = pool({ a: 0.8 });
  const input = { nowMs: 100_000, evidenceAgeMs: null, backends: [], applied: {} };
  expect(feedbackWeights.step(state, input).state).toEqual({ ...state, lastMs: 100_000 });
  const empty = feedbackWeights.step(state, { ...input, evidenceAgeMs: 0 }).state;
  expect(empty).toEqual({ ...state, lastMs: 100_000 });
  const tuned = feedbackWeights.retune(state, { newShare: 0.5 });
  expect(tuned).toEqual({ ...state, config: { ...state.config, newShare: 0.5 } });
  expect(feedbackWeights.name).toBe('feedbackWeights');
});

test('a backend that has left is forgotten', () => {
  const { state } = step(pool({ a: 1, gone: 1 }), { a: GOOD });
  expect(Object.keys(state.backends)).toEqual(['a']);
});

test.each([
  ['newShare', { newShare: 0 }],
  ['newShare', { newShare: 1.1 }],
  ['minWeight', { minWeight: 0 }],
  ['minWeight', { minWeight: 1 }],
  ['errorShare', { errorShare: 1.1 }],
  ['errorFactor', { errorFactor: 0 }],
  ['latencyScaleMs', { latencyScaleMs: 0 }],
  ['everyMs', { everyMs: 0 }],
  ['maxRise', { maxRise: 0 }],
  ['blackoutMs', { blackoutMs: -1 }],
  ['expiryMs', { expiryMs: -1 }],
  ['healthyScore', { healthyScore: 1.1 }],
  ['panicBelow', { panicBelow: -0.1 }],
  ['minRequests', { minRequests: 0 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => feedbackWeights.init(config)).toThrowError(new RegExp(`^${field} is `));
});
