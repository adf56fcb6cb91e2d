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

describe('the whole matrix: latency, rejects, CPU, use', () => {
  const LATENCY = { low: 89.9, fine: 100, high: 110.1 } as const;
  const each = Object.keys(LATENCY).flatMap((latency) =>
    [0.01, 0.0101].flatMap((rejectRatio) =>
      [0.8, 0.801].flatMap((cpu) =>
        [499, 500].map((offeredPerSecond) => ({
          latency: latency as keyof typeof LATENCY,
          rejectRatio,
          cpu,
          offeredPerSecond,
        })),
      ),
    ),
  );

  /** The table of the header as a person reads it, line by line. */
  function wanted(cell: (typeof each)[number]): readonly [number, string] {
    if (cell.latency === 'high') return [900, 'latency-high'];
    if (cell.latency === 'fine') return [1_000, 'within-band'];
    if (cell.rejectRatio === 0.0101) return [1_100, 'rejects-high'];
    if (cell.cpu === 0.801) return [1_000, 'cpu-high'];
    return cell.offeredPerSecond === 500 ? [1_100, 'latency-low'] : [1_000, 'limit-not-binding'];
  }

  test.each(each)('$latency, rejects $rejectRatio, CPU $cpu, $offeredPerSecond/s', (cell) => {
    const { latency, ...figures } = cell;
    const [value, reason] = wanted(cell);
    expect(once({ ...figures, p99Ms: LATENCY[latency] })).toMatchObject({ value, reason });
  });

  test('thresholds are configured', () => {
    expect(once({ p99Ms: 20, rejectRatio: 0.04 }, { rejectRatioHigh: 0.05 }).reason).toBe(
      'latency-low',
    );
    expect(once({ p99Ms: 20, cpu: 0.85 }, { cpuHigh: 0.9 }).reason).toBe('latency-low');
    expect(once({ p99Ms: 20, offeredPerSecond: 0 }, { growAboveUse: 0 }).reason).toBe(
      'latency-low',
    );
    expect(once({ p99Ms: 205, applied: 100 }, { targetMs: 200 }).value).toBe(100);
    expect(once({ p99Ms: 205 }, { targetMs: 200, band: 0.02, down: 0.5 }).value).toBe(500);
    expect(once({ p99Ms: 50 }, { up: 4 }).value).toBe(4_000);
  });

  test('figures that are not observed are not counted as any', () => {
    const none = { rejectRatio: null, cpu: null, offeredPerSecond: null };
    expect(once({ p99Ms: 20, ...none })).toMatchObject({ value: 1_100, reason: 'latency-low' });
    expect(Object.keys(once({ p99Ms: 20, ...none }).terms)).toEqual([
      'p99Ms',
      'targetMs',
      'highMs',
      'lowMs',
      'factor',
      'applied',
    ]);
  });

  test('says what it rests on', () => {
    const seen = { p99Ms: 120, rejectRatio: 0.02, cpu: 0.5, offeredPerSecond: 1_200 };
    expect(once(seen).terms).toEqual({
      ...seen,
      targetMs: 100,
      highMs: 110,
      lowMs: 90,
      factor: 0.9,
      applied: 1_000,
    });
  });
});

describe('time and evidence', () => {
  test('never moves without fresh evidence', () => {
    expect(once({ p99Ms: null })).toMatchObject({ value: 1_000, reason: 'no-evidence' });
    expect(once({ p99Ms: 500, evidenceAgeMs: null }).value).toBe(1_000);
    expect(once({ p99Ms: 500, evidenceAgeMs: 31_000 }).reason).toBe('stale-evidence');
    expect(once({ p99Ms: 500, evidenceAgeMs: 30_000 }).reason).toBe('latency-high');
    for (const odd of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      for (const field of ['p99Ms', 'cpu', 'rejectRatio', 'offeredPerSecond'] as const) {
        const refused = once({ p99Ms: 500, [field]: odd });
        expect(refused).toMatchObject({ value: 1_000, reason: 'invalid-measure' });
        expect(refused.terms).toEqual({ targetMs: 100, applied: 1_000 });
      }
    }
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

test.each([0, 1, 2, 5])('figures %i periods late: the swing is bounded', (late) => {
  // p99 in ms is a tenth of the rate: the band is from 900 to 1,100 a second.
  let state = latencyBand.init({});
  const rates = [3_000];
  for (let period = 0; period < 300; period += 1) {
    const applied = rates.at(-1) as number;
    const p99Ms = (rates[Math.max(0, period - late)] as number) / 10;
    const nowMs = 1_000_000 + period * 5_000;
    const step = latencyBand.step(state, { nowMs, evidenceAgeMs: 0, p99Ms, applied });
    state = step.state;
    rates.push(step.output.value);
  }
  const settled = rates.slice(60);
  expect(Math.max(...settled)).toBeLessThanOrEqual(1_100 * 1.1 ** (1 + late));
  expect(Math.min(...settled)).toBeGreaterThanOrEqual(900 * 0.9 ** (1 + late));
});

test('without a usable rate in force the last one is said', () => {
  const first = latencyBand.step(latencyBand.init({}), {
    nowMs: 0,
    evidenceAgeMs: 0,
    p99Ms: 100,
    applied: 700,
  });
  const input = { nowMs: 5_000, evidenceAgeMs: 0, p99Ms: 100, applied: Number.NaN };
  expect(latencyBand.step(first.state, input).output).toMatchObject({
    value: 700,
    reason: 'invalid-measure',
  });
  expect(latencyBand.step(latencyBand.init({}), input).output.value).toBe(0);
});

test('a band of nothing is a setpoint', () => {
  expect(once({ p99Ms: 100 }, { band: 0 })).toMatchObject({ value: 1_000, reason: 'within-band' });
  expect(once({ p99Ms: 100.1 }, { band: 0 }).reason).toBe('latency-high');
  expect(once({ p99Ms: 99.9 }, { band: 0 }).reason).toBe('latency-low');
});

test('a new configuration keeps the memory', () => {
  expect(latencyBand.name).toBe('latencyBand');
  const state = { ...latencyBand.init({}), lastMs: 5, lastApplied: 7 };
  const tuned = latencyBand.retune(state, { targetMs: 50 });
  expect(tuned).toMatchObject({ lastMs: 5, lastApplied: 7, config: { targetMs: 50, up: 1.1 } });
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
  ['targetMs', { targetMs: 0 }],
  ['up', { up: 4.1 }],
  ['down', { down: 0 }],
  ['down', { down: 1 }],
  ['band', { band: -0.1 }],
  ['everyMs', { everyMs: 0 }],
  ['rejectRatioHigh', { rejectRatioHigh: 1.1 }],
  ['cpuHigh', { cpuHigh: -1 }],
  ['growAboveUse', { growAboveUse: 1.1 }],
  ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => latencyBand.init(config)).toThrowError(new RegExp(`^${field} is `));
});
