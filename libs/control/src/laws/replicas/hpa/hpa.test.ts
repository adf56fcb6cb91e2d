import { describe, expect, test } from 'vitest';
import { explain } from '../../../explain.ts';
import type { ReplicaObservation } from '../observation.ts';
import { type HpaState, hpa } from './hpa.ts';
import type { HpaConfig } from './hpa-config.ts';

const SEEN: ReplicaObservation = {
  nowMs: 1_000_000,
  evidenceAgeMs: 5_000,
  windowMs: 30_000,
  ratePerSecond: 100,
  utilization: 0.7,
  inFlight: 10,
  p99Ms: 50,
  errorRatio: 0,
  applied: 10,
  ready: 10,
  starting: 0,
};

const config = (more: Partial<HpaConfig> = {}): HpaConfig => ({
  targetPercent: 70,
  maxReplicas: 100,
  ...more,
});

/** One step of a fresh law. */
function once(seen: Partial<ReplicaObservation>, more: Partial<HpaConfig> = {}) {
  return hpa.step(hpa.init(config(more)), { ...SEEN, ...seen }).output;
}

/** A run with a step every 15 s and an actuator that does as it is told: `count:reason`. */
function run(
  more: Partial<HpaConfig>,
  steps: readonly Partial<ReplicaObservation>[],
  start = 10,
): readonly string[] {
  let state: HpaState = hpa.init(config(more));
  let applied = start;
  return steps.map((seen, index) => {
    const nowMs = SEEN.nowMs + index * 15_000;
    const input = { ...SEEN, applied, ready: applied, nowMs, ...seen };
    const { state: next, output } = hpa.step(state, input);
    state = next;
    applied = output.value;
    return `${output.value}:${output.reason}`;
  });
}

const used = (utilization: number) => ({ utilization });

describe('one metric', () => {
  test('asks for ceil(ratio x ready), with its reason and figures', () => {
    expect(once(used(0.9))).toEqual({
      value: 13,
      reason: 'above-setpoint',
      terms: {
        measured: 0.9,
        setpoint: 0.7,
        metric: 0,
        asked: 13,
        applied: 10,
        ready: 10,
        starting: 0,
        proposed: 13,
        min: 1,
        max: 100,
      },
    });
  });

  test('cuts the utilisation to whole percent, without the noise of binary fractions', () => {
    expect(once(used(0.7799))).toMatchObject({ value: 10, reason: 'within-band' });
    expect(once(used(0.7799)).terms.measured).toBe(0.77);
    expect(once(used(0.78))).toMatchObject({ value: 12, reason: 'above-setpoint' });
    // 0.29 x 100 is 28.999999999999996
    expect(once(used(0.29)).terms.measured).toBe(0.29);
    expect(once(used(0.57)).terms.measured).toBe(0.57);
  });

  test('the tolerance may differ up and down', () => {
    const behavior = { scaleUp: { tolerance: 0.3 }, scaleDown: { tolerance: 0 } };
    expect(once(used(0.91), { behavior })).toMatchObject({ value: 10, reason: 'within-band' });
    expect(once(used(0.92), { behavior }).reason).toBe('above-setpoint');
    expect(once(used(0.69), { behavior }).terms.asked).toBe(10);
    expect(once(used(0.62), { behavior }).terms.asked).toBe(9);
  });

  test('a ratio outside the tolerance may still round to the same count', () => {
    expect(once({ utilization: 0.6, applied: 3, ready: 3 })).toMatchObject({
      value: 3,
      reason: 'same-count',
    });
  });

  test('what is starting counts as unused on the way up', () => {
    // 0.9 x 10 / 12 is 75 %: within the tolerance
    const held = once({ utilization: 0.9, ready: 10, starting: 2, applied: 12 });
    expect(held).toMatchObject({ value: 12, reason: 'capacity-starting' });
    expect(held.terms.predicted).toBe(0.75);
    // 1 x 10 / 12 is 83 %: ceil(83 / 70 x 12)
    const more = once({ utilization: 1, ready: 10, starting: 2, applied: 12 });
    expect(more).toMatchObject({ value: 15, reason: 'above-setpoint' });
    expect(more.terms).toMatchObject({ measured: 1, predicted: 0.83 });
    // on the way down it is not there
    const less = once({ utilization: 0.35, ready: 10, starting: 2, applied: 12 });
    expect(less.terms).toMatchObject({ asked: 5 });
    expect('predicted' in less.terms).toBe(false);
  });

  test('utilisation is not needed where it is not used', () => {
    const metrics = [{ figure: 'inFlight', type: 'AverageValue', target: 2 }] as const;
    const output = once({ utilization: null, inFlight: 30 }, { targetPercent: null, metrics });
    expect(output).toMatchObject({ value: 15, reason: 'above-setpoint' });
    expect(output.terms).toMatchObject({ measured: 30, setpoint: 2, metric: 1 });
  });
});

test('each reason is told in a sentence with its figures', () => {
  const names = { signal: 'CPU', knob: 'replicas', formatSignal: (of: number) => `${of * 100} %` };
  const told = (seen: Partial<ReplicaObservation>, more: Partial<HpaConfig> = {}) =>
    explain(once(seen, more), names);
  expect(told(used(0.9))).toBe('CPU at 90 % is above the setpoint 70 %: replicas from 10 to 13.');
  expect(told(used(0.35))).toBe(
    '5 would do now, more were needed a short time ago: 10 for the present.',
  );
  expect(told(used(0.95), { behavior: { scaleUp: { stabilizationMs: 1_000 } } })).toBe(
    '14 are asked for now, fewer were a short time ago: 10 for the present.',
  );
  expect(told({ utilization: 0.6, applied: 3, ready: 3 })).toBe(
    'The need comes out as the same whole number: replicas stays at 3.',
  );
  expect(told({ applied: 0 })).toBe('At 0 replicas autoscaling is switched off.');
  expect(told(used(1), { targetPercent: 10 })).toBe('One step up may reach 20, not 100.');
  expect(told({ applied: 101 })).toBe('100 is the most allowed, not 101.');
});

describe('several metrics', () => {
  const metrics = [
    { figure: 'ratePerSecond', type: 'AverageValue', target: 8 },
    { figure: 'p99Ms', type: 'Value', target: 40 },
  ] as const;

  test('the most decides', () => {
    // 100 / 8 is 13, 50 / 40 x 10 is 13
    expect(once({}, { metrics })).toMatchObject({ value: 13, terms: { metric: 1, measured: 100 } });
    expect(once({ p99Ms: 60 }, { metrics }).terms).toMatchObject({
      metric: 2,
      measured: 60,
      setpoint: 40,
      asked: 15,
    });
    expect(
      once({ p99Ms: 20, ratePerSecond: 50, utilization: 0.9 }, { metrics }).terms,
    ).toMatchObject({ metric: 0, measured: 0.9, asked: 13 });
  });

  test('AverageValue is of the replicas the platform has, Value of those that are ready', () => {
    const seen = { ready: 5, starting: 3, applied: 10, utilization: 0.7 };
    const average = [{ figure: 'ratePerSecond', type: 'AverageValue', target: 12.5 }] as const;
    expect(once({ ...seen }, { metrics: average, targetPercent: null }).terms.asked).toBe(8);
    const value = [{ figure: 'p99Ms', type: 'Value', target: 25 }] as const;
    expect(once({ ...seen }, { metrics: value, targetPercent: null }).terms.asked).toBe(10);
  });

  test('one missing: up is allowed, down is not', () => {
    expect(once({ p99Ms: null, ratePerSecond: 120 }, { metrics }).value).toBe(15);
    expect(once({ p99Ms: null, ratePerSecond: 40, utilization: 0.3 }, { metrics })).toMatchObject({
      value: 10,
      reason: 'blind-scale-down',
      terms: { asked: 5 },
    });
    expect(
      once({ utilization: Number.NaN, p99Ms: 5, ratePerSecond: 40 }, { metrics }),
    ).toMatchObject({ value: 10, reason: 'blind-scale-down' });
    expect(once({ p99Ms: 20, ratePerSecond: 40, utilization: 0.3 }, { metrics }).terms.asked).toBe(
      5,
    );
  });

  test('all missing: nothing moves', () => {
    const nothing = { utilization: null, ratePerSecond: null, p99Ms: null };
    expect(once(nothing, { metrics })).toMatchObject({ value: 10, reason: 'no-evidence' });
    expect(once({ ...nothing, utilization: -1 }, { metrics }).reason).toBe('invalid-measure');
  });
});

describe('nothing is done', () => {
  test.each<[Partial<ReplicaObservation>, string]>([
    [{ evidenceAgeMs: null }, 'no-evidence'],
    [{ evidenceAgeMs: 60_001 }, 'stale-evidence'],
    [{ utilization: null }, 'no-evidence'],
    [{ utilization: Number.NaN }, 'invalid-measure'],
    [{ utilization: -0.1 }, 'invalid-measure'],
    [{ ready: 0, starting: 10 }, 'no-evidence'],
    [{ ready: Number.NaN }, 'invalid-measure'],
    [{ starting: -1 }, 'invalid-measure'],
    [{ nowMs: Number.NaN }, 'invalid-measure'],
    [{ hand: true, utilization: 1 }, 'tracking'],
  ])('with %j: %s', (seen, reason) => {
    expect(once({ utilization: 1, ...seen })).toEqual({
      value: 10,
      reason,
      terms: { applied: 10 },
    });
  });

  test('evidence of exactly the age limit is taken', () => {
    expect(once({ utilization: 0.9, evidenceAgeMs: 60_000 }).value).toBe(13);
  });

  test('an impossible count: the last one known stays', () => {
    const { state } = hpa.step(hpa.init(config()), SEEN);
    const input = { ...SEEN, nowMs: SEEN.nowMs + 15_000, applied: Number.NaN };
    expect(hpa.step(state, input).output).toMatchObject({ value: 10, reason: 'invalid-measure' });
    const odd = hpa.step(hpa.init(config({ behavior: {} })), { ...SEEN, applied: Number.NaN });
    expect(odd.output).toMatchObject({ value: 0, reason: 'invalid-measure' });
    // the first count that can be read is where it begins: a recommendation, and no change
    const next = hpa.step(odd.state, { ...input, applied: 10, utilization: 0.35 });
    expect(next.output).toMatchObject({ value: 10, reason: 'stabilized-down' });
    expect(next.state).toMatchObject({ ups: [], downs: [], lastApplied: 10 });
  });
});

describe('limits come before metrics', () => {
  test('above the maximum and below the minimum', () => {
    expect(once({ applied: 120, utilization: 1 })).toMatchObject({ value: 100, reason: 'at-max' });
    expect(once({ applied: 2, utilization: null }, { minReplicas: 3 })).toEqual({
      value: 3,
      reason: 'at-min',
      terms: { applied: 2, proposed: 2, min: 3 },
    });
    expect(once({ applied: 101, utilization: null }).terms).toEqual({
      applied: 101,
      proposed: 101,
      max: 100,
    });
  });

  test('at the maximum and at the minimum the metrics are asked', () => {
    expect(once({ applied: 100, ready: 100, utilization: null }).reason).toBe('no-evidence');
    expect(once({ applied: 1, ready: 1, utilization: null }).reason).toBe('no-evidence');
    expect(once({ applied: 100, ready: 100, utilization: 1 })).toMatchObject({
      value: 100,
      reason: 'at-max',
      terms: { proposed: 143, max: 100 },
    });
  });

  test('at 0 replicas it is off, unless 0 is allowed', () => {
    const none = { applied: 0, ready: 0, inFlight: 30 };
    const metrics = [{ figure: 'inFlight', type: 'Value', target: 10 }] as const;
    expect(once(none, { metrics })).toEqual({
      value: 0,
      reason: 'off-at-zero',
      terms: { applied: 0, min: 1 },
    });
    expect(once(none, { metrics, minReplicas: 0 })).toMatchObject({
      value: 3,
      reason: 'above-setpoint',
    });
  });
});

describe('in time', () => {
  test('down waits until no recommendation of the last 300 s was higher', () => {
    const steps = [used(0.7), ...Array.from({ length: 22 }, () => used(0.35))];
    // without behaviour exactly as old still counts, with it it does not
    const without = run({}, steps);
    expect(without.slice(0, 22)).toEqual([
      '10:within-band',
      ...Array.from({ length: 20 }, () => '10:stabilized-down'),
      '5:below-setpoint',
    ]);
    expect(run({ behavior: {} }, steps).slice(0, 21)).toEqual([
      '10:within-band',
      ...Array.from({ length: 19 }, () => '10:stabilized-down'),
      '5:below-setpoint',
    ]);
  });

  test('without a down window it goes down at once', () => {
    expect(run({ downscaleStabilizationMs: 0 }, [used(0.35)])).toEqual(['5:below-setpoint']);
    const behavior = { scaleDown: { stabilizationMs: 0 } };
    expect(run({ behavior }, [used(0.35)])).toEqual(['5:below-setpoint']);
  });

  test('the first count seen is a recommendation: a restart begins the window anew', () => {
    expect(run({}, [used(0.35), used(0.35)])).toEqual(['10:stabilized-down', '10:stabilized-down']);
    // it was seen in a step without evidence too
    const blind = { evidenceAgeMs: null };
    expect(run({}, [blind, used(0.35)])[1]).toBe('10:stabilized-down');
  });

  test('what is remembered is the unstabilised recommendation', () => {
    const behavior = { scaleDown: { stabilizationMs: 60_000 } };
    const steps = [0.7, 0.35, 0.35, 0.35, 0.35, 0.35].map(used);
    expect(run({ behavior }, steps)).toEqual([
      '10:within-band',
      '10:stabilized-down',
      '10:stabilized-down',
      '10:stabilized-down',
      '5:below-setpoint',
      '5:stabilized-down',
    ]);
  });

  test('up waits for the lowest recommendation of its own window', () => {
    const behavior = { scaleUp: { stabilizationMs: 30_000 } };
    expect(run({ behavior }, [0.7, 0.9, 0.95, 0.95].map(used))).toEqual([
      '10:within-band',
      '10:stabilized-up',
      '13:stabilized-up',
      '14:stabilized-up',
    ]);
  });

  test('the rate counts what was changed in the period', () => {
    const policies = [{ type: 'Pods', value: 4, periodMs: 60_000 }] as const;
    const steps = Array.from({ length: 6 }, () => used(1));
    expect(run({ behavior: { scaleUp: { policies } } }, steps)).toEqual([
      '14:step-up-limit',
      '14:step-up-limit',
      '14:step-up-limit',
      '14:step-up-limit',
      '18:step-up-limit',
      '18:step-up-limit',
    ]);
  });

  test('with the default period of 15 s each step may double', () => {
    expect(run({ behavior: {} }, [used(1), used(1), used(1)], 3)).toEqual([
      '5:above-setpoint',
      '8:above-setpoint',
      '12:above-setpoint',
    ]);
    const surge = { targetPercent: 10, behavior: {} };
    expect(run(surge, [used(1), used(1), used(1)], 3)).toEqual([
      '7:step-up-limit',
      '14:step-up-limit',
      '28:step-up-limit',
    ]);
  });

  test('down by a policy, and what was removed in its period counts', () => {
    const policies = [{ type: 'Pods', value: 2, periodMs: 30_000 }] as const;
    const behavior = { scaleDown: { stabilizationMs: 0, policies } };
    expect(
      run(
        { behavior },
        Array.from({ length: 4 }, () => used(0.1)),
      ),
    ).toEqual(['8:step-down-limit', '8:step-down-limit', '6:step-down-limit', '6:step-down-limit']);
  });
});

describe('what it learns from the count in force', () => {
  const policies = [{ type: 'Pods', value: 4, periodMs: 60_000 }] as const;
  const behavior = { scaleUp: { policies } };

  test('a change by hand is none of its own', () => {
    const steps = [
      { applied: 10, ready: 10 },
      { applied: 14, ready: 14, hand: true },
      { applied: 14, ready: 14, utilization: 1 },
    ];
    expect(run({ behavior }, steps)[2]).toBe('18:step-up-limit');
    const alone = steps.map(({ hand: _hand, ...step }) => step);
    expect(run({ behavior }, alone)[2]).toBe('14:step-up-limit');
  });

  test('a proposal that is not carried out spends nothing', () => {
    const steps = [used(1), used(1), used(1)].map((step) => ({ ...step, applied: 10, ready: 10 }));
    expect(run({ behavior }, steps)).toEqual([
      '14:step-up-limit',
      '14:step-up-limit',
      '14:step-up-limit',
    ]);
  });

  test('without behaviour no changes are kept', () => {
    const first = hpa.step(hpa.init(config()), { ...SEEN, utilization: 1 });
    const second = hpa.step(first.state, { ...SEEN, nowMs: SEEN.nowMs + 1, applied: 15 });
    expect(second.state).toMatchObject({ ups: [], downs: [], lastApplied: 15 });
  });

  test('a change is dated to the step before it was seen', () => {
    const first = hpa.step(hpa.init(config({ behavior })), SEEN);
    const up = hpa.step(first.state, { ...SEEN, nowMs: SEEN.nowMs + 15_000, applied: 13 });
    expect(up.state.ups).toEqual([{ atMs: SEEN.nowMs, change: 3 }]);
    const down = hpa.step(up.state, { ...SEEN, nowMs: SEEN.nowMs + 30_000, applied: 11 });
    expect(down.state.downs).toEqual([{ atMs: SEEN.nowMs + 15_000, change: 2 }]);
    expect(down.state.ups).toEqual(up.state.ups);
  });
});

describe('the clock', () => {
  test('standing still or back changes nothing', () => {
    const first = hpa.step(hpa.init(config()), SEEN);
    const same = hpa.step(first.state, { ...SEEN, utilization: 1 });
    expect(same.output).toMatchObject({ value: 10, reason: 'same-instant' });
    expect(same.state).toEqual(first.state);
    const back = hpa.step(first.state, { ...SEEN, nowMs: 1, utilization: 1 });
    expect(back.output).toMatchObject({ value: 10, reason: 'clock-went-back' });
  });

  test('after a step back what is remembered keeps its age', () => {
    const behavior = { scaleUp: { stabilizationMs: 60_000 } };
    const start = hpa.step(hpa.init(config({ behavior })), SEEN).state;
    const next = { ...SEEN, nowMs: SEEN.nowMs + 10_000, applied: 12, utilization: 0.9 };
    const before = hpa.step(start, next).state;
    const again = { ...SEEN, nowMs: SEEN.nowMs + 20_000, applied: 12 };
    const back = hpa.step(before, { ...again, nowMs: 5_000 }).state;
    expect(back).toEqual({
      ...before,
      lastMs: 5_000,
      highs: before.highs.map((each) => ({ ...each, atMs: each.atMs - SEEN.nowMs - 5_000 })),
      lows: before.lows.map((each) => ({ ...each, atMs: each.atMs - SEEN.nowMs - 5_000 })),
      ups: [{ atMs: -5_000, change: 2 }],
    });
    expect(before.highs.length + before.lows.length).toBeGreaterThan(1);
  });

  test('one that is no number is not taken over', () => {
    const first = hpa.step(hpa.init(config()), SEEN);
    const odd = hpa.step(first.state, { ...SEEN, nowMs: Number.NaN });
    expect(odd.state).toEqual(first.state);
    const fresh = hpa.init(config());
    expect(hpa.step(fresh, { ...SEEN, nowMs: Number.NaN }).state).toEqual(fresh);
  });
});

describe('retuned', () => {
  test('a new target acts at once, the memory stays', () => {
    const { state } = hpa.step(hpa.init(config()), SEEN);
    const retuned = hpa.retune(state, config({ targetPercent: 35 }));
    expect({ ...retuned, config: null }).toEqual({ ...state, config: null });
    const input = { ...SEEN, nowMs: SEEN.nowMs + 15_000 };
    expect(hpa.step(retuned, input).output.value).toBe(20);
  });
});

describe('weaknesses of Kubernetes that are kept', () => {
  test('the history forgets what the other direction still needs, and blocks a change', () => {
    const behavior = {
      scaleUp: { policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }] as const },
      scaleDown: {
        stabilizationMs: 0,
        policies: [{ type: 'Pods', value: 4, periodMs: 300_000 }] as const,
      },
    };
    // 4, 8, 16 in 45 s: 5 min ago there were 4, so a policy of 4 pods in 5 min allows 0
    const steps = [used(1), used(0.7), used(1), used(0.7), used(0.1)];
    const counts = run({ behavior, targetPercent: 50, tolerance: 0.5 }, steps, 4);
    // 8 were added last, the 4 before are forgotten: 16 - 8 - 4
    expect(counts).toEqual([
      '8:above-setpoint',
      '8:within-band',
      '16:above-setpoint',
      '16:within-band',
      '4:below-setpoint',
    ]);
    const far = run(
      { behavior, targetPercent: 50, tolerance: 0.5 },
      [...steps.slice(0, 4), used(0.01)],
      4,
    );
    expect(far.at(-1)).toBe('4:step-down-limit');
  });

  test('with none ready a Value target asks for 0 at any load, and goes 0, 9, 0 for ever', () => {
    const metrics = [{ figure: 'inFlight', type: 'Value', target: 10 }] as const;
    const slow = { metrics, targetPercent: null, minReplicas: 0, downscaleStabilizationMs: 30_000 };
    const starting = { inFlight: 85, ready: 0 };
    const counts = run(
      slow,
      Array.from({ length: 12 }, () => starting),
      0,
    ).map((step) => step.split(':')[0]);
    expect(counts.join(' ')).toBe('4 8 9 0 4 8 9 0 4 8 9 0');
  });

  test('a fresh state has no rate to spend', () => {
    const policies = [{ type: 'Pods', value: 4, periodMs: 60_000 }] as const;
    const behavior = { scaleUp: { policies } };
    const first = hpa.step(hpa.init(config({ behavior })), { ...SEEN, utilization: 1 });
    const input = { ...SEEN, nowMs: SEEN.nowMs + 15_000, applied: 14, ready: 14, utilization: 1 };
    expect(hpa.step(first.state, input).output.value).toBe(14);
    expect(hpa.step(hpa.init(config({ behavior })), input).output.value).toBe(18);
  });
});
