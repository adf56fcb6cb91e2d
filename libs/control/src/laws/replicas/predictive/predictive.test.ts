import { describe, expect, test } from 'vitest';
import { explain } from '../../../explain.ts';
import type { ReplicaObservation } from '../observation.ts';
import { predictiveReplicas as law, type PredictiveState } from './predictive.ts';
import type { PredictiveConfig } from './predictive-config.ts';

const EVERY_MS = 15_000;

/** 100 req/s on ten replicas at half use: 50 ms of a replica each. */
const SEEN: ReplicaObservation = {
  nowMs: 1_000_000,
  evidenceAgeMs: 2_000,
  windowMs: 15_000,
  ratePerSecond: 100,
  utilization: 0.5,
  inFlight: 5,
  p99Ms: 100,
  errorRatio: 0,
  applied: 10,
  ready: 10,
  starting: 0,
};

function once(more: Partial<ReplicaObservation> = {}, config: PredictiveConfig = {}) {
  return law.step(law.init(config), { ...SEEN, ...more });
}

/** Steps through rates, always on ten replicas that are busy as the cost of 50 ms makes them. */
function run(rates: readonly number[], config: PredictiveConfig = {}, from?: PredictiveState) {
  let state = from ?? law.init(config);
  let nowMs = state.lastMs ?? SEEN.nowMs;
  let output = once().output;
  for (const ratePerSecond of rates) {
    nowMs += EVERY_MS;
    const utilization = Math.min(1, (ratePerSecond * 0.05) / 10);
    const step = law.step(state, { ...SEEN, nowMs, ratePerSecond, utilization });
    ({ state, output } = step);
  }
  return { state, output };
}

test('is called by its name, and dates what it saw back to the middle of the window', () => {
  expect(law.name).toBe('predictive');
  // Two seconds old, and a window of fifteen.
  expect(once().state.outlook.slots.lastMs).toBe(1_000_000 - 2_000 - 7_500);
  // A figure from a little ahead is of now.
  expect(once({ evidenceAgeMs: -500 }).state.outlook.slots.lastMs).toBe(1_000_000 - 7_500);
});

describe('the need of now', () => {
  test('rate x learned cost / utilisation', () => {
    const { output } = once();
    expect(output).toEqual({
      value: 8,
      reason: 'capacity-need',
      terms: {
        ratePerSecond: 100,
        serviceTimeMs: 50,
        utilization: 0.7,
        need: 7.14285714286,
        horizonMs: 45_000,
        applied: 10,
      },
    });
    expect(explain(output)).toBe('100 requests/s of 50 ms at 0.7 use need 8.');
  });

  test('a need that is whole is not rounded up by the noise of binary fractions', () => {
    expect(once({ ratePerSecond: 140 }, { utilization: 0.5 }).output.value).toBe(10);
    expect(once({ ratePerSecond: 700, utilization: 0.49 }).output.value).toBe(7);
  });

  test('never less than one', () => {
    expect(once({ ratePerSecond: 1, utilization: 0.001 }).output.value).toBe(1);
    expect(once({ ratePerSecond: 0, utilization: 0 }).output).toMatchObject({
      value: 1,
      reason: 'no-demand',
    });
  });

  test('the cost follows slowly, and not down while use is at its limit', () => {
    const { state } = once();
    const next = (utilization: number, ratePerSecond: number) =>
      law.step(state, { ...SEEN, nowMs: SEEN.nowMs + 15_000, utilization, ratePerSecond }).state;
    const moved = 1 - Math.exp(-15_000 / 120_000);
    // Half of it was seen, two thirds count.
    expect(next(0.89, 356).cost.mean).toBeCloseTo(0.05 - (0.05 / 3) * moved, 9);
    expect(next(0.9, 360).cost.mean).toBe(0.05);
    // Above the limit a higher cost is believed; twice was seen, half as much again counts.
    expect(next(1, 100).cost.mean).toBeCloseTo(0.05 + 0.025 * moved, 9);
    expect(next(0, 100).cost.mean).toBe(0.05);
  });

  test('a first cost is learned even at full use: some is better than none', () => {
    expect(once({ utilization: 1 }).state.cost.mean).toBe(0.1);
  });
});

describe('what it needs to know', () => {
  test.each([
    ['no-evidence', { ratePerSecond: null }],
    ['no-evidence', { evidenceAgeMs: null }],
    ['stale-evidence', { evidenceAgeMs: 30_001 }],
    ['invalid-measure', { ratePerSecond: Number.NaN }],
    ['invalid-measure', { ratePerSecond: -1 }],
    ['invalid-measure', { utilization: Number.POSITIVE_INFINITY }],
    ['invalid-measure', { utilization: -0.1 }],
    ['invalid-measure', { ready: Number.NaN }],
    ['invalid-measure', { windowMs: Number.NaN }],
    ['invalid-measure', { nowMs: Number.NaN }],
    // Without any cost a rate says nothing.
    ['no-evidence', { utilization: null }],
    ['no-evidence', { ready: 0 }],
  ] as const)('%s: %o', (reason, more) => {
    const { state, output } = once(more);
    expect(output).toEqual({ value: 10, reason, terms: { applied: 10 } });
    expect(state.cost.mean).toBeNull();
  });

  test('what is refused teaches nothing', () => {
    const { state } = run([100, 110, 120]);
    const bad = { ...SEEN, nowMs: SEEN.nowMs + 100_000, ratePerSecond: Number.NaN };
    const { state: after } = law.step(state, bad);
    expect({ ...after, lastMs: 0 }).toEqual({ ...state, lastMs: 0 });
  });

  test('a broken applied falls back on the last one', () => {
    const { state } = once();
    const output = law.step(state, { ...SEEN, nowMs: 1_015_000, applied: Number.NaN }).output;
    expect(output).toMatchObject({ value: 10, reason: 'invalid-measure' });
    expect(once({ applied: Number.NaN }).output.value).toBe(0);
  });

  test('once a cost is known, use may be missing', () => {
    const { state } = once();
    const output = law.step(state, { ...SEEN, nowMs: 1_015_000, utilization: null }).output;
    expect(output).toMatchObject({ value: 8, reason: 'capacity-need' });
  });

  test('the clock', () => {
    const { state } = once();
    expect(law.step(state, SEEN).output.reason).toBe('same-instant');
    const back = law.step(state, { ...SEEN, nowMs: 999_999 });
    expect(back.output).toMatchObject({ value: 10, reason: 'clock-went-back' });
    expect(law.step(back.state, { ...SEEN, nowMs: 1_014_999 }).output.reason).toBe('capacity-need');
  });

  test('a clock that was set back an hour does not end the learning', () => {
    const set = { ...SEEN, nowMs: SEEN.nowMs - 3_600_000 };
    const { state } = law.step(once().state, set);
    const next = law.step(state, { ...set, nowMs: set.nowMs + 15_000, utilization: 0.4 });
    // How much time has passed is known again from here on.
    expect(next.state.cost.mean).toBe(0.05);
    const after = law.step(next.state, { ...set, nowMs: set.nowMs + 30_000, utilization: 0.4 });
    const moved = 1 - Math.exp(-15_000 / 120_000);
    expect(after.state.cost.mean).toBeCloseTo(0.05 - 0.01 * moved, 9);
  });

  test('in hand it follows, and goes on learning', () => {
    const { state, output } = once({ hand: true });
    expect(output).toEqual({ value: 10, reason: 'tracking', terms: { applied: 10 } });
    expect(state.cost.mean).toBe(0.05);
  });
});

describe('the need of then', () => {
  const ramp = Array.from({ length: 40 }, (_, k) => 40 + 3 * k);

  test('a ramp is served before it is there', () => {
    const { output } = run(ramp);
    expect(output).toMatchObject({ reason: 'forecast-need' });
    const { forecastPerSecond = 0, errorRatio = 1, need } = output.terms;
    // 157 now, 3 more every 15 s; the window's middle is 9.5 s old and the horizon 45 s.
    expect(forecastPerSecond).toBeGreaterThan(165);
    expect(forecastPerSecond).toBeLessThan(170);
    expect(errorRatio).toBeLessThan(0.3);
    expect(need).toBeCloseTo((forecastPerSecond * 0.05) / 0.7, 9);
    expect(output.value).toBe(Math.ceil(need ?? 0));
    expect(explain(output)).toMatch(
      /^16\d requests\/s of 50 ms are forecast for the next 45 s: at 0.7 use they need 12\.$/,
    );
  });

  test('a falling load is served as it is now', () => {
    const { output } = run(ramp.toReversed());
    expect(output).toMatchObject({ reason: 'capacity-need', value: 3 });
    expect(output.terms.forecastPerSecond).toBeLessThan(40);
  });

  test('while no forecaster may be believed it is the reactive law', () => {
    const never = { forecast: { memorySlots: 10_000, minScored: 10_000 } };
    const { output } = run(ramp, never);
    expect(output).toMatchObject({ reason: 'capacity-need', value: 12 });
    expect(output.terms).not.toHaveProperty('forecastPerSecond');
    expect(run(ramp.slice(0, 6)).output.terms).not.toHaveProperty('forecastPerSecond');
  });
});

describe('the start-up time', () => {
  /** One replica more is asked for, and serves after so many looks of 15 s. */
  function started(looks: number, config: PredictiveConfig = {}, from?: PredictiveState) {
    let state = from ?? law.step(law.init(config), SEEN).state;
    let output = once().output;
    const begunMs = state.lastMs ?? 0;
    for (let look = 1; look <= looks; look += 1) {
      const ready = look < looks ? 10 : 11;
      const seen = { applied: 11, ready, starting: 11 - ready, nowMs: begunMs + look * EVERY_MS };
      ({ state, output } = law.step(state, { ...SEEN, ...seen }));
    }
    return { state, output };
  }

  test('is the one that was told until a start was seen, then that', () => {
    expect(once().state.etaMs).toBe(30_000);
    // Served between the fifth look and the sixth.
    const { state, output } = started(6);
    expect(state.startup.timesMs).toEqual([82_500]);
    expect(state.etaMs).toBe(82_500);
    expect(output.terms.horizonMs).toBe(97_500);
    expect(state.outlook.config.horizonMs).toBe(97_500);
  });

  test('moves the horizon only when it is more than a quarter off', () => {
    // 37.5 s seen.
    for (const [etaMs, inForceMs] of [
      [30_000, 30_000],
      [29_999, 37_500],
      [50_000, 50_000],
      [50_001, 37_500],
    ] as const) {
      const { state, output } = started(3, { etaMs });
      expect(state.startup.usualMs).toBe(37_500);
      expect(state.etaMs).toBe(inForceMs);
      expect(output.terms.horizonMs).toBe(inForceMs + 15_000);
    }
  });

  test('is looked ahead of as far as forecasts go, no further', () => {
    const { state } = started(4, { forecast: { slotMs: 1_000 } });
    // 64 slots, less the time to the next decision.
    expect(state.startup.usualMs).toBe(52_500);
    expect(state.etaMs).toBe(49_000);
  });

  test('that was seen outlives new figures', () => {
    const { state } = started(6);
    expect(law.retune(state, { etaMs: 20_000, utilization: 0.5 }).etaMs).toBe(82_500);
    expect(law.retune(state, { everyMs: 30_000 }).outlook.config.horizonMs).toBe(112_500);
    expect(law.retune(state, {})).toEqual(state);
  });
});

describe('the calendar', () => {
  test.each([
    ['day', 288, 300_000],
    ['week', 672, 900_000],
  ] as const)('%s: a profile of %d phases', (calendar, phases, slotMs) => {
    const { profile } = law.init({ calendar }).outlook;
    expect(profile?.usual.phases).toHaveLength(phases);
    expect(profile?.slots.slotMs).toBe(slotMs);
    expect(law.init({ forecast: { slotMs: 5_000 }, calendar }).outlook.profile).toEqual(profile);
  });

  test('none unless it is asked for, and none that there is not', () => {
    expect(law.init({}).outlook.profile).toBeNull();
    expect(() => law.init({ calendar: 'month' as 'day' })).toThrowError(
      /^calendar is "month": it must be day or week/,
    );
  });
});

describe('new figures', () => {
  test('a measured start-up time moves the horizon, the cost stays', () => {
    const { state } = run(Array.from({ length: 20 }, () => 100));
    const next = law.retune(state, { etaMs: 75_000 });
    expect(next.outlook.config.horizonMs).toBe(90_000);
    expect(next.cost.mean).toBe(state.cost.mean);
    expect(next.outlook.trend).toBe(state.outlook.trend);
    expect(law.retune(state, { costTauMs: 60_000 }).cost.tauMs).toBe(60_000);
    expect(law.retune(state, {})).toEqual(state);
  });

  test.each([
    [{ etaMs: 0 }, 'etaMs'],
    [{ everyMs: -1 }, 'everyMs'],
    [{ utilization: 0 }, 'utilization'],
    [{ utilization: 1.01 }, 'utilization'],
    [{ costTauMs: 0 }, 'costTauMs'],
    [{ saturated: 0 }, 'saturated'],
    [{ saturated: 1.1 }, 'saturated'],
    [{ evidenceMaxAgeMs: 0 }, 'evidenceMaxAgeMs'],
    [{ etaMs: 3_600_000 }, 'horizonMs'],
    [{ forecast: { slotMs: 0 } }, 'slotMs'],
  ])('%o is refused', (config, field) => {
    expect(() => law.init(config)).toThrowError(new RegExp(`^${field} is `));
  });

  test('a use of 100 % is allowed', () => {
    expect(once({}, { utilization: 1, saturated: 1 }).output.value).toBe(5);
  });
});
