import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { type LatencyBandInput, latencyBand } from './latency-band.ts';

function once(input: Partial<LatencyBandInput>, config = {}) {
  const full = { nowMs: 1_000_000, evidenceAgeMs: 0, p99Ms: 100, applied: 1_000, ...input };
  return latencyBand.step(latencyBand.init(config), full).output;
}

test('the worked example: p99 120, 105, 85 ms take 1000 to 900, 900, 990', () => {
  let state = latencyBand.init({});
  let applied = 1_000;
  const rates = [applied];
  for (const [index, p99Ms] of [120, 105, 85].entries()) {
    const nowMs = 1_000_000 + index * 5_000;
    const step = latencyBand.step(state, { nowMs, evidenceAgeMs: 0, p99Ms, applied });
    state = step.state;
    applied = step.output.value;
    rates.push(applied);
  }
  expect(rates).toEqual([1_000, 900, 900, 990]);
});

describe('the decision matrix', () => {
  test.each([
    ['latency high, rejects any', { p99Ms: 111, rejectRatio: 0.5 }, 900, 'latency-high'],
    ['latency high, CPU low', { p99Ms: 111, cpu: 0.1 }, 900, 'latency-high'],
    ['latency low, rejects high', { p99Ms: 89, rejectRatio: 0.02, cpu: 0.9 }, 1100, 'rejects-high'],
    ['all low', { p99Ms: 89, rejectRatio: 0.001, cpu: 0.2 }, 1_100, 'latency-low'],
    ['latency low, CPU high', { p99Ms: 89, rejectRatio: 0, cpu: 0.9 }, 1_000, 'cpu-high'],
    ['all fine', { p99Ms: 100, rejectRatio: 0, cpu: 0.5 }, 1_000, 'within-band'],
    ['the band is closed above', { p99Ms: 110 }, 1_000, 'within-band'],
    ['the band is closed below', { p99Ms: 90 }, 1_000, 'within-band'],
    ['nobody reaches it', { p99Ms: 20, offeredPerSecond: 400 }, 1_000, 'limit-not-binding'],
    ['it is used', { p99Ms: 20, offeredPerSecond: 600 }, 1_100, 'latency-low'],
    ['high latency at little use', { p99Ms: 200, offeredPerSecond: 10 }, 900, 'latency-high'],
  ] as const)('%s', (_name, input, value, reason) => {
    expect(once(input)).toMatchObject({ value, reason });
  });
});

describe('time and evidence', () => {
  test('never moves without fresh evidence', () => {
    expect(once({ p99Ms: null })).toMatchObject({ value: 1_000, reason: 'no-evidence' });
    expect(once({ p99Ms: 500, evidenceAgeMs: null }).value).toBe(1_000);
    expect(once({ p99Ms: 500, evidenceAgeMs: 31_000 }).reason).toBe('stale-evidence');
    expect(once({ p99Ms: 500, cpu: Number.NaN }).reason).toBe('invalid-measure');
  });

  test('five steps of 1 s move as far as one of 5 s', () => {
    let state = latencyBand.init({});
    let applied = 1_000;
    for (let index = 0; index <= 5; index += 1) {
      const p99Ms = index === 0 ? 100 : 200;
      const nowMs = 1_000_000 + index * 1_000;
      const step = latencyBand.step(state, { nowMs, evidenceAgeMs: 0, p99Ms, applied });
      state = step.state;
      applied = step.output.value;
    }
    expect(applied).toBeCloseTo(900, 6);
  });

  test('a gap moves no further than one step', () => {
    const first = latencyBand.step(latencyBand.init({}), {
      nowMs: 0,
      evidenceAgeMs: 0,
      p99Ms: 100,
      applied: 1_000,
    });
    const input = { nowMs: 3_600_000, evidenceAgeMs: 0, p99Ms: 500, applied: 1_000 };
    expect(latencyBand.step(first.state, input).output.value).toBe(900);
  });
});

test('it explains itself', () => {
  expect(explain(once({ p99Ms: 120 }))).toBe(
    'p99 of 120 ms is above 110 ms: the rate falls to 900.',
  );
});

test.each([
  ['up', { up: 1 }],
  ['down', { down: 1.2 }],
  ['band', { band: 1 }],
  ['targetMs', { targetMs: -5 }],
])('%s is refused: %o', (field, config) => {
  expect(() => latencyBand.init(config)).toThrowError(new RegExp(`^${field} is `));
});
