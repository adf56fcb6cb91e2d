import { describe, expect, test } from 'vitest';
import { type Baseline, isThroughputFlat, queueOf, stepBaseline } from './baseline.ts';

/** Trials of one second a period, with in-flight and latency as they come. */
function learn(
  from: Baseline | null,
  samples: readonly (readonly [inFlight: number, latencyMs: number])[],
  startMs = 0,
  gapMs = 1_000,
) {
  let baseline = from;
  for (const [index, [inFlight, latencyMs]] of samples.entries()) {
    const nowMs = startMs + index * gapMs;
    const periods = Math.min(1, gapMs / 1_000);
    baseline = stepBaseline(baseline, { nowMs, inFlight, latencyMs, periods, everyMs: 1_000 });
  }
  return baseline as Baseline;
}

const AT_20 = learn(null, [[20, 100]]);

function repeat(count: number, inFlight: number, latencyMs: number) {
  return Array.from({ length: count }, () => [inFlight, latencyMs] as const);
}

test('begins with the first sample', () => {
  expect(AT_20).toEqual({
    ms: 100,
    inFlight: 20,
    latencyMs: 100,
    fromInFlight: 20,
    fromLatencyMs: 100,
    fromMs: 0,
    elasticity: null,
  });
});

test('samples without calls or without a latency teach nothing', () => {
  expect(learn(null, [[0, 100]])).toBeNull();
  expect(learn(null, [[20, 0]])).toBeNull();
  expect(learn(AT_20, [[0, 50]], 1_000)).toBe(AT_20);
  expect(learn(AT_20, [[20, 0]], 1_000)).toBe(AT_20);
});

test('follows by a fifth a period, and by the same over two halves', () => {
  const whole = learn(AT_20, [[30, 150]], 1_000);
  expect(whole.inFlight).toBeCloseTo(22, 12);
  expect(whole.latencyMs).toBeCloseTo(110, 12);
  const half = learn(AT_20, [[30, 150]], 500, 500);
  expect(half.latencyMs).toBeCloseTo(100 + 50 * (1 - Math.sqrt(0.8)), 9);
  const halves = learn(AT_20, repeat(2, 30, 150), 500, 500);
  expect(halves.latencyMs).toBeCloseTo(110, 9);
});

test('falls at once with the smoothed latency, and does not rise with it', () => {
  expect(learn(AT_20, [[20, 50]], 1_000).ms).toBeCloseTo(90, 12);
  expect(learn(AT_20, repeat(60, 20, 700), 1_000).ms).toBe(100);
});

describe('a trial', () => {
  test('in which latency went with in-flight shows a queue: elasticity 1, no rise', () => {
    const grown = learn(AT_20, repeat(20, 40, 200), 1_000);
    expect(grown.elasticity).toBeCloseTo(1, 1);
    expect(isThroughputFlat(grown)).toBe(true);
    expect(grown.ms).toBe(100);
  });

  test('in which latency did not care shows none: the lower of both ends is the base', () => {
    const slow = learn(AT_20, repeat(20, 20, 300), 1_000);
    expect(slow.ms).toBe(100);
    // Latency rose in this trial and in-flight fell: that might be lost workers as well.
    const eased = learn(slow, repeat(10, 14, 300), 21_000);
    expect(eased.elasticity).toBeLessThan(0);
    expect(eased.ms).toBe(100);
    const told = learn(eased, repeat(10, 8, 300), 31_000);
    expect(told.elasticity).toBeLessThanOrEqual(0.3);
    expect(isThroughputFlat(told)).toBe(false);
    expect(told.ms).toBeGreaterThan(280);
    expect(told.ms).toBeLessThanOrEqual(300);
  });

  const begun: Baseline = { ...AT_20, latencyMs: 100, fromMs: 0 };

  /** The trial with smoothed figures that have come to these. */
  function endAt(inFlight: number, latencyMs: number, nowMs = 10_000, from = begun) {
    const sample = { nowMs, inFlight, latencyMs, periods: 1, everyMs: 1_000 };
    return stepBaseline({ ...from, inFlight, latencyMs }, sample) as Baseline;
  }

  test('ends at four fifths and at five quarters, not before', () => {
    expect(endAt(16, 100).elasticity).not.toBeNull();
    expect(endAt(25, 100).elasticity).not.toBeNull();
    expect(endAt(15.999, 100).elasticity).not.toBeNull();
    expect(endAt(16.001, 100).elasticity).toBeNull();
    expect(endAt(25.001, 100).elasticity).not.toBeNull();
    expect(endAt(24.999, 100).elasticity).toBeNull();
  });

  test('begins anew where it ended', () => {
    expect(endAt(15, 90)).toMatchObject({ fromMs: 10_000, inFlight: 15, fromInFlight: 15 });
    expect(endAt(15, 90).fromLatencyMs).toBeCloseTo(90, 9);
    expect(endAt(19, 100)).toMatchObject({ fromMs: 0, fromInFlight: 20 });
  });

  test('takes five periods and five latencies at least', () => {
    expect(endAt(15, 100, 4_999).elasticity).toBeNull();
    expect(endAt(15, 100, 5_000).elasticity).not.toBeNull();
    const slow = { ...begun, latencyMs: 1_400, fromLatencyMs: 1_400 };
    expect(endAt(15, 1_400, 6_999, slow).elasticity).toBeNull();
    expect(endAt(15, 1_400, 7_000, slow).elasticity).not.toBeNull();
  });

  test('older than 120 periods or 20 latencies begins anew and forgets the last verdict', () => {
    const told = { ...begun, elasticity: 1 };
    expect(endAt(15, 100, 120_000, told).elasticity).toBeCloseTo(0, 9);
    expect(endAt(15, 100, 120_001, told)).toMatchObject({ elasticity: null, fromMs: 120_001 });
    const slow = { ...told, latencyMs: 7_000, fromLatencyMs: 7_000 };
    expect(endAt(15, 7_000, 140_000, slow).elasticity).toBeCloseTo(0, 9);
    expect(endAt(15, 7_000, 140_001, slow).elasticity).toBeNull();
    // Quick calls do not shorten it: 20 latencies of 100 ms are 2 s.
    expect(endAt(19, 100, 119_000, told)).toMatchObject({ elasticity: 1, fromMs: 0 });
    // A trial that begins and is looked at in one instant is not over.
    expect(endAt(19, 100, 0, told).elasticity).toBe(1);
  });

  test('of before a step back of the clock begins anew', () => {
    expect(endAt(15, 100, -1)).toMatchObject({ elasticity: null, fromMs: -1 });
  });

  test('keeps its verdict until the next', () => {
    expect(endAt(19, 100, 10_000, { ...begun, elasticity: 0.9 }).elasticity).toBe(0.9);
  });

  test('0.3 is still independent, 0.7 is already flat', () => {
    const moved = 0.5;
    const at = (elasticity: number) => {
      const from = { ...begun, ms: 50 };
      return endAt(20 * moved, 100 * moved ** elasticity, 10_000, from);
    };
    expect(at(0.299).ms).toBeCloseTo(100 * moved ** 0.299, 6);
    expect(at(0.301).ms).toBe(50);
    expect(isThroughputFlat(at(0.701))).toBe(true);
    expect(isThroughputFlat(at(0.699))).toBe(false);
    expect(isThroughputFlat({ ...begun, elasticity: 0.7 })).toBe(true);
  });

  test('upwards that brought no latency lifts the base to where it began at most', () => {
    const from = { ...begun, ms: 50 };
    expect(endAt(30, 105, 10_000, from).ms).toBe(100);
    expect(endAt(30, 95, 10_000, from).ms).toBeCloseTo(95, 9);
  });
});

test('the queue is what latency has above the base', () => {
  expect(queueOf(AT_20, 20, 200)).toBe(10);
  expect(queueOf(AT_20, 20, 100)).toBe(0);
  expect(queueOf(AT_20, 20, 50)).toBe(0);
});
