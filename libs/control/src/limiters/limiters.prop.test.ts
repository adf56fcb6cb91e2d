import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Admission, Machine } from '../admission/machine.ts';
import { leakyBucket } from './leaky-bucket.ts';
import { slidingCounter } from './sliding-counter.ts';
import { slidingLog } from './sliding-log.ts';
import { type TakeInput, tokenBucket } from './token-bucket.ts';

interface Taken {
  readonly atMs: number;
  readonly cost: number;
}

const T = 1_700_000_000_000;
const NOISE = 1e-6;

const calls = fc.array(
  fc.record({
    gapMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 20_000 }) },
    ),
    cost: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 8 })),
  }),
  { maxLength: 120, size: 'max' },
);
const rules = fc.record({
  capacity: fc.integer({ min: 1, max: 30 }),
  ratePerSecond: fc.oneof(
    fc.integer({ min: 1, max: 50 }),
    fc.double({ min: 0.3, max: 50, noNaN: true }),
  ),
});
const windows = fc.record({
  limit: fc.integer({ min: 1, max: 30 }),
  parts: fc.integer({ min: 1, max: 6 }),
  partMs: fc.integer({ min: 1, max: 700 }),
});

/** Every call asked once; those admitted are told, and the state after each answer. */
function run<Config, State>(
  machine: Machine<Config, State, TakeInput, Admission>,
  config: Config,
  sequence: readonly { readonly gapMs: number; readonly cost: number }[],
  each: (call: {
    readonly nowMs: number;
    readonly cost: number;
    readonly output: Admission;
    /** Before this call. */
    readonly taken: readonly Taken[];
    readonly state: State;
  }) => void = () => {},
): readonly Taken[] {
  let state = machine.init(config);
  let nowMs = T;
  const taken: Taken[] = [];
  for (const { gapMs, cost } of sequence) {
    nowMs += gapMs;
    const step = machine.step(state, { nowMs, cost });
    each({ nowMs, cost, output: step.output, taken, state: step.state });
    state = step.state;
    if (step.output.value) {
      taken.push({ atMs: nowMs, cost });
    }
  }
  return taken;
}

const sumOf = (taken: readonly Taken[]) => taken.reduce((sum, { cost }) => sum + cost, 0);

/** The largest of (sum of costs in the interval) - rate x its length, over all intervals. */
function largestBurst(taken: readonly Taken[], ratePerSecond: number): number {
  let largest = 0;
  taken.forEach((from, at) => {
    let sum = 0;
    for (const { atMs, cost } of taken.slice(at)) {
      sum += cost;
      largest = Math.max(largest, sum - ((atMs - from.atMs) * ratePerSecond) / 1_000);
    }
  });
  return largest;
}

test('token bucket: at most capacity + rate t in any t, and never less than that allows', () => {
  fc.assert(
    fc.property(rules, calls, (rule, sequence) => {
      const taken = run(tokenBucket, rule, sequence, ({ nowMs, cost, output, taken: before }) => {
        const burst = largestBurst([...before, { atMs: nowMs, cost }], rule.ratePerSecond);
        // A call is admitted exactly when it breaks the bound over no interval.
        if (Math.abs(burst - rule.capacity) > NOISE) {
          expect(output.value).toBe(burst <= rule.capacity);
        }
      });
      expect(largestBurst(taken, rule.ratePerSecond)).toBeLessThanOrEqual(rule.capacity + NOISE);
    }),
  );
});

test('leaky bucket: as a meter it is the token bucket; as a queue it admits the same', () => {
  fc.assert(
    fc.property(rules, calls, (rule, sequence) => {
      const tokens = run(tokenBucket, rule, sequence);
      expect(run(leakyBucket, { ...rule, kind: 'meter' }, sequence)).toEqual(tokens);
      expect(run(leakyBucket, { ...rule, kind: 'queue' }, sequence)).toEqual(tokens);
    }),
  );
});

test('leaky bucket as a queue: a server that works one call after the other', () => {
  fc.assert(
    fc.property(rules, calls, (rule, sequence) => {
      let freeMs = Number.NEGATIVE_INFINITY;
      let state = leakyBucket.init(rule);
      let nowMs = 0;
      for (const { gapMs, cost } of sequence) {
        nowMs += gapMs;
        const { state: next, output } = leakyBucket.step(state, { nowMs, cost });
        state = next;
        if (output.value) {
          const startMs = Math.max(nowMs, freeMs);
          expect(nowMs + (output.delayMs ?? Number.NaN)).toBeCloseTo(startMs, 5);
          freeMs = startMs + (cost * 1_000) / rule.ratePerSecond;
        }
      }
    }),
  );
});

test('sliding log: the sum over the window, exactly', () => {
  fc.assert(
    fc.property(windows, calls, ({ limit, parts, partMs }, sequence) => {
      const config = { limit, windowMs: parts * partMs };
      run(slidingLog, config, sequence, ({ nowMs, cost, output, taken, state }) => {
        const used = sumOf(taken.filter(({ atMs }) => atMs > nowMs - config.windowMs));
        expect(output.value).toBe(used + cost <= limit);
        expect(state.used).toBe(output.value ? used + cost : used);
        expect(sumOf(state.log.chunks.flat())).toBe(state.used);
      });
    }),
  );
});

test('sliding counter: never above the limit; all that a log over one part more admits', () => {
  fc.assert(
    fc.property(windows, calls, ({ limit, parts, partMs }, sequence) => {
      const config = { limit, windowMs: parts * partMs, parts };
      run(slidingCounter, config, sequence, ({ nowMs, cost, output, taken }) => {
        const within = (ms: number) => sumOf(taken.filter(({ atMs }) => atMs > nowMs - ms)) + cost;
        if (output.value) {
          expect(within(config.windowMs)).toBeLessThanOrEqual(limit);
        } else {
          expect(within(config.windowMs + partMs)).toBeGreaterThan(limit);
        }
      });
    }),
  );
});

const MACHINES = [
  ['tokenBucket', tokenBucket, (rule: { limit: number }) => ({ capacity: rule.limit })],
  ['leakyBucket', leakyBucket, (rule: { limit: number }) => ({ capacity: rule.limit })],
  ['slidingLog', slidingLog, (rule: { limit: number; windowMs: number }) => rule],
  ['slidingCounter', slidingCounter, (rule: { limit: number }) => rule],
] as const;

test.each(MACHINES)('%s: the wait it tells is enough, and not a millisecond too much', (...of) => {
  const machine = of[1] as unknown as Machine<object, unknown, TakeInput, Admission>;
  const configOf = of[2] as (rule: object) => object;
  fc.assert(
    fc.property(windows, calls, ({ limit, parts, partMs }, sequence) => {
      const rate = { ratePerSecond: 7 };
      const config = { ...configOf({ limit, windowMs: parts * partMs }), ...rate, parts };
      run(machine, config, sequence, ({ nowMs, cost, output, state }) => {
        if (output.value) return;
        const { waitMs } = output;
        expect(waitMs === null).toBe(cost > limit);
        if (waitMs === null) return;
        const after = (ms: number) => machine.step(state, { nowMs: nowMs + ms, cost }).output.value;
        expect(after(waitMs)).toBe(true);
        expect(after(waitMs - 1)).toBe(false);
      });
    }),
  );
});

test('with a clock that jumps, only time that passed forwards is refilled', () => {
  const jumps = fc.array(
    fc.record({
      gapMs: fc.integer({ min: -5_000, max: 3_000 }),
      cost: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 100, size: 'max' },
  );
  fc.assert(
    fc.property(rules, jumps, (rule, sequence) => {
      const forwardMs = sequence.reduce((sum, { gapMs }) => sum + Math.max(0, gapMs), 0);
      const most = rule.capacity + (rule.ratePerSecond * forwardMs) / 1_000;
      for (const machine of [tokenBucket, leakyBucket]) {
        const of = machine as Machine<object, unknown, TakeInput, Admission>;
        expect(sumOf(run(of, rule, sequence))).toBeLessThanOrEqual(most + NOISE);
      }
    }),
  );
});
