import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { type EnvoyGradientState, envoyGradient } from './envoy-gradient.ts';
import type { ConcurrencyInput } from './limit.ts';

const START_MS = 1_000_000;
const BUSY: ConcurrencyInput = {
  nowMs: START_MS + 1_000,
  evidenceAgeMs: 0,
  applied: 100,
  inFlight: 90,
  latencyMs: 100,
  completedPerSecond: 900,
  dropRatio: 0,
};

/** A law that knows minRtt 80 ms (100 ms with its buffer), one period ago. */
function running(config = {}, more: Partial<EnvoyGradientState> = {}): EnvoyGradientState {
  return {
    ...envoyGradient.init(config),
    lastMs: START_MS,
    limit: 100,
    minRttMs: 80,
    phase: { kind: 'running', probeAtMs: START_MS + 60_000, stepsAtMinimum: 0 },
    ...more,
  };
}

function once(input: Partial<ConcurrencyInput>, state = running()) {
  return envoyGradient.step(state, { ...BUSY, ...input });
}

describe('a step', () => {
  test.each([
    // g 1: 100 + sqrt(100)
    [100, 110, 'room-to-grow'],
    // g 0.81: 81 + 9
    [100 / 0.81, 90, 'queue-grows'],
    // g 0.5 at least: 50 + 7.07
    [2_000, 57, 'queue-grows'],
    // g 2 at most: 200 + 14.14
    [10, 214, 'room-to-grow'],
    [0, 110, 'room-to-grow'],
  ] as const)('latency %f ms makes %i', (latencyMs, value, reason) => {
    expect(once({ latencyMs }).output).toMatchObject({ value, reason });
  });

  test('rests where headroom and queue are equal', () => {
    // g limit + sqrt(g limit) = 100 at g limit = 90.4875...
    const part = ((Math.sqrt(401) - 1) / 2) ** 2;
    const { output } = once({ latencyMs: (100 * 100) / part });
    expect(output.value).toBe(100);
    const still = once(
      { latencyMs: 100 / 0.0625, applied: 4, inFlight: 4 },
      running({}, { limit: 4 }),
    );
    expect(still.output).toMatchObject({ value: 3, reason: 'queue-grows' });
    // g 0.5 of 2 and its root: 2 again.
    const two = running({ minLimit: 1 }, { limit: 2 });
    expect(once({ latencyMs: 9_000, applied: 2, inFlight: 2 }, two).output).toMatchObject({
      value: 2,
      reason: 'queue-steady',
    });
  });

  test('of half a period is the root of a whole one', () => {
    const { state } = once({ nowMs: START_MS + 500, latencyMs: 100 });
    expect(state.limit).toBeCloseTo(100 * Math.sqrt(1.1), 9);
  });

  test('does not raise a limit that is not half used, but lowers it', () => {
    expect(once({ inFlight: 49.9 }).output).toMatchObject({ value: 100, reason: 'limit-unused' });
    expect(once({ inFlight: 50 }).output.value).toBe(110);
    expect(once({ inFlight: 10, latencyMs: 2_000 }).output.reason).toBe('queue-grows');
  });

  test('drops come first, with whatever latency', () => {
    const { output, state } = once({ dropRatio: 0.02, latencyMs: 10 });
    expect(output).toMatchObject({ value: 90, reason: 'calls-dropped' });
    expect(output.terms).toEqual({ applied: 100, inFlight: 90, dropRatio: 0.02 });
    expect(state.minRttMs).toBe(80);
  });

  test('says what it rests on', () => {
    const { output } = once({ latencyMs: 200 });
    expect(output.terms).toEqual({
      applied: 100,
      inFlight: 90,
      latencyMs: 200,
      baselineMs: 80,
      gradient: 0.5,
    });
    expect(explain(output)).toContain('Calls take 200 ms where 80 ms would do');
  });
});

/** A second a step; inside is what the limit allows, latency is what `latency` says. */
function run(seconds: number, config: object, figures: Partial<ConcurrencyInput> = {}) {
  let state = envoyGradient.init(config);
  let applied = 40;
  return Array.from({ length: seconds }, (_, second) => {
    const nowMs = START_MS + second * 1_000;
    const input = { ...BUSY, nowMs, applied, inFlight: applied, completedPerSecond: 10 * applied };
    const step = envoyGradient.step(state, { ...input, ...figures });
    state = step.state;
    applied = step.output.value;
    return { ...step.output, state };
  });
}

describe('a probe', () => {
  test('begins with the law, at 3 calls, and leaves out the first quiet window', () => {
    const points = run(6, {});
    // 30 answers a second: counted from the second quiet window on, 50 are there after two.
    expect(points.map(({ value, reason }) => [value, reason])).toEqual([
      [3, 'baseline-probe'],
      [3, 'baseline-probe'],
      [3, 'baseline-probe'],
      [40, 'baseline-known'],
      [57, 'room-to-grow'],
      [79, 'room-to-grow'],
    ]);
    expect(points.map(({ terms }) => terms.calls)).toEqual([0, 0, 30, 60, undefined, undefined]);
    expect(points[3]?.terms).toEqual({ applied: 3, calls: 60, baselineMs: 100 });
    expect(points[3]?.state.minRttMs).toBe(100);
  });

  test('counts no window with more inside than its limit', () => {
    const points = run(12, {}, { inFlight: 3.1 });
    expect(points.slice(0, 10).map(({ reason }) => reason)).not.toContain('baseline-known');
    expect(points[10]).toMatchObject({ value: 40, reason: 'baseline-known' });
    expect(points[10]?.state.minRttMs).toBeNull();
    expect(points[11]).toMatchObject({ value: 40, reason: 'no-evidence' });
  });

  test('is the mean over the calls, not over the windows', () => {
    let state = envoyGradient.init({ probeCalls: 100 });
    const windows = [
      [0, 0],
      [10, 500],
      [30, 100],
      [90, 60],
    ] as const;
    for (const [index, [completedPerSecond, latencyMs]] of windows.entries()) {
      const figures = { applied: 3, inFlight: 3, completedPerSecond, latencyMs };
      state = envoyGradient.step(state, {
        ...BUSY,
        ...figures,
        nowMs: START_MS + index * 1_000,
      }).state;
    }
    expect(state.minRttMs).toBeCloseTo((30 * 100 + 90 * 60) / 120, 9);
  });

  test('whose time is up makes do with a fifth, and with less keeps what was known', () => {
    const probing = (calls: number, minRttMs: number | null) =>
      running(
        {},
        {
          limit: 3,
          minRttMs,
          phase: {
            kind: 'probing',
            fromMs: START_MS - 9_000,
            before: 70,
            quiet: true,
            calls,
            latencySumMs: calls * 50,
          },
        },
      );
    const ended = (calls: number, minRttMs: number | null = 80) =>
      once({ applied: 3, inFlight: 3, completedPerSecond: 0 }, probing(calls, minRttMs));
    expect(ended(10).state.minRttMs).toBe(50);
    expect(ended(9.9).state.minRttMs).toBe(80);
    expect(ended(1, null).state.minRttMs).toBe(50);
    expect(ended(0, null).state.minRttMs).toBeNull();
    expect(ended(0, null).output).toMatchObject({ value: 70, terms: { baselineMs: 0, calls: 0 } });
  });

  test('lasts no longer than its time, to the millisecond', () => {
    const probing = (fromMs: number) =>
      running(
        {},
        {
          phase: { kind: 'probing', fromMs, before: 70, quiet: false, calls: 0, latencySumMs: 0 },
        },
      );
    const at = (sinceMs: number) =>
      once({ applied: 3, latencyMs: 100 }, probing(BUSY.nowMs - sinceMs)).output.reason;
    expect(at(9_999)).toBe('baseline-probe');
    expect(at(10_000)).toBe('baseline-known');
  });

  test('comes back after a minute, up to 15 % later, by the seed', () => {
    const nextOf = (seed: number) => {
      const { phase } = run(4, { seed })[3]?.state ?? {};
      return phase?.kind === 'running' ? phase.probeAtMs - (START_MS + 3_000) : Number.NaN;
    };
    const delays = Array.from({ length: 50 }, (_, seed) => nextOf(seed * 7_919));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(60_000);
    expect(Math.max(...delays)).toBeLessThan(69_000);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(6_000);
    expect(nextOf(5)).toBe(nextOf(5));
  });

  test('begins when it is due, not before', () => {
    const due = (probeAtMs: number) =>
      once({}, running({}, { phase: { kind: 'running', probeAtMs, stepsAtMinimum: 0 } })).output;
    expect(due(BUSY.nowMs)).toMatchObject({ value: 3, reason: 'baseline-probe' });
    expect(due(BUSY.nowMs + 1).reason).toBe('room-to-grow');
  });

  test('begins after five steps at the lowest limit', () => {
    let state = running({}, { limit: 3 });
    const reasons: string[] = [];
    for (let second = 1; second <= 7; second += 1) {
      const figures = { applied: 3, inFlight: 3, latencyMs: 2_000 };
      const step = once({ ...figures, nowMs: START_MS + second * 1_000 }, state);
      state = step.state;
      reasons.push(step.output.reason);
    }
    expect(reasons.slice(0, 5)).toEqual(Array(5).fill('queue-grows'));
    expect(reasons[5]).toBe('baseline-probe');
  });

  test('a step above the lowest limit, or a drop, begins that count again', () => {
    const low = running(
      {},
      { limit: 3, phase: { kind: 'running', probeAtMs: START_MS + 60_000, stepsAtMinimum: 4 } },
    );
    const stepsAfter = (input: Partial<ConcurrencyInput>) => {
      const { phase } = once({ applied: 3, inFlight: 3, ...input }, low).state;
      return phase?.kind === 'running' ? phase.stepsAtMinimum : null;
    };
    expect(stepsAfter({ latencyMs: 2_000 })).toBe(5);
    expect(stepsAfter({ latencyMs: 20 })).toBe(0);
    expect(stepsAfter({ dropRatio: 1 })).toBe(0);
  });

  test('never asks for more than there was', () => {
    const first = envoyGradient.step(envoyGradient.init({ minLimit: 1 }), { ...BUSY, applied: 2 });
    expect(first.output.value).toBe(2);
    const none = envoyGradient.step(envoyGradient.init({ minLimit: 1 }), { ...BUSY, applied: 0 });
    expect(none.output.value).toBe(1);
  });
});

test('after a step back of the clock its times are counted from the new one', () => {
  const back = once({ nowMs: 1_000 });
  expect(back.output).toMatchObject({ value: 100, reason: 'clock-went-back' });
  expect(back.state.phase).toMatchObject({ probeAtMs: 1_000 + 69_000 });
  const phase = {
    kind: 'probing',
    fromMs: START_MS,
    before: 70,
    quiet: false,
    calls: 0,
    latencySumMs: 0,
  } as const;
  const probing = once({ nowMs: 1_000 }, running({}, { phase }));
  expect(probing.state.phase).toMatchObject({ fromMs: 1_000 });
  expect(once({ nowMs: Number.NaN }, running({}, { phase })).state.phase).toBe(phase);
});

test('keeps its memory under new settings', () => {
  expect(envoyGradient.name).toBe('envoyGradient');
  const state = running();
  const tuned = envoyGradient.retune(state, { buffer: 0 });
  expect(tuned).toEqual({ ...state, config: { ...state.config, buffer: 0 } });
});

test('the least and the most that is allowed', () => {
  for (const config of [
    { buffer: 0 },
    { buffer: 4 },
    { probeLimit: 1 },
    { probeLimit: 9, maxLimit: 9 },
  ]) {
    expect(envoyGradient.init(config).config).toMatchObject(config);
  }
});

test('just as many answers as a probe needs are enough', () => {
  const phase = {
    kind: 'probing',
    fromMs: START_MS - 2_000,
    before: 70,
    quiet: true,
    calls: 20,
    latencySumMs: 20 * 50,
  } as const;
  const quiet = { applied: 3, inFlight: 3, latencyMs: 50 };
  const at = (completedPerSecond: number) =>
    once({ ...quiet, completedPerSecond }, running({}, { phase })).output.reason;
  expect(at(30)).toBe('baseline-known');
  expect(at(29)).toBe('baseline-probe');
});

test('a window without one answered call is no quiet one', () => {
  const phase = {
    kind: 'probing',
    fromMs: START_MS - 2_000,
    before: 70,
    quiet: false,
    calls: 0,
    latencySumMs: 0,
  } as const;
  const silent = { applied: 3, inFlight: 1, latencyMs: null, dropRatio: 1 };
  expect(once(silent, running({}, { phase })).state.phase).toMatchObject({ quiet: false });
});

test('a drop before the first probe backs off and begins none', () => {
  const { state, output } = envoyGradient.step(envoyGradient.init({}), { ...BUSY, dropRatio: 1 });
  expect(output).toMatchObject({ value: 90, reason: 'calls-dropped' });
  expect(state.phase).toBeNull();
});

test.each([
  ['buffer', { buffer: -0.1 }],
  ['buffer', { buffer: 4.1 }],
  ['probeEveryMs', { probeEveryMs: 0 }],
  ['probeCalls', { probeCalls: 0 }],
  ['probeMaxMs', { probeMaxMs: 0 }],
  ['probeLimit', { probeLimit: 0 }],
  ['probeLimit', { probeLimit: 2.5 }],
  ['probeLimit', { probeLimit: 11, maxLimit: 10 }],
  ['seed', { seed: 0.5 }],
  ['maxLimit', { maxLimit: 2 }],
])('%s is refused: %o', (field, config) => {
  expect(() => envoyGradient.init(config)).toThrowError(new RegExp(`^${field} is `));
});
