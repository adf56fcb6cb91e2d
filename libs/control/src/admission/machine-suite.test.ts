import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { circuitBreaker } from '../breaker/breaker.ts';
import { bulkhead } from '../bulkhead/bulkhead.ts';
import { deadlineBudget } from '../deadline/deadline-budget.ts';
import { explain } from '../explain.ts';
import { fairQueue } from '../fair-queue/fair-queue.ts';
import { hybridLimiter } from '../limiters/hybrid-limiter.ts';
import { keyedLimiter } from '../limiters/keyed-limiter.ts';
import { leakyBucket } from '../limiters/leaky-bucket.ts';
import { slidingCounter } from '../limiters/sliding-counter.ts';
import { slidingLog } from '../limiters/sliding-log.ts';
import { tokenBucket } from '../limiters/token-bucket.ts';
import { singleFlight } from '../single-flight/single-flight.ts';
import type { Admission, Machine, MachineInput } from './machine.ts';

interface Case {
  readonly machine: Machine<unknown, unknown, MachineInput, Admission>;
  readonly config: unknown;
  /** Without time. */
  readonly sane: fc.Arbitrary<object>;
  /** Impossible figures in place of possible ones. */
  readonly poisoned: fc.Arbitrary<object>;
}

function caseOf<Config, State, Input extends MachineInput>(
  machine: Machine<Config, State, Input, Admission>,
  config: Config,
  inputs: { readonly sane: fc.Arbitrary<object>; readonly poisoned?: fc.Arbitrary<object> },
): Case {
  const { sane, poisoned = sane.map((input) => ({ ...input, nowMs: Number.NaN })) } = inputs;
  return { machine: machine as never, config, sane, poisoned };
}

const START_MS = 1_000_000_000_000;
const poison = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1);
const badCost = fc.oneof(poison, fc.constant(0));
const cost = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 }));
const ticket = fc.integer({ min: 1, max: 30 });
const key = fc.constantFrom('a', 'b', 'c', '', '__proto__', 'constructor', 'x'.repeat(300));
const many = fc.oneof(
  key,
  fc.integer({ min: 0, max: 99 }).map((each) => `key ${each}`),
);
const kind = <K extends string>(name: K) => fc.constant(name);
const priority = fc.integer({ min: 0, max: 2 });

const breakerInputs = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: kind('ask') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind('result'),
      ticket: fc.record({
        generation: fc.integer({ min: 1, max: 6 }),
        probe: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 3 })),
      }),
      outcome: fc.constantFrom('ok', 'error', 'cancelled', 'client-error', 'constructor'),
      durationMs: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 2_000 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('force'),
      to: fc.constantFrom('open', 'closed', 'metrics-only', 'automatic'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reset', 'tick') }) },
);
const poisonedResult = fc.record({
  kind: kind('result'),
  ticket: fc.constant({ generation: 1, probe: null }),
  outcome: kind('ok'),
  durationMs: poison,
});
const offer = { kind: kind('offer'), id: key, tenant: key, priority, cost };

const CASES: { readonly [name: string]: Case } = {
  tokenBucket: caseOf(
    tokenBucket,
    { capacity: 20, ratePerSecond: 7 },
    { sane: fc.record({ cost }), poisoned: fc.record({ cost: badCost }) },
  ),
  'leakyBucket, queue': caseOf(
    leakyBucket,
    { capacity: 20, ratePerSecond: 7 },
    { sane: fc.record({ cost }), poisoned: fc.record({ cost: badCost }) },
  ),
  'leakyBucket, meter': caseOf(
    leakyBucket,
    { kind: 'meter', capacity: 20, ratePerSecond: 7 },
    { sane: fc.record({ cost }), poisoned: fc.record({ cost: badCost }) },
  ),
  slidingLog: caseOf(
    slidingLog,
    { limit: 25, windowMs: 9_000 },
    {
      sane: fc.record({ cost }),
      poisoned: fc.record({ cost: fc.oneof(badCost, fc.constant(0.5)) }),
    },
  ),
  slidingCounter: caseOf(
    slidingCounter,
    { limit: 25, windowMs: 9_000, parts: 3 },
    { sane: fc.record({ cost }), poisoned: fc.record({ cost: badCost }) },
  ),
  keyedLimiter: caseOf(
    keyedLimiter,
    { maxKeys: 16, bucket: { capacity: 20, ratePerSecond: 7 } },
    {
      sane: fc.record({ key: many, cost }),
      poisoned: fc.record({ key: many, cost: badCost }),
    },
  ),
  hybridLimiter: caseOf(
    hybridLimiter,
    { maxKeys: 16, global: { capacity: 100, ratePerSecond: 50 } },
    {
      sane: fc.record({
        user: fc.oneof(fc.constant(null), many),
        ip: fc.oneof(fc.constant(null), many),
        cost,
      }),
      poisoned: fc.record({ user: many, ip: many, cost: badCost }),
    },
  ),
  circuitBreaker: caseOf(
    circuitBreaker,
    { openMs: 5_000, openFactor: 2, probeTimeoutMs: 4_000 },
    { sane: breakerInputs, poisoned: poisonedResult },
  ),
  bulkhead: caseOf(
    bulkhead,
    { maxConcurrent: 3, maxQueue: 5, queueTimeoutMs: 3_000, holdTimeoutMs: 20_000 },
    {
      sane: fc.oneof(
        { weight: 3, arbitrary: fc.record({ kind: kind('enter') }) },
        { weight: 2, arbitrary: fc.record({ kind: kind('leave'), ticket }) },
        { weight: 1, arbitrary: fc.record({ kind: kind('tick') }) },
      ),
    },
  ),
  deadlineBudget: caseOf(
    deadlineBudget,
    { startedMs: START_MS, budgetMs: 60_000 },
    {
      sane: fc.record({
        weight: fc.integer({ min: 1, max: 5 }),
        laterWeight: fc.integer({ min: 0, max: 5 }),
        tries: fc.integer({ min: 1, max: 3 }),
      }),
      poisoned: fc.oneof(
        fc.record({ weight: badCost }),
        fc.record({ laterWeight: poison }),
        fc.record({ tries: fc.oneof(badCost, fc.constant(1.5)) }),
      ),
    },
  ),
  singleFlight: caseOf(
    singleFlight,
    { maxKeys: 16, maxFollowers: 3, leaseMs: 4_000 },
    {
      sane: fc.oneof(
        { weight: 3, arbitrary: fc.record({ kind: kind('ask'), key: many }) },
        { weight: 1, arbitrary: fc.record({ kind: kind('done'), key: many, token: ticket }) },
      ),
    },
  ),
  fairQueue: caseOf(
    fairQueue,
    { priorities: 3, maxItems: 12, maxPerTenant: 6, maxTenants: 3, maxWaitMs: 20_000 },
    {
      sane: fc.oneof(
        { weight: 3, arbitrary: fc.record(offer) },
        { weight: 2, arbitrary: fc.record({ kind: kind('take') }) },
        { weight: 1, arbitrary: fc.record({ kind: kind('tick') }) },
      ),
      poisoned: fc.oneof(
        fc.record({ ...offer, cost: badCost }),
        fc.record({ ...offer, priority: fc.constantFrom(-1, 3, 0.5, Number.NaN) }),
      ),
    },
  ),
};

/** Standstill and steps back of the clock, and one leap. */
const gapMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -3_600_000, max: -1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 100_000_000 }) },
);

function inputsOf(each: Case): fc.Arbitrary<readonly MachineInput[]> {
  return fc
    .array(fc.tuple(gapMs, each.sane), { minLength: 1, maxLength: 50, size: 'max' })
    .map((steps) => {
      let nowMs = START_MS;
      return steps.map(([gap, input]) => {
        nowMs += gap;
        return { ...input, nowMs };
      });
    });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

describe.each(Object.entries(CASES))('machine suite: %s', (name, each) => {
  const { machine, config } = each;
  const inputs = inputsOf(each);

  test('says its name', () => {
    expect(name.startsWith(machine.name)).toBe(true);
  });

  test('goes on identically when its state has been through JSON at every step', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let kept = machine.init(config);
        let stored = machine.init(config);
        for (const input of sequence) {
          const a = machine.step(kept, input);
          const b = machine.step(JSON.parse(JSON.stringify(stored)), input);
          expect(JSON.stringify(b)).toBe(JSON.stringify(a));
          kept = a.state;
          stored = b.state;
        }
      }),
      { numRuns: 50 },
    );
  });

  test('gives a whole answer: a wait that fits it, finite terms, a sentence', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state = machine.init(config);
        for (const input of sequence) {
          const { state: next, output } = machine.step(state, input);
          state = next;
          const { value, waitMs, terms } = output;
          expect(value ? waitMs === 0 : waitMs === null || waitMs > 0).toBe(true);
          expect(waitMs === null || Number.isFinite(waitMs)).toBe(true);
          expect(Object.values(terms).every(Number.isFinite)).toBe(true);
          expect(explain(output)).toMatch(/^[^\s?][^?]*\.$/);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('refuses an impossible figure or instant', () => {
    fc.assert(
      fc.property(inputs, each.poisoned, poison, (sequence, poisoned, instant) => {
        let state = machine.init(config);
        for (const input of sequence) {
          state = machine.step(state, input).state;
        }
        const nowMs = sequence.at(-1)?.nowMs ?? START_MS;
        const bad = machine.step(state, { nowMs, ...poisoned });
        expect(bad.output).toMatchObject({
          value: false,
          reason: 'invalid-measure',
          terms: {},
          waitMs: null,
        });
        if (!Number.isFinite(instant)) {
          const timeless = machine.step(state, { ...(sequence[0] as object), nowMs: instant });
          expect(timeless.output).toMatchObject({ value: false, reason: 'invalid-measure' });
          expect(timeless.state).toBe(state);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('changes neither its state nor its input in place', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state = machine.init(config);
        for (const input of sequence) {
          state = machine.step(deepFreeze(state), deepFreeze(input)).state;
        }
      }),
      { numRuns: 30 },
    );
  });

  test('given the same configuration again, its state is the same', () => {
    fc.assert(
      fc.property(inputs, (sequence) => {
        let state = machine.init(config);
        for (const input of sequence) {
          state = machine.step(state, input).state;
        }
        expect(machine.retune(state, config)).toEqual(state);
      }),
      { numRuns: 30 },
    );
  });

  test('keeps a state of bounded size', () => {
    const samples = fc.sample(each.sane, { numRuns: 3_000, seed: 7 });
    let state = machine.init(config);
    let [early, late] = [0, 0];
    samples.forEach((input, at) => {
      state = machine.step(state, { ...input, nowMs: START_MS + at * 100 }).state;
      if (at % 20 === 0) {
        const size = JSON.stringify(state).length;
        early = at < 1_500 ? Math.max(early, size) : early;
        late = Math.max(late, size);
      }
    });
    expect(late).toBeLessThan(early * 1.3 + 100);
  });
});
