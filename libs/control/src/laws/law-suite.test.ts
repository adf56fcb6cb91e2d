import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Knob, Law, LawInput } from '../decision.ts';
import { explain } from '../explain.ts';
import { successRate } from './admission/success-rate.ts';
import { backpressure } from './backpressure/backpressure.ts';
import { capacity } from './capacity/capacity.ts';
import { aimd } from './concurrency/aimd.ts';
import { envoyGradient } from './concurrency/envoy-gradient.ts';
import { gradient2 } from './concurrency/gradient2.ts';
import { littlesLaw } from './concurrency/littles-law.ts';
import { vegas } from './concurrency/vegas.ts';
import { cascade } from './pid/cascade.ts';
import { pid } from './pid/pid.ts';
import { pidReplicas } from './pid/pid-replicas.ts';
import { pidVelocity } from './pid/pid-velocity.ts';
import { latencyBand } from './rate/latency-band.ts';
import { capacityLaw } from './replicas/adapters/capacity-law.ts';
import { pidLaw } from './replicas/adapters/pid-law.ts';
import { autoscale } from './replicas/autoscale/autoscale.ts';
import { scalingGrid } from './replicas/grid/scaling-grid.ts';
import { hpa } from './replicas/hpa/hpa.ts';
import { predictiveReplicas } from './replicas/predictive/predictive.ts';
import { schedule } from './replicas/schedule/schedule.ts';
import { stablePanic } from './replicas/stable-panic/stable-panic.ts';
import { feedbackWeights } from './weights/feedback-weights.ts';
import { outlierEjection } from './weights/outlier-ejection.ts';
import { slowStart } from './weights/slow-start.ts';

/** One law with everything its input may carry, sane and poisoned. */
interface Case<State, Input extends LawInput> {
  readonly law: Law<never, State, Input, Knob>;
  readonly config: never;
  readonly start: State;
  /** Without time; `applied` is always sane. */
  readonly sane: fc.Arbitrary<Omit<Input, 'nowMs'>>;
  readonly poisoned: fc.Arbitrary<Omit<Input, 'nowMs'>>;
  /** Steps of 5 s after which its memory is full. Default 100. */
  readonly fullAfter?: number;
}

const POISON = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, null] as const;
const poison = fc.constantFrom(...POISON);
const applied = fc.integer({ min: 1, max: 100 });
const fresh = fc.integer({ min: 0, max: 20_000 });

function caseOf<Config, State, Input extends LawInput & { applied: Knob }, Value extends Knob>(
  law: Law<Config, State, Input, Value>,
  config: Config,
  sane: Omit<{ [K in keyof Input]: fc.Arbitrary<Input[K]> }, 'nowMs'>,
  poisoned: { readonly [K in keyof Input]?: fc.Arbitrary<unknown> },
): Case<State, Input> {
  return {
    law: law as unknown as Law<never, State, Input, Knob>,
    config: config as never,
    start: law.init(config),
    sane: fc.record(sane as never) as never,
    poisoned: fc.record({ ...sane, ...poisoned } as never) as never,
  };
}

const ratio = fc.double({ min: 0, max: 1, noNaN: true });
const replicaFigures = {
  evidenceAgeMs: fresh,
  measured: fc.double({ min: 0, max: 2, noNaN: true }),
  applied,
  ready: fc.integer({ min: 0, max: 100 }),
  starting: fc.integer({ min: 0, max: 100 }),
  hand: fc.boolean(),
};
/** A `ReplicaObservation`. */
const seenFigures = {
  evidenceAgeMs: fresh,
  windowMs: fc.constant(15_000),
  ratePerSecond: fc.double({ min: 0, max: 5_000, noNaN: true }),
  utilization: fc.double({ min: 0, max: 1, noNaN: true }),
  inFlight: fc.double({ min: 0, max: 5_000, noNaN: true }),
  p99Ms: fc.double({ min: 0, max: 5_000, noNaN: true }),
  errorRatio: ratio,
  applied,
  ready: fc.integer({ min: 0, max: 100 }),
  starting: fc.integer({ min: 0, max: 100 }),
  hand: fc.boolean(),
};
const seenPoison = {
  evidenceAgeMs: fc.oneof(poison, fresh),
  ratePerSecond: poison,
  utilization: poison,
  inFlight: poison,
  p99Ms: poison,
  errorRatio: poison,
  ready: poison,
  starting: poison,
};
const rateFigures = {
  evidenceAgeMs: fresh,
  p99Ms: fc.double({ min: 0, max: 500, noNaN: true }),
  applied,
  rejectRatio: ratio,
  cpu: ratio,
  offeredPerSecond: fc.integer({ min: 0, max: 200 }),
};
const PID_SCHEDULE = [
  { at: 0, kp: 5, ki: 0.1, kd: 0 },
  { at: 50, kp: 40, ki: 1, kd: 60 },
];
const pidFigures = {
  evidenceAgeMs: fresh,
  measured: fc.double({ min: 0, max: 2, noNaN: true }),
  applied,
  setpoint: fc.constantFrom(0.5, 0.7),
  scheduling: fc.option(fc.integer({ min: -10, max: 90 }), { nil: null }),
  hand: fc.boolean(),
};
const pidPoison = {
  measured: fc.oneof(poison, fc.constantFrom(1e12, 1e308)),
  setpoint: fc.constantFrom(Number.NaN, -1, 1e12, 1e308),
  scheduling: poison,
  evidenceAgeMs: fc.oneof(poison, fresh),
};
const backend = (ids: fc.Arbitrary<string>, figure: fc.Arbitrary<unknown>) =>
  fc.record({
    id: ids,
    requests: fc.integer({ min: 0, max: 100 }),
    errorRatio: figure,
    latencyMs: figure,
    startedAtMs: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 200_000 })),
  }) as fc.Arbitrary<never>;
const ids = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__');
const backends = (figure: fc.Arbitrary<unknown>) =>
  fc.uniqueArray(backend(ids, figure), {
    minLength: 1,
    selector: (each: { id: string }) => each.id,
  });

const limitFigures = {
  evidenceAgeMs: fresh,
  applied,
  inFlight: fc.double({ min: 0, max: 100, noNaN: true }),
  latencyMs: fc.option(fc.double({ min: 0, max: 2_000, noNaN: true })),
  completedPerSecond: fc.option(fc.double({ min: 0, max: 5_000, noNaN: true })),
  dropRatio: fc.option(ratio),
};
const limitPoison = {
  inFlight: poison,
  latencyMs: poison,
  completedPerSecond: poison,
  dropRatio: poison,
  evidenceAgeMs: fc.oneof(poison, fresh),
};
const someWeights = fc.dictionary(ids, fc.oneof(ratio, poison)) as fc.Arbitrary<never>;
const outliers = (figure: fc.Arbitrary<unknown>) =>
  fc.uniqueArray(
    fc.record({ id: ids, requests: figure, errors: figure, consecutiveFailures: figure }),
    { minLength: 1, selector: ({ id }) => id },
  ) as fc.Arbitrary<never>;

const CASES: { readonly [name: string]: Case<never, never> } = {
  pid: caseOf(
    pidReplicas,
    { setpoint: 0.7, ki: 0.02, kd: 5, hysteresis: { up: 0.8, down: 0.6 }, signalWindowMs: 20_000 },
    replicaFigures,
    { measured: poison, evidenceAgeMs: fc.oneof(poison, fresh), ready: poison, starting: poison },
  ) as never,
  'pid, proportional only': caseOf(pidReplicas, { setpoint: 0.7, kp: 0.5 }, replicaFigures, {
    measured: poison,
  }) as never,
  'pid, position form': caseOf(
    pid,
    { setpoint: 0.7, action: 'reverse', kp: 20, ki: 0.5, kd: 30, max: 90, schedule: PID_SCHEDULE },
    pidFigures,
    pidPoison,
  ) as never,
  'pid, velocity form': caseOf(
    pidVelocity,
    { setpoint: 0.7, action: 'direct', kp: 20, ki: 0.5, kd: 30, schedule: PID_SCHEDULE },
    pidFigures,
    pidPoison,
  ) as never,
  cascade: caseOf(
    cascade,
    { targetMs: 200, ki: 0.01, kd: 2 },
    { ...seenFigures, windowMs: fc.constantFrom(15_000, 30_000) },
    { ...seenPoison, windowMs: poison },
  ) as never,
  latencyBand: caseOf(latencyBand, {}, rateFigures, {
    p99Ms: poison,
    rejectRatio: poison,
    cpu: poison,
    offeredPerSecond: poison,
    evidenceAgeMs: fc.oneof(poison, fresh),
  }) as never,
  capacity: caseOf(
    capacity,
    {},
    {
      evidenceAgeMs: fresh,
      applied,
      ratePerSecond: fc.double({ min: 0, max: 5_000, noNaN: true }),
      serviceTimeMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
    },
    { ratePerSecond: poison, serviceTimeMs: poison, evidenceAgeMs: fc.oneof(poison, fresh) },
  ) as never,
  'capacity, of the whole observation': caseOf(
    capacityLaw,
    { workersPerReplica: 2 },
    seenFigures,
    seenPoison,
  ) as never,
  'pid, of the whole observation': caseOf(
    pidLaw,
    { setpoint: 2, signal: 'inFlightPerReplica', ki: 0.01 },
    seenFigures,
    seenPoison,
  ) as never,
  hpa: caseOf(hpa, { targetPercent: 70, maxReplicas: 100 }, seenFigures, seenPoison) as never,
  'hpa, with behaviour and more metrics': caseOf(
    hpa,
    {
      maxReplicas: 60,
      minReplicas: 2,
      metrics: [
        { figure: 'ratePerSecond', type: 'AverageValue', target: 50 },
        { figure: 'p99Ms', type: 'Value', target: 200 },
      ],
      behavior: {
        scaleUp: { stabilizationMs: 30_000 },
        scaleDown: { policies: [{ type: 'Pods', value: 3, periodMs: 60_000 }] },
      },
    },
    seenFigures,
    seenPoison,
  ) as never,
  stablePanic: caseOf(stablePanic, { capacity: 10 }, seenFigures, seenPoison) as never,
  scalingGrid: caseOf(
    scalingGrid,
    { rate: { low: 10, high: 50 } },
    { ...seenFigures, memory: ratio },
    { ...seenPoison, memory: poison },
  ) as never,
  schedule: caseOf(
    schedule,
    {
      windows: [{ when: 'daily 08:00 - 18:00 Europe/Berlin', min: 20, max: 50 }],
      otherwise: { max: 40 },
      leadMs: 60_000,
    },
    seenFigures,
    seenPoison,
  ) as never,
  autoscale: {
    ...caseOf(autoscale, { p99Ms: 300 }, seenFigures, seenPoison),
    // An hour of bins of 15 s.
    fullAfter: 800,
  } as never,
  predictive: {
    ...caseOf(
      predictiveReplicas,
      {
        etaMs: 10_000,
        everyMs: 5_000,
        forecast: {
          slotMs: 5_000,
          mostPeriodSlots: 8,
          memorySlots: 12,
          calendar: { seasonMs: 50_000, slotMs: 5_000 },
        },
      },
      seenFigures,
      seenPoison,
    ),
    // Its horizon follows the start-up it sees.
    fullAfter: 800,
  } as never,
  aimd: caseOf(aimd, {}, limitFigures, limitPoison) as never,
  vegas: caseOf(vegas, { probeEveryMs: 20_000 }, limitFigures, limitPoison) as never,
  gradient2: caseOf(gradient2, {}, limitFigures, limitPoison) as never,
  littlesLaw: caseOf(littlesLaw, {}, limitFigures, limitPoison) as never,
  envoyGradient: caseOf(envoyGradient, {}, limitFigures, limitPoison) as never,
  successRate: caseOf(
    successRate,
    {},
    {
      evidenceAgeMs: fresh,
      applied: ratio,
      calls: fc.integer({ min: 50, max: 100 }),
      successes: fc.integer({ min: 0, max: 50 }),
    },
    { calls: poison, successes: poison, evidenceAgeMs: fc.oneof(poison, fresh) },
  ) as never,
  backpressure: caseOf(
    backpressure,
    {},
    {
      evidenceAgeMs: fresh,
      applied,
      queued: fc.integer({ min: 0, max: 1_200 }),
      drainedPerSecond: fc.option(fc.double({ min: 0, max: 500, noNaN: true })),
    },
    { queued: poison, drainedPerSecond: poison, evidenceAgeMs: fc.oneof(poison, fresh) },
  ) as never,
  outlierEjection: caseOf(
    outlierEjection,
    { minBackends: 2, minRequests: 5, significance: 0 },
    {
      evidenceAgeMs: fresh,
      applied: fc.constant({ a: 0.5, b: 1 }),
      weights: someWeights,
      backends: outliers(fc.integer({ min: 0, max: 10 })),
    },
    {
      backends: outliers(fc.oneof(poison, fc.integer({ min: 0, max: 10 }))),
      evidenceAgeMs: fc.oneof(poison, fresh),
    },
  ) as never,
  slowStart: caseOf(
    slowStart,
    {},
    {
      evidenceAgeMs: fresh,
      applied: fc.constant({ a: 0.5, b: 1 }),
      weights: someWeights,
      backends: backends(fc.double({ min: 0, max: 1, noNaN: true })) as never,
      warmupMs: fc.option(fc.integer({ min: 0, max: 100_000 })),
    },
    { backends: backends(fc.oneof(poison, ratio)), evidenceAgeMs: fc.oneof(poison, fresh) },
  ) as never,
  feedbackWeights: caseOf(
    feedbackWeights,
    {},
    {
      evidenceAgeMs: fresh,
      applied: fc.constant({ a: 0.5, b: 1 }),
      backends: backends(fc.double({ min: 0, max: 1, noNaN: true })) as never,
    },
    { backends: backends(fc.oneof(poison, ratio)), evidenceAgeMs: fc.oneof(poison, fresh) },
  ) as never,
};

const REFUSALS = [
  'no-evidence',
  'stale-evidence',
  'invalid-measure',
  'clock-went-back',
  'same-instant',
];

/** Laws that need no evidence to go up: the clock is all they go by. */
const BY_CLOCK = new Set(['schedule']);

/** Gaps, standstill and steps back of the clock. */
const gapMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_000, max: 40_000 }) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -3_600_000, max: -1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 100_000_000 }) },
);

function inputsOf(
  each: Case<never, never>,
): fc.Arbitrary<readonly (LawInput & { applied: Knob })[]> {
  const figures = fc.oneof(
    { weight: 3, arbitrary: each.sane },
    { weight: 2, arbitrary: each.poisoned },
  );
  return fc
    .array(fc.tuple(gapMs, figures), { minLength: 1, maxLength: 40, size: 'max' })
    .map((steps) => {
      let nowMs = 1_000_000_000;
      return steps.map(([gap, figure]) => {
        nowMs += gap;
        return { ...(figure as object), nowMs } as never;
      });
    });
}

function numbersIn(knob: Knob): readonly number[] {
  return typeof knob === 'number' ? [knob] : Object.values(knob);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

describe.each(Object.entries(CASES))('law suite: %s', (name, each) => {
  const inputs = inputsOf(each);

  test('goes on identically when its state has been through JSON at every step', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let kept: never = each.start;
        let stored: never = each.start;
        for (const input of sequence) {
          const a = each.law.step(kept, input as never);
          const b = each.law.step(JSON.parse(JSON.stringify(stored)) as never, input as never);
          expect(JSON.stringify(b)).toBe(JSON.stringify(a));
          kept = a.state;
          stored = b.state;
        }
      }),
    );
  });

  test('never says NaN, a negative or an infinite value, and can always explain itself', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state: never = each.start;
        for (const input of sequence) {
          const step = each.law.step(state, input as never);
          state = step.state;
          for (const value of numbersIn(step.output.value)) {
            expect(Number.isFinite(value) && value >= 0).toBe(true);
          }
          expect(Object.values(step.output.terms).every(Number.isFinite)).toBe(true);
          expect(explain(step.output)).toMatch(/^\S.*\.$/);
        }
      }),
    );
  });

  test('does not act on an input it refuses', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state: never = each.start;
        let lastMs: number | null = null;
        for (const input of sequence) {
          const step = each.law.step(state, input as never);
          state = step.state;
          if (REFUSALS.includes(step.output.reason)) {
            expect(step.output.value).toEqual(input.applied);
          }
          if (lastMs !== null && input.nowMs < lastMs) {
            expect(step.output.reason).toBe('clock-went-back');
          }
          const unseen = input.evidenceAgeMs === null || Number.isNaN(input.evidenceAgeMs);
          if (unseen && !BY_CLOCK.has(name)) {
            expect(REFUSALS).toContain(step.output.reason);
          }
          if (unseen && typeof step.output.value === 'number') {
            expect(step.output.value).toBeGreaterThanOrEqual(input.applied as number);
          }
          lastMs = input.nowMs;
        }
      }),
    );
  });

  test('given the same configuration again, its state is the same', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state: never = each.start;
        for (const input of sequence) {
          state = each.law.step(state, input as never).state;
        }
        expect(each.law.retune(state, each.config)).toEqual(state);
      }),
    );
  });

  test('changes neither its state nor its input in place', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state: never = each.start;
        for (const input of sequence) {
          state = each.law.step(deepFreeze(state), deepFreeze(input) as never).state;
        }
      }),
      { numRuns: 30 },
    );
  });

  test('keeps a state of bounded size', () => {
    const [sample] = fc.sample(each.sane, 1);
    let state: never = each.start;
    let sizeWhenFull = 0;
    for (let step = 1; step <= 2_000; step += 1) {
      const input = {
        ...(sample as object),
        nowMs: step * 5_000,
        ready: step % 7,
        evidenceAgeMs: 0,
      };
      state = each.law.step(state, input as never).state;
      if (step === (each.fullAfter ?? 100)) {
        sizeWhenFull = JSON.stringify(state).length;
      }
    }
    expect(JSON.stringify(state).length).toBeLessThan(sizeWhenFull * 1.2 + 50);
  });
});
