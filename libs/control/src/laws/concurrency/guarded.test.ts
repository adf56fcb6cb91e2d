import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import type { Baseline } from './baseline.ts';
import { gradient2 } from './gradient2.ts';
import type { GuardedSettings, GuardedState } from './guarded.ts';
import type { ConcurrencyInput } from './limit.ts';
import { callsInside, littlesLaw } from './littles-law.ts';
import { vegas } from './vegas.ts';

const START_MS = 1_000_000;

function baselineOf(ms: number, more: Partial<Baseline> = {}): Baseline {
  const same = { inFlight: 90, latencyMs: ms, fromInFlight: 90, fromLatencyMs: ms };
  return { ms, ...same, fromMs: START_MS, elasticity: null, ...more };
}

/** A law that has learned a base of 100 ms, one period ago. */
function learned<S extends GuardedSettings>(state: GuardedState<S>, more: Partial<Baseline> = {}) {
  const baseline = baselineOf(100, more);
  const probe = { kind: 'waiting', sinceMs: START_MS } as const;
  return { ...state, lastMs: START_MS, limit: 100, baseline, probe };
}

const BUSY: ConcurrencyInput = {
  nowMs: START_MS + 1_000,
  evidenceAgeMs: 0,
  applied: 100,
  inFlight: 90,
  latencyMs: 100,
  completedPerSecond: 900,
  dropRatio: 0,
};

/** Latency that makes so many of the 90 inside wait. */
const queueing = (queue: number) => 100 / (1 - queue / 90);

describe('vegas: log10(100) is 2, alpha 6, beta 12', () => {
  const once = (input: Partial<ConcurrencyInput>, more: Partial<Baseline> = {}) =>
    vegas.step(learned(vegas.init({}), more), { ...BUSY, ...input });

  test.each([
    [0, 112, 'room-to-grow'],
    [1.99, 112, 'room-to-grow'],
    [2.01, 102, 'room-to-grow'],
    [5.99, 102, 'room-to-grow'],
    [6.01, 100, 'queue-steady'],
    [11.99, 100, 'queue-steady'],
    [12.01, 98, 'queue-grows'],
    [45, 98, 'queue-grows'],
  ] as const)('a queue of %f makes %f', (queue, value, reason) => {
    expect(once({ latencyMs: queueing(queue) }).output).toMatchObject({ value, reason });
  });

  test('at the borders, where a unit is 1: a queue of 1 grows fast, 3 and 6 rest', () => {
    // With twice the base half of those inside wait.
    const at = (limit: number, inFlight: number, latencyMs: number) => {
      const state = { ...learned(vegas.init({})), limit };
      return vegas.step(state, { ...BUSY, applied: limit, inFlight, latencyMs }).output.reason;
    };
    expect(at(10, 6, 200)).toBe('queue-steady');
    expect(at(10, 12, 200)).toBe('queue-steady');
    expect(at(10, 12.1, 200)).toBe('queue-grows');
    const { output } = vegas.step(
      { ...learned(vegas.init({})), limit: 4 },
      { ...BUSY, applied: 4, inFlight: 2, latencyMs: 200 },
    );
    expect(output).toMatchObject({ value: 10, reason: 'room-to-grow' });
  });

  test('below a limit of ten steps are of one', () => {
    const few = { applied: 5, inFlight: 5, completedPerSecond: 50 };
    expect(once({ ...few, latencyMs: 100 }).output.value).toBe(11);
    expect(once({ ...few, latencyMs: 200 }).output.value).toBe(6);
    const full = once({ ...few, inFlight: 10, latencyMs: 400 });
    expect(full.output).toMatchObject({ value: 4, reason: 'queue-grows' });
  });

  test('half a period makes half a step', () => {
    const half = { nowMs: START_MS + 500 };
    expect(once(half).output.value).toBe(106);
    expect(once({ ...half, latencyMs: queueing(45) }).output.value).toBe(99);
    expect(once({ ...half, latencyMs: queueing(4) }).output.value).toBe(101);
  });

  test('a drop with the lowest latency ever seen is still a drop, and teaches nothing', () => {
    const step = once({ dropRatio: 0.02, latencyMs: 10 });
    expect(step.output).toMatchObject({ value: 90, reason: 'calls-dropped' });
    expect(step.output.terms).toEqual({ applied: 100, inFlight: 90, dropRatio: 0.02 });
    expect(step.state.baseline?.ms).toBe(100);
  });

  test('says what it rests on', () => {
    const { output } = once({ latencyMs: 200 });
    expect(output.terms).toEqual({
      applied: 100,
      inFlight: 90,
      latencyMs: 200,
      baselineMs: 100,
      queue: 45,
    });
    expect(explain(output)).toBe(
      'Calls take 200 ms where 100 ms would do: they queue, and the limit falls to 98.',
    );
  });
});

describe('gradient2', () => {
  const once = (input: Partial<ConcurrencyInput>, config = {}, more: Partial<Baseline> = {}) =>
    gradient2.step(learned(gradient2.init(config), more), { ...BUSY, ...input }).output;

  test.each([
    // Up to 1.5 times the base nothing shrinks: 100 + 4, a fifth of the way.
    [100, 100, 0.8],
    [150, 100, 0.8],
    // 1.5 x 100 / 200 = 0.75: 79, a fifth of the way from 100.
    [200, 95, 0.8],
    // Never less than a half.
    [3_000, 90, 0.8],
  ])('latency %f ms makes %f', (latencyMs, value, rest) => {
    const output = once({ latencyMs });
    expect(output.value).toBe(value);
    expect(output.reason).toBe(value === 100 ? 'room-to-grow' : 'queue-grows');
    const state = gradient2.step(learned(gradient2.init({})), { ...BUSY, latencyMs }).state;
    expect((state.limit ?? 0) - value).toBeCloseTo(rest, 9);
  });

  test('rests where the shrinkage is the queue that it allows', () => {
    // 1.5 x 100 / 156.25 = 0.96, and 0.96 x 100 + 4 = 100.
    expect(once({ latencyMs: 156.25 })).toMatchObject({ value: 100, reason: 'queue-steady' });
  });

  test('its constants are configured', () => {
    expect(once({ latencyMs: 200 }, { tolerance: 2, smoothing: 1, queue: 7 }).value).toBe(107);
    expect(once({ latencyMs: 200 }, { tolerance: 1, smoothing: 1, queue: 0 }).value).toBe(50);
  });

  test('half a period twice moves as far as one', () => {
    const half = { nowMs: START_MS + 500, latencyMs: 3_000 };
    const first = gradient2.step(learned(gradient2.init({ queue: 0 })), { ...BUSY, ...half });
    // From 100 to a wished 50: 0.2 of the way in two halves is 0.10557 in each.
    expect(first.state.limit).toBeCloseTo(100 - 50 * (1 - Math.sqrt(0.8)), 9);
  });

  test('drops come first', () => {
    expect(once({ dropRatio: 0.5 })).toMatchObject({ value: 90, reason: 'calls-dropped' });
  });

  test.each([
    ['tolerance', { tolerance: 0.9 }],
    ['tolerance', { tolerance: Number.POSITIVE_INFINITY }],
    ['queue', { queue: -1 }],
    ['smoothing', { smoothing: 0 }],
    ['smoothing', { smoothing: 1.1 }],
    ['probeEveryMs', { probeEveryMs: -1 }],
  ])('%s is refused: %o', (field, config) => {
    expect(() => gradient2.init(config)).toThrowError(new RegExp(`^${field} is `));
  });
});

describe("Little's law", () => {
  const once = (input: Partial<ConcurrencyInput>, config = {}, more: Partial<Baseline> = {}) =>
    littlesLaw.step(learned(littlesLaw.init(config), more), { ...BUSY, ...input }).output;
  const whole = { smoothing: 1 };

  test('the worked example: 1000/s of 100 ms are 100 inside', () => {
    expect(callsInside(1_000, 100)).toBe(100);
    const full = { completedPerSecond: 1_000, inFlight: 100 };
    expect(once(full, whole)).toMatchObject({ value: 121, reason: 'little-need' });
    expect(once(full, { smoothing: 1, beta: 0 }).value).toBe(101);
    // 21 more, a fifth of the way.
    expect(once(full).value).toBe(104);
  });

  test('a queue is no need: the base counts, not the latency', () => {
    // 900/s of 100 ms need 90 + 18.97 + 1 = 109.97, whatever the latency.
    expect(once({ latencyMs: 400, inFlight: 100 }, whole).value).toBe(109);
  });

  test('shrinks only when more are inside than are wished', () => {
    // 400/s: 40 + 12.65 + 1 = 53.65.
    const few = { completedPerSecond: 400, latencyMs: 100 };
    expect(once({ ...few, inFlight: 53.6 }, whole)).toMatchObject({
      value: 100,
      reason: 'queue-steady',
    });
    expect(once({ ...few, inFlight: 53.7 }, whole)).toMatchObject({
      value: 53,
      reason: 'queue-grows',
    });
  });

  test('half a period moves less, by the same over two', () => {
    const full = { completedPerSecond: 1_000, inFlight: 100, nowMs: START_MS + 500 };
    const { state } = littlesLaw.step(learned(littlesLaw.init({})), { ...BUSY, ...full });
    expect(state.limit).toBeCloseTo(100 + 21 * (1 - Math.sqrt(0.8)), 9);
  });

  test('at its wish it rests', () => {
    // 100/s of 100 ms: 10 + 6.32 + 1, with beta 0 just 11.
    const just = { completedPerSecond: 100, inFlight: 11, applied: 11 };
    const state = { ...learned(littlesLaw.init({ beta: 0 })), limit: 11 };
    const rest = littlesLaw.step(state, { ...BUSY, ...just }).output;
    expect(rest).toMatchObject({ value: 11, reason: 'queue-steady' });
    const wide = { ...learned(littlesLaw.init({ beta: 0 })), limit: 20 };
    const full = littlesLaw.step(wide, { ...BUSY, ...just, applied: 20 }).output;
    expect(full).toMatchObject({ value: 20, reason: 'queue-steady' });
  });

  test('a latency below the base is believed', () => {
    // The smoothed base is 100 still: 0.8 x 100 + 0.2 x 100.
    const quick = { completedPerSecond: 1_000, latencyMs: 64, inFlight: 64 };
    expect(once({ ...quick, applied: 65 }, whole).value).toBe(81);
  });

  test('without a throughput nothing is said', () => {
    expect(once({ completedPerSecond: null })).toMatchObject({
      value: 100,
      reason: 'no-evidence',
      terms: { applied: 100 },
    });
  });

  test.each([
    ['beta', { beta: -1 }],
    ['smoothing', { smoothing: 0 }],
    ['smoothing', { smoothing: 2 }],
  ])('%s is refused: %o', (field, config) => {
    expect(() => littlesLaw.init(config)).toThrowError(new RegExp(`^${field} is `));
  });
});

describe('growth', () => {
  test('needs a limit that is half used', () => {
    const at = (inFlight: number) =>
      vegas.step(learned(vegas.init({})), { ...BUSY, inFlight }).output;
    expect(at(49.9)).toMatchObject({ value: 100, reason: 'limit-unused' });
    expect(at(50)).toMatchObject({ value: 112, reason: 'room-to-grow' });
  });

  test('must not follow a trial that brought no throughput', () => {
    const flat = vegas.step(learned(vegas.init({}), { elasticity: 0.7 }), BUSY).output;
    expect(flat).toMatchObject({ value: 100, reason: 'throughput-flat' });
    const fair = vegas.step(learned(vegas.init({}), { elasticity: 0.69 }), BUSY).output;
    expect(fair.reason).toBe('room-to-grow');
  });

  test('is refused, shrinking is not', () => {
    const state = learned(vegas.init({}), { elasticity: 1 });
    expect(vegas.step(state, { ...BUSY, latencyMs: 400 }).output.reason).toBe('queue-grows');
    const unused = { ...BUSY, inFlight: 30, latencyMs: 400 };
    expect(vegas.step(state, unused).output.reason).toBe('queue-grows');
  });

  test('waits for a first latency', () => {
    const first = vegas.step(vegas.init({}), { ...BUSY, inFlight: 0, latencyMs: 0 });
    expect(first.output).toMatchObject({ value: 100, reason: 'limit-unused' });
    expect(first.state.baseline).toBeNull();
    expect(first.output.terms).toEqual({ applied: 100, inFlight: 0 });
  });
});

test.each([
  ['vegas', vegas],
  ['gradient2', gradient2],
  ['littlesLaw', littlesLaw],
] as const)('%s keeps its memory under new settings', (name, law) => {
  expect(law.name).toBe(name);
  const { state } = law.step(learned(law.init({}) as never) as never, BUSY);
  const tuned = law.retune(state as never, { maxLimit: 50 });
  expect(tuned).toEqual({ ...state, config: { ...state.config, maxLimit: 50 } });
});
