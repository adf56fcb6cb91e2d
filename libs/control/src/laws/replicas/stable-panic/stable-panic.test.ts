import { describe, expect, test } from 'vitest';
import { explain } from '../../../explain.ts';
import type { ReplicaObservation } from '../observation.ts';
import { type StablePanicState, stablePanic } from './stable-panic.ts';
import type { StablePanicConfig } from './stable-panic-config.ts';

const SEEN: ReplicaObservation = {
  nowMs: 1_000_000,
  evidenceAgeMs: 0,
  windowMs: 2_000,
  ratePerSecond: null,
  utilization: null,
  inFlight: 7,
  p99Ms: null,
  errorRatio: null,
  applied: 1,
  ready: 1,
  starting: 0,
};

/** Ten requests a replica at 70 %: 7 each. */
const CONFIG: StablePanicConfig = { capacity: 10 };

interface Seen extends Partial<ReplicaObservation> {
  /** Seconds since the step before. Default 2. */
  readonly after?: number;
}

/** Steps, by default 2 s apart; what is applied and ready is what was asked for. */
function run(steps: readonly Seen[], config: Partial<StablePanicConfig> = {}, start = 1) {
  let state: StablePanicState = stablePanic.init({ ...CONFIG, ...config });
  let applied = start;
  let nowMs = SEEN.nowMs;
  return steps.map(({ after = 2, ...seen }) => {
    nowMs += after * 1_000;
    const step = stablePanic.step(state, { ...SEEN, nowMs, applied, ready: applied, ...seen });
    state = step.state;
    applied = step.output.value;
    return { ...step, said: `${step.output.value}:${step.output.reason}` };
  });
}

const said = (...given: Parameters<typeof run>) => run(...given).map((step) => step.said);
const inside = (inFlight: number, more: Seen = {}): Seen => ({ inFlight, ...more });
const times = (count: number, step: Seen) => Array.from({ length: count }, () => step);

describe('the need', () => {
  test('is the mean over the target, rounded up', () => {
    expect(said([inside(7)])).toEqual(['1:same-count']);
    expect(said([inside(7.1, { ready: 2 })], {}, 2)).toEqual(['2:panic-hold']);
    const [step] = run([inside(20, { ready: 1, applied: 2 })], { panicThreshold: 9 });
    expect(step?.output).toEqual({
      value: 3,
      reason: 'shared-need',
      terms: {
        stableMean: 20,
        panicMean: 20,
        stableNeed: 3,
        panicNeed: 3,
        target: 7,
        peak: 0,
        applied: 2,
        ready: 1,
      },
    });
  });

  test('is not rounded up by the noise of binary fractions', () => {
    // 0.1 x 3 requests at 0.1 each
    const config = { capacity: 0.1, utilization: 1, panicThreshold: 9 };
    expect(run([inside(0.1 + 0.2)], config)[0]?.output.value).toBe(3);
    expect(run([inside(0.3001)], config)[0]?.output.value).toBe(4);
  });

  test('may be of requests per second', () => {
    const rps = { metric: 'rps', panicThreshold: 9 } as const;
    const seen = { ratePerSecond: 20, inFlight: 999 };
    expect(run([seen], rps)[0]?.output).toMatchObject({ value: 3, terms: { stableMean: 20 } });
    expect(run([{ ratePerSecond: null }], rps)[0]?.output.reason).toBe('no-evidence');
  });

  test('of nothing is the least allowed', () => {
    expect(said([inside(0, { applied: 2 })])).toEqual(['1:no-demand']);
    expect(said([inside(0, { applied: 2 })], { minReplicas: 0 })).toEqual(['0:no-demand']);
    expect(said([inside(0)])).toEqual(['1:same-count']);
    expect(said([inside(7)], { minReplicas: 4, panicThreshold: 9 })).toEqual(['4:shared-need']);
  });

  test('with nothing ready one is reckoned with', () => {
    const [step] = run([inside(70, { ready: 0, applied: 0 })], { minReplicas: 0 });
    expect(step?.output).toMatchObject({ value: 10, reason: 'panic-up' });
    expect(run([inside(7, { ready: 0, applied: 0 })])[0]?.said).toBe('1:shared-need');
  });
});

describe('panic', () => {
  test('begins at twice what is ready, of the rounded need', () => {
    // 7.01 / 7 is 2 rounded up: 200 % of one
    expect(said([inside(7.01)])).toEqual(['2:panic-up']);
    expect(said([inside(7)])).toEqual(['1:same-count']);
    const later = times(40, inside(21));
    // 35 beside two of 21 is a mean of 25.67 in the panic window: 4 of 3
    expect(said([...later, inside(35)], {}, 3).at(-1)).toBe('4:shared-need');
  });

  test('the threshold itself is in', () => {
    const calm = times(35, inside(14));
    const at = (inFlight: number) =>
      run([...calm, ...times(3, inside(inFlight, { ready: 2 }))], {}, 2).at(-1);
    expect(at(21)?.state.panicMs).toBeNull();
    expect(at(21.01)?.state.panicMs).not.toBeNull();
  });

  test('takes nothing away: it keeps the most that was wanted', () => {
    const surge = [inside(7), inside(70), inside(140), inside(7), inside(0), inside(0), inside(0)];
    expect(said(surge).map((step) => step.split(':')[1])).toEqual([
      'same-count',
      'panic-up',
      'panic-up',
      'panic-hold',
      'panic-hold',
      'panic-hold',
      'panic-hold',
    ]);
    const counts = said(surge).map((step) => Number(step.split(':')[0]));
    expect(counts.every((count, index) => count >= (counts[index - 1] ?? 0))).toBe(true);
  });

  test('never goes below what is applied, although only what is ready is reckoned with', () => {
    const starting = inside(14.5, { ready: 1, applied: 10, starting: 9 });
    expect(said([starting])).toEqual(['10:panic-hold']);
  });

  test('ends strictly later than one stable window after it last began', () => {
    const began = run([inside(7), inside(15)]);
    expect(began.at(-1)?.state.panicMs).toBe(SEEN.nowMs + 4_000);
    const over = (after: number) =>
      run([inside(7), inside(15), inside(7, { after, ready: 3, applied: 3 })]).at(-1);
    expect(over(60)?.said).toBe('3:panic-hold');
    expect(over(60.001)?.said).toBe('1:shared-need');
    expect(over(60.001)?.state).toMatchObject({ panicMs: null, peak: 0 });
  });

  test('begins anew each time the threshold is reached', () => {
    const again = run([
      inside(7),
      inside(30),
      inside(60, { after: 50, ready: 4, applied: 4 }),
      inside(7, { after: 55, ready: 9, applied: 9 }),
    ]);
    expect(again.map((step) => step.state.panicMs)).toEqual([
      null,
      SEEN.nowMs + 4_000,
      SEEN.nowMs + 54_000,
      SEEN.nowMs + 54_000,
    ]);
    expect(again.at(-1)?.said).toBe('9:panic-hold');
  });

  test('follows the larger of the two windows', () => {
    const config = { stableWindowMs: 60_000 };
    // the surge has left the panic window, the stable mean still holds it
    const steps = [inside(7), ...times(5, inside(140)), ...times(4, inside(7))];
    const all = run(steps, config);
    expect(all.at(-1)?.output.terms).toMatchObject({ panicNeed: 1, stableNeed: 11 });
    expect(all.at(-1)?.output.value).toBe(all.at(-2)?.output.value);
  });

  test('a law that begins with more than one replica begins in panic', () => {
    expect(said([inside(0)], {}, 5)).toEqual(['5:panic-hold']);
    expect(run([inside(0)], {}, 5)[0]?.state).toMatchObject({ peak: 5 });
    expect(said([inside(0)], {}, 1)).toEqual(['1:same-count']);
    const calm = said([inside(0), inside(0, { after: 60 }), inside(0, { after: 0.001 })], {}, 8);
    expect(calm).toEqual(['8:panic-hold', '8:panic-hold', '4:no-demand']);
  });
});

describe('the rates', () => {
  test('one step reaches at most ceil(ready x rate)', () => {
    const rate = { maxScaleUpRate: 1.5 };
    expect(run([inside(70, { ready: 1 })], rate)[0]?.output.value).toBe(2);
    expect(run([inside(700, { ready: 4 })], rate, 4)[0]?.output.value).toBe(6);
    // 10 x 1.1 is 11.000000000000002
    expect(run([inside(700, { ready: 10 })], { maxScaleUpRate: 1.1 }, 10)[0]?.output.value).toBe(
      11,
    );
  });

  test('one step leaves at least floor(ready / rate)', () => {
    const calm = (start: number, config = {}) =>
      run([inside(0), inside(0, { after: 61, ready: start, applied: start })], config, start).at(-1)
        ?.output.value;
    expect([9, 8, 3, 2].map((start) => calm(start))).toEqual([4, 4, 1, 1]);
    expect(calm(10, { maxScaleDownRate: 1.25 })).toBe(8);
    // 33 / 1.1 is 29.999999999999996
    expect(calm(33, { maxScaleDownRate: 1.1 })).toBe(30);
  });
});

describe('evidence', () => {
  test('of the same time counts once', () => {
    const steps = [
      inside(10, { evidenceAgeMs: 0 }),
      inside(99, { evidenceAgeMs: 2_000 }),
      inside(20, { evidenceAgeMs: 1_999 }),
    ];
    const means = run(steps, { panicThreshold: 99 }).map((step) => step.output.terms.stableMean);
    expect(means).toEqual([10, 10, 15]);
  });

  test('windows end where the evidence ends', () => {
    const steps = [inside(10, { evidenceAgeMs: 20_000 }), inside(40, { evidenceAgeMs: 14_000 })];
    const terms = run(steps, { panicThreshold: 99 }).at(-1)?.output.terms;
    expect(terms).toMatchObject({ panicMean: 40, stableMean: 25 });
  });

  test.each<[Seen, string]>([
    [{ evidenceAgeMs: null }, 'no-evidence'],
    [{ evidenceAgeMs: 30_001 }, 'stale-evidence'],
    [{ inFlight: null }, 'no-evidence'],
    [{ inFlight: Number.NaN }, 'invalid-measure'],
    [{ inFlight: -1 }, 'invalid-measure'],
    [{ ready: Number.NaN }, 'invalid-measure'],
    [{ applied: -1 }, 'invalid-measure'],
    [{ after: 0 }, 'same-instant'],
    [{ after: -1 }, 'clock-went-back'],
  ])('%j: nothing is done and nothing is remembered of it', (seen, reason) => {
    const [before, after] = run([inside(7), { inFlight: 70, ...seen }]);
    expect(after?.output).toEqual({ value: 1, reason, terms: { applied: 1 } });
    expect(after?.state.panicMs).toBeNull();
    expect(after?.state.window?.means).toEqual(before?.state.window?.means);
    expect(after?.state).toMatchObject({ peak: 0, lastApplied: 1 });
  });

  test('of exactly the age limit is taken', () => {
    expect(said([inside(70, { evidenceAgeMs: 30_000 })])).toEqual(['10:panic-up']);
  });

  test('an impossible count: the last one known stays', () => {
    expect(said([inside(70), { applied: Number.NaN, ready: 10 }])[1]).toBe('1:invalid-measure');
    expect(said([{ applied: Number.NaN }])).toEqual(['0:invalid-measure']);
  });
});

test('a hand ends the panic, and the windows go on', () => {
  const [, held, after] = run([
    inside(70),
    inside(70, { hand: true, applied: 3, ready: 3 }),
    inside(21, { applied: 3, ready: 3 }),
  ]);
  expect(held?.output).toEqual({ value: 3, reason: 'tracking', terms: { applied: 3 } });
  expect(held?.state).toMatchObject({ panicMs: null, peak: 0 });
  expect(after?.output.terms.stableMean).toBeCloseTo(161 / 3, 9);
  expect(after?.output.reason).toBe('panic-up');
});

test('after a step back of the clock panic and windows keep their age', () => {
  const [before, back] = run([inside(70), inside(70, { after: -500 })]);
  expect(before?.state.panicMs).toBe(SEEN.nowMs + 2_000);
  expect(back?.state.panicMs).toBe(SEEN.nowMs - 498_000);
  expect(back?.state.window).toEqual({
    ...before?.state.window,
    atMs: SEEN.nowMs - 498_000,
    newestMs: SEEN.nowMs - 498_000,
  });
});

describe('retuned', () => {
  const [step] = run([inside(20)], { panicThreshold: 9 });
  const state = step?.state as StablePanicState;
  const next = { ...SEEN, nowMs: SEEN.nowMs + 4_000, inFlight: 20, applied: 3, ready: 3 };

  test('a new capacity acts at once, the windows stay', () => {
    const retuned = stablePanic.retune(state, { capacity: 5, panicThreshold: 9 });
    expect(retuned.window).toBe(state.window);
    expect(stablePanic.step(retuned, next).output.value).toBe(6);
  });

  test('a panic goes on, also where one replica alone would begin none', () => {
    const [panicking] = run([inside(70)]);
    const before = panicking?.state as StablePanicState;
    const retuned = stablePanic.retune(before, { ...CONFIG, stableWindowMs: 30_000 });
    const held = stablePanic.step(retuned, { ...next, inFlight: 0, applied: 1, ready: 1 });
    expect(held.output).toMatchObject({ value: 10, reason: 'panic-up', terms: { peak: 10 } });
    expect(held.state.panicMs).toBe(before.panicMs);
  });

  test.each([{ metric: 'rps' as const }, { stableWindowMs: 30_000 }, { stableWindowMs: 120_000 }])(
    'windows of something else are given up: %j',
    (config) => {
      const retuned = stablePanic.retune(state, { ...CONFIG, ...config });
      expect(retuned.window).toBeNull();
      const again = stablePanic.step(retuned, { ...next, inFlight: 0, ratePerSecond: 0 });
      expect(again.output).toMatchObject({ value: 3, reason: 'panic-hold' });
    },
  );
});

test('each reason is told in a sentence with its figures', () => {
  const told = (...given: Parameters<typeof run>) =>
    run(...given).map((step) => explain(step.output, { knob: 'replicas' }));
  expect(told([inside(70), inside(7)])).toEqual([
    'A surge needs 10 where 1 are ready: replicas from 1 to 10.',
    'A surge is not long enough past to take anything away: replicas stays at 10.',
  ]);
  expect(told([inside(20)], { panicThreshold: 9 })).toEqual([
    '20 are to be shared, 7 for each: replicas from 1 to 3.',
  ]);
  expect(told([inside(0, { applied: 2 })])).toEqual([
    'Nothing arrives; 1 is the least the law asks for.',
  ]);
});

describe('configuration', () => {
  test('defaults', () => {
    expect(stablePanic.init({ capacity: 100 }).config).toEqual({
      metric: 'concurrency',
      capacity: 100,
      utilization: 0.7,
      stableWindowMs: 60_000,
      panicWindowMs: 6_000,
      panicThreshold: 2,
      maxScaleUpRate: 1_000,
      maxScaleDownRate: 2,
      minReplicas: 1,
      evidenceMaxAgeMs: 30_000,
      bucketMs: 1_000,
      buckets: 60,
      panicBuckets: 6,
      target: 70,
    });
    const long = { capacity: 1, stableWindowMs: 600_000, panicWindowMs: 60_000 };
    expect(stablePanic.init(long).config).toMatchObject({
      bucketMs: 10_000,
      buckets: 60,
      panicBuckets: 6,
    });
    const short = { capacity: 1, stableWindowMs: 6_500, panicWindowMs: 1_500 };
    expect(stablePanic.init(short).config).toMatchObject({ buckets: 7, panicBuckets: 2 });
  });

  test.each<[Partial<StablePanicConfig>, RegExp]>([
    [{ capacity: 0 }, /^capacity is 0/],
    [{ utilization: 0 }, /^utilization is 0: .*above 0, at most 1/],
    [{ utilization: 1.01 }, /^utilization is 1.01/],
    [{ stableWindowMs: 5_999 }, /^stableWindowMs is 5999: .*from 6 s to 1 h/],
    [{ stableWindowMs: 3_600_001 }, /^stableWindowMs/],
    [{ panicWindowMs: 999 }, /^panicWindowMs is 999: .*from 1 s to stableWindowMs/],
    [{ panicWindowMs: 60_001 }, /^panicWindowMs/],
    [{ panicThreshold: 1 }, /^panicThreshold is 1: .*above 1/],
    [{ maxScaleUpRate: 1 }, /^maxScaleUpRate is 1/],
    [{ maxScaleUpRate: Number.POSITIVE_INFINITY }, /^maxScaleUpRate/],
    [{ maxScaleDownRate: 1 }, /^maxScaleDownRate is 1/],
    [{ minReplicas: -1 }, /^minReplicas is -1: .*at least 0/],
    [{ minReplicas: 0.5 }, /^minReplicas is 0.5/],
    [{ evidenceMaxAgeMs: 0 }, /^evidenceMaxAgeMs is 0/],
  ])('%j is refused', (config, message) => {
    expect(() => stablePanic.init({ ...CONFIG, ...config })).toThrowError(message);
  });

  test.each<Partial<StablePanicConfig>>([
    { utilization: 1 },
    { stableWindowMs: 6_000 },
    { stableWindowMs: 3_600_000, panicWindowMs: 3_600_000 },
    { panicWindowMs: 1_000, panicThreshold: 1.01, maxScaleUpRate: 1.01, maxScaleDownRate: 1.01 },
  ])('%j is taken', (config) => {
    expect(stablePanic.init({ ...CONFIG, ...config }).window).toBeNull();
  });
});
