import { describe, expect, test } from 'vitest';
import type { Admission, Machine } from '../admission/machine.ts';
import { explain } from '../explain.ts';
import { leakyBucket } from './leaky-bucket.ts';
import { type TakeInput, tokenBucket } from './token-bucket.ts';

const T = 1_000_000;

/** The answers to one call at each instant. */
function answers<State, Output extends Admission>(
  machine: Machine<never, State, TakeInput, Output>,
  start: State,
  calls: readonly (readonly [atMs: number, cost?: number])[],
): { readonly outputs: readonly Output[]; readonly state: State } {
  let state = start;
  const outputs = calls.map(([atMs, cost]) => {
    const step = machine.step(state, { nowMs: T + atMs, ...(cost === undefined ? {} : { cost }) });
    state = step.state;
    return step.output;
  });
  return { outputs, state };
}

describe('token bucket', () => {
  const ten = tokenBucket.init({ capacity: 10, ratePerSecond: 4 });
  const run = (...calls: (readonly [number, number?])[]) => answers(tokenBucket, ten, calls);

  test('2000 and 1000/s are the defaults', () => {
    expect(tokenBucket.init({}).config).toEqual({ capacity: 2_000, ratePerSecond: 1_000 });
  });

  test('begins full: the whole burst at once, then one call each 250 ms', () => {
    const { outputs } = run([0, 10], [0], [249], [250], [499], [500]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, false, true, false, true]);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 250, 1, 0, 1, 0]);
    expect(outputs[1]).toEqual({
      value: false,
      reason: 'limit-reached',
      terms: { cost: 1, tokens: 0, capacity: 10, ratePerSecond: 4, waitMs: 250 },
      waitMs: 250,
    });
    expect(explain(outputs[1]!)).toBe('The limit is reached; try again in 250 ms.');
    expect(outputs[0]).toMatchObject({ reason: 'within-limit', terms: { tokens: 0, cost: 10 } });
  });

  test('10 a second with a burst of 20: of 25 at once 20 pass, the 21st may in 100 ms', () => {
    const bucket = tokenBucket.init({ capacity: 20, ratePerSecond: 10 });
    const at = (atMs: number, calls: number) =>
      Array.from({ length: calls }, () => [atMs] as const);
    const { outputs } = answers(tokenBucket, bucket, [...at(0, 25), [99], ...at(100, 2)]);
    const passed = outputs.map((each) => each.value);
    expect(passed.slice(0, 25)).toEqual([...Array(20).fill(true), ...Array(5).fill(false)]);
    expect(outputs[20]).toMatchObject({ reason: 'limit-reached', waitMs: 100 });
    expect(passed.slice(25)).toEqual([false, true, false]);
  });

  test('fills up to its capacity and no further', () => {
    const { outputs } = run([0, 10], [2_499, 10], [2_500, 10], [90_000, 10], [90_000]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, true, true, false]);
  });

  test('a refused cost takes nothing: a smaller one passes', () => {
    const { outputs, state } = run([0, 7], [0, 4], [0, 3]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, true]);
    expect(outputs[1]).toMatchObject({ waitMs: 250, terms: { tokens: 3 } });
    expect(state.meter).toEqual({ level: 10, atMs: T });
  });

  test('a refusal leaves the state itself', () => {
    const { state } = run([0, 10]);
    expect(tokenBucket.step(state, { nowMs: T + 100 }).state).toBe(state);
  });

  test('a cost above the capacity never fits, and says so', () => {
    const { outputs } = run([0, 10.5], [0, 10]);
    expect(outputs[0]).toMatchObject({
      value: false,
      reason: 'cost-above-limit',
      waitMs: null,
      terms: { cost: 10.5, tokens: 10 },
    });
    expect(explain(outputs[0]!)).toBe('A cost of 10.5 is more than the limit ever allows.');
    expect(outputs[1]?.value).toBe(true);
  });

  test('many short gaps refill as much as one long one', () => {
    const bucket = tokenBucket.init({ capacity: 1, ratePerSecond: 3 });
    let { state } = tokenBucket.step(bucket, { nowMs: T });
    for (let ms = 1; ms < 333; ms += 1) {
      const step = tokenBucket.step(state, { nowMs: T + ms });
      expect(step.output.waitMs).toBe(334 - ms);
      state = step.state;
    }
    expect(tokenBucket.step(state, { nowMs: T + 334 }).output.value).toBe(true);
  });

  test('ten takes of a tenth are one', () => {
    let state = tokenBucket.init({ capacity: 1, ratePerSecond: 1e-6 });
    for (let call = 0; call < 10; call += 1) {
      const step = tokenBucket.step(state, { nowMs: T, cost: 0.1 });
      expect(step.output.value).toBe(true);
      expect(step.output.terms.tokens).toBeGreaterThanOrEqual(0);
      state = step.state;
    }
    expect(tokenBucket.step(state, { nowMs: T, cost: 0.1 }).output.value).toBe(false);
  });

  test('when the clock goes back nothing is refilled, and time counts from there', () => {
    const { outputs } = run([0, 10], [-3_600_000], [-3_599_751], [-3_599_750], [-3_599_500]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, false, true, true]);
    expect(outputs[1]?.waitMs).toBe(250);
  });

  test('a new capacity keeps the tokens, up to itself', () => {
    const { state } = run([0, 4]);
    const tokensWith = (capacity: number) => {
      const next = tokenBucket.retune(state, { capacity, ratePerSecond: 4 });
      return tokenBucket.step(next, { nowMs: T, cost: 100 }).output.terms.tokens;
    };
    expect(tokensWith(20)).toBe(6);
    expect(tokensWith(8)).toBe(6);
    expect(tokensWith(5)).toBe(5);
    const fresh = tokenBucket.retune(ten, { capacity: 20 });
    expect(fresh.meter).toBeNull();
  });

  test.each([
    [{ capacity: 0 }, 'capacity'],
    [{ ratePerSecond: 0 }, 'ratePerSecond'],
    [{ ratePerSecond: Number.NaN }, 'ratePerSecond'],
  ])('refuses %j', (config, field) => {
    expect(() => tokenBucket.init(config)).toThrow(new RegExp(`^${field} is `));
  });
});

describe('leaky bucket', () => {
  const config = { capacity: 4, ratePerSecond: 2 };

  test('as a queue: calls start one after the other, and a full queue refuses at once', () => {
    const { outputs } = answers(leakyBucket, leakyBucket.init(config), [
      [0],
      [0],
      [100],
      [100],
      [100],
      [500],
    ]);
    expect(outputs.map((each) => each.value)).toEqual([true, true, true, true, false, true]);
    expect(outputs.map((each) => each.delayMs)).toEqual([0, 500, 900, 1_400, null, 1_500]);
    expect(outputs[4]).toMatchObject({ reason: 'limit-reached', waitMs: 400 });
    expect(outputs[1]).toMatchObject({
      reason: 'paced',
      terms: { level: 1, delayMs: 500, capacity: 4, ratePerSecond: 2, cost: 1 },
    });
    expect(explain(outputs[1]!)).toBe('The call is within its limit and starts in 500 ms.');
    expect(outputs[0]?.reason).toBe('within-limit');
  });

  test('as a meter: the burst passes at once, then at the rate', () => {
    const meter = leakyBucket.init({ ...config, kind: 'meter' });
    const { outputs } = answers(leakyBucket, meter, [[0, 4], [0], [499], [500]]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, false, true]);
    expect(outputs.map((each) => each.delayMs)).toEqual([0, null, null, 0]);
    expect(outputs[0]?.reason).toBe('within-limit');
  });

  test('with capacity 1 it paces strictly', () => {
    const pacing = leakyBucket.init({ capacity: 1, ratePerSecond: 2 });
    const { outputs } = answers(leakyBucket, pacing, [[0], [0], [499], [500], [999], [1_100]]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, false, true, false, true]);
  });

  test('a heavy call holds the next one up longer', () => {
    const { outputs } = answers(leakyBucket, leakyBucket.init(config), [[0, 3], [0], [0]]);
    expect(outputs.map((each) => each.delayMs)).toEqual([0, 1_500, null]);
  });

  test('a cost above the capacity never fits', () => {
    const { outputs } = answers(leakyBucket, leakyBucket.init(config), [[0, 4.5]]);
    expect(outputs[0]).toMatchObject({ reason: 'cost-above-limit', waitMs: null, delayMs: null });
  });

  test('when the clock goes back nothing leaks, and time counts from there', () => {
    const { outputs } = answers(leakyBucket, leakyBucket.init(config), [
      [0, 4],
      [-60_000],
      [-59_501],
      [-59_500],
    ]);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 500, 1, 0]);
  });

  test('what is in the bucket stays when it is retuned', () => {
    const { state } = answers(leakyBucket, leakyBucket.init(config), [[0, 4]]);
    const faster = leakyBucket.retune(state, { capacity: 5, ratePerSecond: 8 });
    expect(leakyBucket.step(faster, { nowMs: T }).output.delayMs).toBe(500);
  });

  test('the mission’s queue of 1000 is the default', () => {
    expect(leakyBucket.init({}).config).toEqual({
      kind: 'queue',
      capacity: 1_000,
      ratePerSecond: 1_000,
    });
    expect(() => leakyBucket.init({ kind: 'pipe' as never })).toThrow(/^kind is /);
    expect(() => leakyBucket.init({ capacity: -1 })).toThrow(/^capacity is /);
  });
});
