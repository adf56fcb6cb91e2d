import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import {
  type BackpressureInput,
  type BackpressurePhase,
  backpressure,
  signalOf,
} from './backpressure.ts';

const START_MS = 1_000_000;

function from(phase: BackpressurePhase, drainedPerSecond: number | null = 100, config = {}) {
  return { ...backpressure.init(config), lastMs: START_MS, phase, drainedPerSecond };
}

const ACCEPTING = { kind: 'accepting', sinceMs: null } as const;
const PRESSURING = { kind: 'pressuring', sinceMs: 1 } as const;
const REJECTING = { kind: 'rejecting', sinceMs: 1 } as const;

function step(state: ReturnType<typeof from>, input: Partial<BackpressureInput> = {}) {
  const usual = { nowMs: START_MS + 1_000, evidenceAgeMs: 0, applied: 50, queued: 0 };
  return backpressure.step(state, { ...usual, drainedPerSecond: 100, ...input });
}

describe('the states', () => {
  test.each([
    [ACCEPTING, 0, 'accepting'],
    [ACCEPTING, 800, 'accepting'],
    [ACCEPTING, 801, 'pressuring'],
    [ACCEPTING, 999, 'pressuring'],
    [ACCEPTING, 1_000, 'rejecting'],
    [PRESSURING, 999, 'pressuring'],
    [PRESSURING, 700, 'pressuring'],
    [PRESSURING, 600, 'pressuring'],
    [PRESSURING, 599, 'accepting'],
    [PRESSURING, 1_000, 'rejecting'],
    [PRESSURING, 1_200, 'rejecting'],
    [REJECTING, 999, 'rejecting'],
    [REJECTING, 700, 'rejecting'],
    [REJECTING, 600, 'rejecting'],
    [REJECTING, 599, 'accepting'],
  ] as const)('%o with %i queued', (phase, queued, kind) => {
    expect(step(from(phase), { queued }).state.phase.kind).toBe(kind);
  });

  test('say since when', () => {
    const changed = step(from(ACCEPTING), { queued: 900 }).state.phase;
    expect(changed).toEqual({ kind: 'pressuring', sinceMs: START_MS + 1_000 });
    expect(step(from(PRESSURING), { queued: 900 }).state.phase).toBe(PRESSURING);
    const back = step(from(REJECTING), { queued: 100 }).state.phase;
    expect(back).toEqual({ kind: 'accepting', sinceMs: START_MS + 1_000 });
    expect(step(from(PRESSURING), { queued: 1_000 }).state.phase.sinceMs).toBe(START_MS + 1_000);
  });

  test('thresholds and capacity are configured', () => {
    const config = { capacity: 10, pressureAbove: 0.5, acceptBelow: 0.2 };
    const kindAt = (phase: BackpressurePhase, queued: number) =>
      step(from(phase, 100, config), { queued }).state.phase.kind;
    expect(kindAt(ACCEPTING, 5)).toBe('accepting');
    expect(kindAt(ACCEPTING, 6)).toBe('pressuring');
    expect(kindAt(PRESSURING, 2)).toBe('pressuring');
    expect(kindAt(PRESSURING, 1)).toBe('accepting');
    expect(kindAt(ACCEPTING, 10)).toBe('rejecting');
  });

  test('are signals to others', () => {
    expect([ACCEPTING, PRESSURING, REJECTING].map(signalOf)).toEqual(['ok', 'slow-down', 'reject']);
  });
});

describe('credits', () => {
  test('are all the room while accepting', () => {
    const { output } = step(from(ACCEPTING), { queued: 300.5 });
    expect(output).toMatchObject({ value: 699, reason: 'queue-has-room', signal: 'ok' });
    expect(output.retryAfterMs).toBeNull();
    expect(explain(output)).toBe('301 of 1000 places are taken: 699 may come.');
  });

  test('are half of what drains under pressure, and never more than the room', () => {
    const { output } = step(from(ACCEPTING), { queued: 850 });
    expect(output).toMatchObject({ value: 50, reason: 'queue-filling', signal: 'slow-down' });
    expect(output.retryAfterMs).toBeNull();
    expect(step(from(PRESSURING), { queued: 970 }).output.value).toBe(30);
    expect(step(from(PRESSURING, 101), { queued: 850, drainedPerSecond: 101 }).output.value).toBe(
      50,
    );
    const longer = from(PRESSURING, 100, { everyMs: 2_000, slowShare: 0.6 });
    expect(step(longer, { queued: 850 }).output.value).toBe(120);
  });

  test('are a quarter of the room while the drain is not known', () => {
    const unknown = { queued: 850, drainedPerSecond: null };
    expect(step(from(ACCEPTING, null), unknown).output.value).toBe(37);
    expect(step(from(ACCEPTING, null), unknown).output.terms).not.toHaveProperty(
      'drainedPerSecond',
    );
  });

  test('are none while rejecting, until the queue is short again', () => {
    const { output } = step(from(REJECTING), { queued: 601 });
    expect(output).toMatchObject({ value: 0, reason: 'queue-full', signal: 'reject' });
    expect(step(from(REJECTING), { queued: 599 }).output.value).toBe(401);
  });

  test('are handed out up to their level, whole ones, and never called back', () => {
    const granted = (queued: number, applied: number) =>
      step(from(ACCEPTING), { queued, applied }).output.grant;
    expect(granted(300, 50)).toBe(650);
    expect(granted(300, 699.5)).toBe(0);
    expect(granted(300, 698.5)).toBe(1);
    expect(granted(850, 200)).toBe(0);
    expect(step(from(ACCEPTING), { queued: null }).output.grant).toBe(0);
  });

  test('are never negative', () => {
    expect(step(from(ACCEPTING), { queued: 5_000 }).output.value).toBe(0);
    expect(step(from(PRESSURING), { queued: 999.9 }).output.value).toBe(0);
  });

  test('say what they rest on', () => {
    expect(step(from(ACCEPTING), { queued: 850 }).output.terms).toEqual({
      queued: 850,
      fill: 0.85,
      capacity: 1_000,
      applied: 50,
      drainedPerSecond: 100,
    });
  });
});

describe('the hint', () => {
  const after = (queued: number, drainedPerSecond: number | null, config = {}) =>
    step(from(REJECTING, drainedPerSecond, config), { queued, drainedPerSecond }).output
      .retryAfterMs;

  test.each([
    // 400 above 600, at 100 a second.
    [1_000, 100, 4_000],
    [1_000, 99, 5_000],
    [1_000, 160, 3_000],
    [601, 100, 1_000],
    [1_000, 1_000, 1_000],
    [1_000, 5, 60_000],
    [1_000, 0, 60_000],
    [1_000, null, 60_000],
  ])('%f queued, %f a second: %f ms', (queued, drained, hint) => {
    expect(after(queued, drained)).toBe(hint);
  });

  test('has an upper limit', () => {
    expect(after(1_000, 5, { retryMaxMs: 10_000 })).toBe(10_000);
    expect(after(1_000, 100, { acceptBelow: 0.2 })).toBe(8_000);
  });
});

describe('the drain', () => {
  const drainAfter = (before: number | null, seen: number | null, gapMs = 10_000) =>
    step(from(ACCEPTING, before), { drainedPerSecond: seen, nowMs: START_MS + gapMs }).state
      .drainedPerSecond;

  test('is averaged by time', () => {
    expect(drainAfter(100, 200)).toBeCloseTo(100 + 100 * (1 - Math.exp(-1)), 9);
    expect(drainAfter(100, 200, 1_000)).toBeCloseTo(100 + 100 * (1 - Math.exp(-0.1)), 9);
  });

  test('begins with the first figure and outlasts one that is missing', () => {
    expect(drainAfter(null, 200)).toBe(200);
    expect(drainAfter(100, null)).toBe(100);
    expect(drainAfter(null, null)).toBeNull();
    const fresh = { nowMs: 1, evidenceAgeMs: 0, applied: 0, queued: 0, drainedPerSecond: 7 };
    const begun = { ...backpressure.init({}), drainedPerSecond: 3 };
    expect(backpressure.step(begun, fresh).state.drainedPerSecond).toBe(7);
  });
});

describe('without usable figures nothing changes', () => {
  test.each([
    ['no depth', { queued: null }, 'no-evidence'],
    ['a negative depth', { queued: -1 }, 'invalid-measure'],
    ['a depth that is no number', { queued: Number.NaN }, 'invalid-measure'],
    ['a negative drain', { queued: 900, drainedPerSecond: -1 }, 'invalid-measure'],
    ['old figures', { queued: 900, evidenceAgeMs: 30_001 }, 'stale-evidence'],
    ['no age', { queued: 900, evidenceAgeMs: null }, 'no-evidence'],
    ['the same instant', { queued: 900, nowMs: START_MS }, 'same-instant'],
    ['an earlier one', { queued: 900, nowMs: START_MS - 1 }, 'clock-went-back'],
  ] as const)('%s', (_name, input, reason) => {
    const { state, output } = step(from(ACCEPTING), input);
    expect(output).toMatchObject({ value: 50, reason, signal: 'ok', terms: { applied: 50 } });
    expect(state.phase).toBe(ACCEPTING);
    expect(state.drainedPerSecond).toBe(100);
  });

  test('a full queue stays full, with the longest hint', () => {
    const { output } = step(from(REJECTING), { queued: null, applied: 0 });
    expect(output).toMatchObject({ value: 0, signal: 'reject', retryAfterMs: 60_000 });
    const slow = step(from(PRESSURING), { queued: null }).output;
    expect(slow).toMatchObject({ value: 50, signal: 'slow-down', retryAfterMs: null });
  });

  test('credits that are no number are none', () => {
    const { output } = step(from(ACCEPTING), { applied: Number.NaN, queued: 10 });
    expect(output).toMatchObject({ value: 0, reason: 'invalid-measure', terms: { applied: 0 } });
  });
});

test.each([
  ['capacity', { capacity: 0 }],
  ['capacity', { capacity: 1.5 }],
  ['pressureAbove', { pressureAbove: 1 }],
  ['pressureAbove', { pressureAbove: 0 }],
  ['acceptBelow', { acceptBelow: 0.8 }],
  ['acceptBelow', { acceptBelow: 0 }],
  ['slowShare', { slowShare: 1 }],
  ['slowShare', { slowShare: -0.1 }],
  ['everyMs', { everyMs: 0 }],
  ['drainTauMs', { drainTauMs: 0 }],
  ['retryMaxMs', { retryMaxMs: 999 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => backpressure.init(config)).toThrowError(new RegExp(`^${field} is `));
});

test('the least that is allowed', () => {
  const config = { capacity: 1, slowShare: 0, retryMaxMs: 1_000 };
  expect(backpressure.init(config).config).toMatchObject(config);
  expect(backpressure.name).toBe('backpressure');
  const state = from(PRESSURING, 100, { slowShare: 0 });
  expect(step(state, { queued: 900 }).output.value).toBe(0);
});

test('a new configuration keeps the state', () => {
  const state = from(REJECTING);
  const tuned = backpressure.retune(state, { capacity: 10 });
  expect(tuned).toMatchObject({ phase: REJECTING, drainedPerSecond: 100 });
  expect(tuned.config.capacity).toBe(10);
});
