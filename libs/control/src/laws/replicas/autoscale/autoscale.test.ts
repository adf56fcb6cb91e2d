import { describe, expect, test } from 'vitest';
import { explain } from '../../../explain.ts';
import type { ReplicaObservation } from '../observation.ts';
import { type AutoscaleState, autoscale } from './autoscale.ts';
import type { AutoscaleConfig } from './config.ts';

/** 200 requests a second, each of them 50 ms of one of ten replicas' time: all busy at 100 %. */
const SEEN: ReplicaObservation = {
  nowMs: 1_000_000,
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
const CONFIG: AutoscaleConfig = { p99Ms: 1_000 };

/** Steps of 15 s with what is seen in each; `applied` follows what is decided. */
function drive(
  looks: readonly Partial<ReplicaObservation>[],
  config: AutoscaleConfig = CONFIG,
  from: AutoscaleState = autoscale.init(config),
) {
  let state = from;
  let applied = SEEN.applied;
  const decisions = looks.map((look, index) => {
    const nowMs = (state.lastMs ?? SEEN.nowMs) + (index === 0 && from.lastMs === null ? 0 : 15_000);
    const step = autoscale.step(state, { ...SEEN, applied, ready: applied, nowMs, ...look });
    state = step.state;
    applied = step.output.value;
    return step.output;
  });
  return { state, decisions, last: decisions.at(-1) as (typeof decisions)[number] };
}

const many = (times: number, look: Partial<ReplicaObservation> = {}) =>
  Array.from({ length: times }, () => look);
/** What the same cost per request makes of another rate on so many replicas. */
const load = (rate: number, replicas = 10): Partial<ReplicaObservation> => ({
  ratePerSecond: rate,
  utilization: Math.min(1, (0.05 * rate) / replicas),
  inFlight: rate / 10,
});

describe('what is needed', () => {
  test('is demand times cost over the utilisation to run at', () => {
    const { last } = drive([load(100)]);
    expect(last.terms).toMatchObject({
      ratePerSecond: 100,
      costSeconds: 0.05,
      safeUtilization: 0.65,
      need: 7.69230769231,
      startupMs: 30_000,
    });
    expect(last).toMatchObject({ value: 8, reason: 'demand-below' });
  });

  test('is gone up to in one step, a little further', () => {
    const { last } = drive([load(100), load(180)]);
    // 180 x 0.05 / 0.65 = 13.8; the jump itself is not guessed to go on: latency holds.
    expect(last.reason).toBe('demand-above');
    expect(last.value).toBe(Math.round((last.terms.need as number) * 1.05));
  });

  test('counts what is starting: nothing is ordered twice', () => {
    const first = drive([load(100), load(180)]);
    const ordered = first.last.value;
    const next = { ...SEEN, ...load(180), nowMs: 1_030_000, applied: ordered, ready: 10 };
    const step = autoscale.step(first.state, { ...next, starting: ordered - 10 });
    expect(step.output.value).toBe(ordered);
  });

  test('looks ahead by the start-up that was measured', () => {
    expect(drive([load(100)]).last.terms.startupMs).toBe(30_000);
    expect(drive([load(100)], { ...CONFIG, startupMs: 90_000 }).last.terms.startupMs).toBe(90_000);
  });

  test('is at least one replica', () => {
    const quiet = drive(many(40, { ratePerSecond: 0.1, utilization: 0.0005, inFlight: 0 }));
    expect(quiet.last.value).toBe(1);
  });
});

describe('on the way down', () => {
  const busy = drive([load(100), load(180), load(180)]);
  const applied = busy.last.value;

  test('what was needed lately stays for the hold', () => {
    const quiet = load(60, applied);
    const { decisions } = drive(
      many(24, { ...quiet, applied, ready: applied }),
      CONFIG,
      busy.state,
    );
    const reasons = decisions.map(({ reason }) => reason);
    expect(reasons[0]).toBe('needed-lately');
    // 4.5 min are 18 steps.
    expect(reasons.indexOf('demand-below')).toBe(18);
    expect(decisions[18]?.value).toBeLessThan(applied);
  });

  test('less than a fifth is not worth it, less than a tenth never', () => {
    const fixed = { ...CONFIG, terms: { safeUtilization: false, margin: false } };
    // 230 x 0.05 / 0.65 = 17.7 of 20.
    const slightly = load(230, applied);
    const { decisions } = drive(
      many(40, { ...slightly, applied, ready: applied }),
      fixed,
      autoscale.retune(busy.state, fixed),
    );
    expect(new Set(decisions.map(({ value }) => value))).toEqual(new Set([applied]));
    expect(decisions.at(-1)?.reason).toBe('demand-met');
  });
});

describe('what it does not act on', () => {
  const known = drive(many(3, load(130)));
  const applied = known.last.value;
  const next = (look: Partial<ReplicaObservation>) =>
    autoscale.step(known.state, { ...SEEN, nowMs: 1_045_000, applied, ready: applied, ...look })
      .output;

  test.each([
    ['no-evidence', { evidenceAgeMs: null }],
    ['no-evidence', { ratePerSecond: null }],
    ['no-evidence', { utilization: null }],
    ['stale-evidence', { evidenceAgeMs: 60_001 }],
    ['invalid-measure', { ratePerSecond: Number.NaN }],
    ['invalid-measure', { utilization: -0.1 }],
    ['clock-went-back', { nowMs: 1_000_000 }],
    ['doubtful', { ratePerSecond: 0, utilization: 0, inFlight: 0, p99Ms: 0 }],
    ['doubtful', { ratePerSecond: 10, utilization: 0.65 }],
  ] as const)('%s', (reason, look) => {
    expect(next(look)).toMatchObject({ reason, value: applied });
  });

  test('a hand is followed', () => {
    expect(next({ ...load(400, applied), hand: true })).toMatchObject({
      reason: 'tracking',
      value: applied,
    });
  });
});

describe('figures it can do without', () => {
  const look = (of: Partial<ReplicaObservation>) =>
    drive(many(12, { ratePerSecond: 130, utilization: 0.65, applied: 10, ready: 10, ...of })).last;

  test.each([null, 0, Number.NaN, -1])('a p99 of %s is none, not a good one', (p99Ms) => {
    expect(look({ p99Ms }).terms.safeUtilization).toBe(0.65);
    expect(look({ p99Ms }).reason).not.toBe('invalid-measure');
  });

  test('impossible error ratios and requests inside are not there', () => {
    const odd = look({ errorRatio: Number.NaN, inFlight: -1 });
    expect(odd.terms).toEqual(look({ errorRatio: null, inFlight: null }).terms);
  });
});

describe('what more replicas do not mend', () => {
  const load = (utilization: number) => ({
    ratePerSecond: utilization * 200,
    utilization,
    applied: 10,
    ready: 10,
  });
  /** Between 30 and 65 % busy, to and fro. */
  const wandering = (of: Partial<ReplicaObservation>) =>
    Array.from({ length: 160 }, (_, step) => ({
      ...load(0.3 + 0.35 * Math.abs(Math.sin(step / 12))),
      ...of,
    }));

  test('errors of a dependency, while replicas are not all busy', () => {
    const terms = drive(wandering({ errorRatio: 0.1 })).last.terms;
    expect(terms.trim).toBe(0);
    expect(terms.safeUtilization).toBeGreaterThanOrEqual(0.65);
  });

  test('a latency that is as bad at any utilisation', () => {
    const { last } = drive(wandering({ p99Ms: 2_500 }));
    expect(last.terms.safeUtilization).toBe(0.65);
    expect(last.terms.trim).toBeLessThan(0.25);
  });
});

test('a clock that went back, or forth and back, does not stop it from learning', () => {
  const HOURS = 5 * 3_600_000;
  for (const jumps of [[-HOURS], [HOURS, -HOURS]]) {
    let { state } = drive(many(20, { ...load(100), applied: 10, ready: 10 }));
    let nowMs = state.lastMs as number;
    for (const jump of jumps) {
      nowMs += jump;
      state = autoscale.step(state, { ...SEEN, ...load(100), nowMs }).state;
    }
    const dear = { ratePerSecond: 100, utilization: 0.7, inFlight: 10 };
    const values = Array.from({ length: 40 }, () => {
      nowMs += 15_000;
      const step = autoscale.step(state, { ...SEEN, ...dear, nowMs });
      state = step.state;
      return step.output;
    });
    expect(values.at(-1)?.terms.costSeconds).toBeCloseTo(0.07, 3);
    // And what was needed lately is let go after the hold, not hours later.
    const idle = { ratePerSecond: 40, utilization: 0.28, inFlight: 4 };
    const after = Array.from({ length: 24 }, () => {
      nowMs += 15_000;
      const step = autoscale.step(state, { ...SEEN, ...idle, nowMs });
      state = step.state;
      return step.output.reason;
    });
    expect(after).toContain('demand-below');
  }
});

describe('what it learns', () => {
  test('a dearer request needs more', () => {
    const before = drive(many(10, load(100)));
    const dear = drive(
      many(40, { ratePerSecond: 100, utilization: 0.6, applied: 10, ready: 10 }),
      CONFIG,
      before.state,
    );
    expect(dear.last.terms.costSeconds).toBeCloseTo(0.06, 3);
  });

  test('nothing of the cost from replicas that are all busy, but that it is more', () => {
    const before = drive(many(10, { ...load(100), applied: 10, ready: 10 }));
    const flooded = { ratePerSecond: 400, utilization: 1, applied: 10, ready: 10 };
    expect(drive([flooded], CONFIG, before.state).last.terms.costSeconds).toBeCloseTo(0.05, 9);
  });

  test('a higher utilisation where latency holds at it, only with an objective for it', () => {
    const warm = { ratePerSecond: 130, utilization: 0.65, applied: 10, ready: 10 };
    expect(drive(many(9, warm)).last.terms.safeUtilization).toBeCloseTo(0.75, 9);
    expect(drive(many(9, warm), {}).last.terms.safeUtilization).toBe(0.65);
  });

  test('a lower one where it breaks, and the trim grows meanwhile', () => {
    const broken = { ratePerSecond: 100, utilization: 0.5, p99Ms: 3_000, applied: 10, ready: 10 };
    const { last } = drive(many(9, broken));
    expect(last.terms.safeUtilization).toBeCloseTo(0.5, 9);
    expect(last.terms.trim).toBeGreaterThan(0.1);
    expect(drive(many(400, broken)).last.terms.trim).toBeLessThanOrEqual(0.5);
  });

  test('each window once', () => {
    const once = drive(many(3, load(100)));
    const again = autoscale.step(once.state, {
      ...SEEN,
      ...load(100),
      nowMs: 1_035_000,
      evidenceAgeMs: 10_000,
    });
    expect(again.state.demand).toBe(once.state.demand);
    expect(again.state.safe).toBe(once.state.safe);
  });
});

describe('its terms', () => {
  const off = (term: string) => ({ ...CONFIG, terms: { [term]: false } });
  const strained = [
    ...many(6, load(100)),
    { ...load(260), utilization: 1, inFlight: 400, p99Ms: 4_000 },
  ];

  test.each(['margin', 'backlog'] as const)('without %s it needs less', (term) => {
    const need = (config: AutoscaleConfig) => drive(strained, config).last.terms.need as number;
    const withMargin = drive([load(100), load(150), load(110), load(150)]).last.terms;
    expect(withMargin.marginPerSecond).toBeGreaterThan(0);
    expect(need(off(term))).toBeLessThan(need(CONFIG));
  });

  test('the balancer is told to go easy on cold replicas, unless that is off', () => {
    expect(drive([load(100)]).last.terms.slowStartMs).toBe(30_000);
    expect(drive([load(100)], off('slowStart')).last.terms.slowStartMs).toBeUndefined();
  });

  test('are told in a sentence', () => {
    const { last } = drive([load(100), load(180)]);
    expect(explain(last, { knob: 'replicas' })).toMatch(
      /^180 requests\/s come and 180 are expected in 30 s: replicas from \d+ to \d+\.$/,
    );
  });
});

describe('what it is told is refused with its name', () => {
  test.each([
    [{ p99Ms: 0 }, 'p99Ms'],
    [{ errorRatio: 1 }, 'errorRatio'],
    [{ utilization: { first: 0.3 } }, 'utilization.least'],
    [{ utilization: { most: 1 } }, 'utilization.most'],
    [{ startupMs: -1 }, 'startupMs'],
    [{ holdMs: -1 }, 'holdMs'],
    [{ evidenceMaxAgeMs: Number.NaN }, 'evidenceMaxAgeMs'],
  ] as const)('%j', (config, field) => {
    expect(() => autoscale.init(config)).toThrow(new RegExp(`^${field} is `));
  });
});

test('new figures keep the memory', () => {
  const { state } = drive(many(5, load(100)));
  const retuned = autoscale.retune(state, { p99Ms: 500 });
  expect({ ...retuned, settings: state.settings }).toEqual(state);
  expect(retuned.settings.p99Ms).toBe(500);
});
