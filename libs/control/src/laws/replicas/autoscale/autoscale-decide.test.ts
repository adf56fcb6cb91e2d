import { describe, expect, test } from 'vitest';
import type { ReplicaObservation } from '../observation.ts';
import { type AutoscaleState, autoscale } from './autoscale.ts';
import type { AutoscaleConfig } from './config.ts';

const NOW = 1_000_000;
const PLAIN = { trend: false, season: false, margin: false, safeUtilization: false };

/**
 * It knows its cost: 50 ms a request, so that a replica at 65 % takes 13 requests a second. What is
 * seen is a window that it has learned from already: decisions rest on this state alone.
 */
function known(more: Partial<AutoscaleState> = {}, config: AutoscaleConfig = {}): AutoscaleState {
  const fresh = autoscale.init({ p99Ms: 1_000, ...config, terms: { ...PLAIN, ...config.terms } });
  return {
    ...fresh,
    lastMs: NOW - 15_000,
    lastApplied: 10,
    changedMs: NOW - 600_000,
    evidenceMs: NOW - 5_000,
    served: [{ atMs: NOW - 600_000, ready: 10 }],
    demand: { ...fresh.demand, untilMs: NOW - 5_000, bins: [100], errors: [5], seen: [40] },
    cost: 0.05,
    insideMs: 100,
    ...more,
  };
}

const SEEN: ReplicaObservation = {
  nowMs: NOW,
  evidenceAgeMs: 5_000,
  windowMs: 15_000,
  ratePerSecond: 100,
  utilization: 0.5,
  inFlight: 10,
  p99Ms: 300,
  errorRatio: 0,
  applied: 10,
  ready: 10,
  starting: 0,
};

function step(look: Partial<ReplicaObservation> = {}, state: AutoscaleState = known()) {
  return autoscale.step(state, { ...SEEN, ...look });
}
const decided = (look: Partial<ReplicaObservation>, state?: AutoscaleState) => {
  const { value, reason } = step(look, state).output;
  return [value, reason];
};

/** Arrivals that need so many replicas; those that came before were as many. */
function needing(replicas: number, more: Partial<AutoscaleState> = {}, config?: AutoscaleConfig) {
  const ratePerSecond = 13 * replicas;
  const state = known(more, config);
  const demand = { ...state.demand, bins: [ratePerSecond] };
  const utilization = Math.min(0.65, 0.065 * replicas);
  return { look: { ratePerSecond, utilization }, state: { ...state, demand } };
}

describe('up', () => {
  const up = (replicas: number, applied: number, more: Partial<AutoscaleState> = {}) => {
    const served = [{ atMs: NOW - 600_000, ready: applied }];
    const { look, state } = needing(replicas, { lastApplied: applied, served, ...more });
    return decided({ ...look, applied, ready: applied, utilization: 0.65 }, state);
  };

  test('only for more than a twenty-fifth', () => {
    expect(up(104, 100)).toEqual([100, 'demand-met']);
    expect(up(104.1, 100)).toEqual([109, 'demand-above']);
    expect(up(10.4, 10)).toEqual([10, 'demand-met']);
    expect(up(10.41, 10)).toEqual([11, 'demand-above']);
  });

  test('for what is needed, whole, or a twentieth more', () => {
    expect(up(11.2, 10)).toEqual([12, 'demand-above']);
    expect(up(40, 20)).toEqual([42, 'demand-above']);
  });

  test.each([
    [-1, 42],
    [0, 42],
    [0.1, 44],
    [0.25, 48],
    [1, 48],
  ])('further where cold replicas harm: a log of %f asks for %i', (harm, value) => {
    expect(up(40, 20, { harm })).toEqual([value, 'demand-above']);
  });

  test('a jump that breaks the objective is guessed to go on', () => {
    const jump = { ratePerSecond: 200, utilization: 0.8 };
    expect(decided({ ...jump, p99Ms: 1_001 })).toEqual([23, 'demand-above']);
    expect(step({ ...jump, p99Ms: 1_001 }).output.terms.guessPerSecond).toBe(85);
    expect(decided({ ...jump, p99Ms: 1_000 })).toEqual([16, 'demand-above']);
    // Usual differences of 30 between windows make it an ordinary one.
    const noisy = known();
    const demand = { ...noisy.demand, errors: [30] };
    expect(decided({ ...jump, p99Ms: 1_001 }, { ...noisy, demand })).toEqual([16, 'demand-above']);
  });
});

describe('down', () => {
  const down = (replicas: number, more: Partial<AutoscaleState> = {}) => {
    const { look, state } = needing(replicas, more);
    return decided(look, state);
  };

  test('only for a fifth', () => {
    expect(down(8)).toEqual([8, 'demand-below']);
    expect(down(8.01)).toEqual([10, 'demand-met']);
    expect(down(7.5)).toEqual([8, 'demand-below']);
    expect(down(0.2)).toEqual([1, 'demand-below']);
  });

  test('or for a tenth, when nothing has changed for twenty minutes', () => {
    const since = (ms: number) => ({ changedMs: NOW - ms });
    expect(down(9, since(1_200_000))).toEqual([9, 'demand-below']);
    expect(down(9.01, since(1_200_000))).toEqual([10, 'demand-met']);
    expect(down(9, since(1_199_999))).toEqual([10, 'demand-met']);
    // A count that somebody has changed just now, or that is seen for the first time.
    expect(down(9, { ...since(1_200_000), lastApplied: 11 })).toEqual([10, 'demand-met']);
    expect(down(9, { changedMs: null })).toEqual([10, 'demand-met']);
  });

  test('to the most that was needed in the hold', () => {
    const needed = (agoMs: number, isSure = true) => ({
      needs: [{ atMs: NOW - agoMs, replicas: 7.2, isSure }],
    });
    expect(down(4, needed(270_000))).toEqual([8, 'demand-below']);
    expect(down(4, needed(270_001))).toEqual([4, 'demand-below']);
    expect(down(4, needed(100_000, false))).toEqual([4, 'demand-below']);
    expect(down(4, { needs: [{ atMs: NOW - 1_000, replicas: 9, isSure: true }] })).toEqual([
      10,
      'needed-lately',
    ]);
  });

  test('the hold is two and a half start-ups at least', () => {
    const { look, state } = needing(
      4,
      { needs: [{ atMs: NOW - 400_000, replicas: 7.2, isSure: true }] },
      { startupMs: 200_000 },
    );
    expect(decided(look, state)).toEqual([8, 'demand-below']);
  });

  test('to the peak that a season brings within the hold', () => {
    // 100 a second, but 7 a replica's share more 14 bins ago, six from now.
    const bins = Array.from({ length: 40 }, (_, bin) => (bin % 20 === 5 ? 104 : 52));
    const seasonal = (season: boolean) => {
      const state = known({}, { terms: { season } });
      const demand = { ...state.demand, bins, season: 20, errors: new Array<number>(30).fill(1) };
      return decided({ ratePerSecond: 52, utilization: 0.26 }, { ...state, demand });
    };
    expect(seasonal(true)).toEqual([8, 'demand-below']);
    expect(seasonal(false)).toEqual([4, 'demand-below']);
  });
});

describe('what the need is made of', () => {
  test('the trim makes each replica take less', () => {
    const { terms } = step({}, known({ trim: 0.3 })).output;
    expect(terms).toMatchObject({ trim: 0.3, need: 10 });
    const off = known({ trim: 0.3 }, { terms: { trim: false } });
    expect(step({}, off).output.terms).toMatchObject({ trim: 0, need: 7.69230769231 });
  });

  test('the backlog: who waits beyond twice the usual, worked off in half a minute', () => {
    const full = { utilization: 0.92, inFlight: 410 };
    const of = (look: Partial<ReplicaObservation>, more: Partial<AutoscaleState> = {}) =>
      step({ ...full, ...look }, known(more)).output.terms;
    expect(of({})).toMatchObject({ backlog: 390, need: 8.69230769231 });
    expect(of({ utilization: 0.919 }).backlog).toBe(0);
    expect(of({ inFlight: 20 }).backlog).toBe(0);
    expect(of({ inFlight: null }).backlog).toBe(0);
    expect(of({}, { insideMs: null }).backlog).toBe(0);
    // Where many give up it ends by itself.
    expect(of({ errorRatio: 0.05 }).backlog).toBe(195);
    expect(of({ errorRatio: 0.2 }).backlog).toBe(0);
    expect(of({ errorRatio: null }).backlog).toBe(390);
    expect(step(full, known({}, { terms: { backlog: false } })).output.terms.backlog).toBe(0);
  });

  test('the highest of now and what is expected, and the margin', () => {
    const rising = Array.from({ length: 40 }, (_, bin) => 60 + bin);
    const state = known({}, { terms: { trend: true, margin: true } });
    const errors = new Array<number>(30).fill(20);
    const demand = { ...state.demand, bins: rising, errors, trendErrors: [2, 2] };
    const { terms } = step({}, { ...state, demand }).output;
    // 42.5 s ahead are three bins.
    expect(terms).toMatchObject({ forecastPerSecond: 103, marginPerSecond: 2 });
    expect(terms.need).toBeCloseTo(105 / 13, 9);
    const falling = { ...state, demand: { ...demand, bins: rising.toReversed() } };
    const less = step({}, falling).output.terms;
    expect(less.forecastPerSecond).toBe(97);
    expect(less.need).toBeCloseTo(102 / 13, 9);
    // In an overload the slope is that of those who try again.
    const flooded = step({ utilization: 0.95 }, { ...state, demand }).output.terms;
    expect(flooded.forecastPerSecond).toBe(flooded.ratePerSecond);
    const off = known({}, { terms: { trend: false } });
    expect(step({}, { ...off, demand }).output.terms.forecastPerSecond).toBe(100);
  });

  test('says all of it', () => {
    expect(step({}).output.terms).toEqual({
      ratePerSecond: 100,
      forecastPerSecond: 100,
      marginPerSecond: 0,
      guessPerSecond: 0,
      backlog: 0,
      costSeconds: 0.05,
      safeUtilization: 0.65,
      trim: 0,
      harm: 0,
      need: 7.69230769231,
      startupMs: 30_000,
      slowStartMs: 30_000,
      applied: 10,
      lately: 7.69230769231,
    });
  });
});

describe('what it will not act on', () => {
  test('says only what is applied', () => {
    expect(step({ evidenceAgeMs: null }).output).toEqual({
      value: 10,
      reason: 'no-evidence',
      terms: { applied: 10 },
    });
    expect(step({}, known({ cost: null, evidenceMs: NOW - 5_000 })).output).toEqual({
      value: 10,
      reason: 'no-evidence',
      terms: { applied: 10 },
    });
  });

  test('a count that cannot be: the last one, and 1 before there was one', () => {
    expect(decided({ applied: Number.NaN })).toEqual([10, 'invalid-measure']);
    expect(decided({ applied: Number.NaN }, known({ lastApplied: null }))).toEqual([
      1,
      'invalid-measure',
    ]);
  });

  test('a clock that is none leaves all as it was', () => {
    const state = known();
    expect(step({ nowMs: Number.NaN }, state).state).toBe(state);
  });

  test('a silence teaches nothing, and its end no more than any other figure', () => {
    const state = known({ evidenceMs: 500_000 });
    const silent = step({ ratePerSecond: 0, utilization: 0 }, state);
    expect(silent.output.reason).toBe('doubtful');
    expect(silent.state).toMatchObject({ evidenceMs: NOW - 5_000, cost: 0.05 });
    const strange = step({ ratePerSecond: 10 }, state);
    expect(strange.output.reason).toBe('doubtful');
    expect(strange.state).toMatchObject({ evidenceMs: 500_000, cost: 0.05 });
  });

  test('silence is told from idleness by what came before, however long ago it was seen', () => {
    const nothing = { ratePerSecond: 0, utilization: 0 };
    const after = (bins: readonly (number | null)[]) => {
      const state = known();
      return step(nothing, { ...state, demand: { ...state.demand, bins } }).output.reason;
    };
    expect(after([100, null, null])).toBe('doubtful');
    expect(after([7])).toBe('doubtful');
    expect(after([100, 0])).toBe('demand-below');
    expect(after([null])).toBe('demand-below');
  });
});

/*
 *   looked last at -15 s; 10 served since -600 s
 */
describe('the fleet', () => {
  const served = (ready: number, more: Partial<AutoscaleState> = {}) =>
    step({ ready, starting: 0 }, known(more)).state.served.at(-1);

  test('more serve from half-way between two looks, fewer from the last one on', () => {
    expect(served(12)).toEqual({ atMs: NOW - 7_500, ready: 12 });
    expect(served(8)).toEqual({ atMs: NOW - 15_000, ready: 8 });
    expect(served(10)).toEqual({ atMs: NOW - 600_000, ready: 10 });
  });

  test('never before what is known already, and from now on where nothing is', () => {
    const just = { served: [{ atMs: NOW - 5_000, ready: 10 }] };
    expect(served(8, just)).toEqual({ atMs: NOW - 4_999, ready: 8 });
    expect(served(12, { served: [] })).toEqual({ atMs: NOW, ready: 12 });
    expect(served(12, { lastMs: null })).toEqual({ atMs: NOW, ready: 12 });
    expect(served(12, { lastMs: NOW + 1 })).toEqual({ atMs: NOW, ready: 12 });
  });

  test('the newest are cold for half a minute', () => {
    const cold = (ready: number, more: Partial<AutoscaleState> = {}) =>
      step({ ready }, known(more)).state.coldUntilMs;
    expect(cold(11)).toBe(NOW + 30_000);
    expect(cold(10)).toBe(0);
    expect(cold(9)).toBe(0);
    expect(cold(10, { coldUntilMs: NOW + 12_000 })).toBe(NOW + 12_000);
    // A clock that was set back does not make them cold for ever.
    expect(cold(10, { coldUntilMs: NOW + 9_000_000 })).toBe(NOW + 30_000);
    expect(cold(10, { served: [] })).toBe(0);
  });

  test('counts that cannot be teach nothing', () => {
    const state = known();
    for (const look of [{ ready: Number.NaN }, { starting: -1 }]) {
      const next = step(look, state).state;
      expect(next.served).toBe(state.served);
      expect(next.startup).toBe(state.startup);
      expect(next).toMatchObject({ lastMs: NOW, lastApplied: 10 });
    }
    const seen = step({ applied: 12, starting: 2 }, state).state;
    expect(seen.startup).not.toEqual(state.startup);
    expect(seen).toMatchObject({ lastApplied: 12, changedMs: NOW });
  });
});
