import { describe, expect, test } from 'vitest';
import { slidingCounter } from './sliding-counter.ts';
import { slidingLog } from './sliding-log.ts';

/** A multiple of every window here. */
const T = 1_200_000;

describe('sliding log', () => {
  const run = (
    config: { limit: number; windowMs: number },
    ...calls: (readonly [atMs: number, cost?: number])[]
  ) => {
    let state = slidingLog.init(config);
    const outputs = calls.map(([atMs, cost = 1]) => {
      const step = slidingLog.step(state, { nowMs: T + atMs, cost });
      state = step.state;
      return step.output;
    });
    return { outputs, state };
  };

  test('a call leaves the window exactly when it is over', () => {
    const { outputs } = run({ limit: 2, windowMs: 100 }, [0], [30], [99], [100], [129], [130]);
    expect(outputs.map((each) => each.value)).toEqual([true, true, false, true, false, true]);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 0, 1, 0, 1, 0]);
    expect(outputs[2]).toEqual({
      value: false,
      reason: 'limit-reached',
      terms: { cost: 1, used: 2, limit: 2, windowMs: 100, waitMs: 1 },
      waitMs: 1,
    });
    expect(outputs[3]).toMatchObject({ reason: 'within-limit', terms: { used: 2 } });
  });

  test('waits until enough of the oldest have left for the cost', () => {
    const { outputs } = run({ limit: 10, windowMs: 100 }, [0, 4], [10, 3], [20, 3], [20, 5]);
    expect(outputs.at(-1)?.waitMs).toBe(90);
    expect(run({ limit: 10, windowMs: 100 }, [0, 4], [10, 6], [20, 4]).outputs[2]?.waitMs).toBe(80);
  });

  test('calls of one instant are one entry', () => {
    const { state } = run({ limit: 10, windowMs: 100 }, [0], [0, 2], [0], [1]);
    expect(state.log.chunks).toEqual([
      [
        { atMs: T, cost: 4 },
        { atMs: T + 1, cost: 1 },
      ],
    ]);
    expect(state.used).toBe(5);
  });

  test('a cost above the limit never fits', () => {
    const { outputs } = run({ limit: 3, windowMs: 100 }, [0, 1], [0, 4], [0, 2]);
    expect(outputs[1]).toMatchObject({ reason: 'cost-above-limit', waitMs: null });
    expect(outputs[2]?.value).toBe(true);
  });

  test('an empty window owes nothing, whatever the sums have left over', () => {
    const { state } = run({ limit: 10, windowMs: 100 }, [0, 1.1], [1, 1.3], [500]);
    expect(state.used).toBe(1);
  });

  test('when the clock goes back, what would lie ahead counts as of now', () => {
    const calls = [[0], [50], [-1_000], [-901], [-900], [-900]] as const;
    const { outputs, state } = run({ limit: 2, windowMs: 100 }, ...calls);
    expect(outputs.map((each) => each.value)).toEqual([true, true, false, false, true, true]);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 0, 100, 1, 0, 0]);
    expect(state.used).toBe(2);
  });

  test('a smaller limit holds from now on', () => {
    const { state } = run({ limit: 3, windowMs: 100 }, [0], [10], [20]);
    const smaller = slidingLog.retune(state, { limit: 2, windowMs: 100 });
    expect(slidingLog.step(smaller, { nowMs: T + 50 }).output.waitMs).toBe(60);
  });

  test('1000 in 60 s is the default; the log is bounded', () => {
    expect(slidingLog.init({}).config).toEqual({ limit: 1_000, windowMs: 60_000 });
    expect(slidingLog.init({ limit: 4_096 }).config.limit).toBe(4_096);
    expect(() => slidingLog.init({ limit: 4_097 })).toThrow(/^limit is 4097.*use the counter/);
    expect(() => slidingLog.init({ limit: 0.5 })).toThrow(/^limit is /);
    expect(() => slidingLog.init({ windowMs: 0 })).toThrow(/^windowMs is /);
  });
});

describe('sliding counter', () => {
  const config = { limit: 4, windowMs: 300, parts: 3 };
  const run = (...calls: (readonly [atMs: number, cost?: number])[]) => {
    let state = slidingCounter.init(config);
    const outputs = calls.map(([atMs, cost = 1]) => {
      const step = slidingCounter.step(state, { nowMs: T + atMs, cost });
      state = step.state;
      return step.output;
    });
    return { outputs, state };
  };

  //   part   |  0..99  | 100..199 | 200..299 | 300..399 | 400..
  //   taken  |   3     |    1     |          |          |
  //   used   |   3     |    4     |    4     |    4     |  1
  test('the oldest part counts whole until it has left entirely', () => {
    const { outputs } = run([50, 3], [150], [250], [399], [400], [400, 3], [499], [500]);
    expect(outputs.map((each) => each.value)).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      true,
      true,
    ]);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 0, 150, 1, 0, 100, 0, 0]);
    expect(outputs[2]).toMatchObject({
      reason: 'limit-reached',
      terms: { cost: 1, used: 4, limit: 4, windowMs: 300, waitMs: 150 },
    });
    expect(outputs[4]?.terms.used).toBe(2);
  });

  test('waits for as many parts as it takes', () => {
    const { outputs } = run([0, 1], [100, 1], [200, 2], [200, 1], [200, 2], [200, 3], [200, 5]);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 0, 0, 200, 300, 400, null]);
    expect(outputs.at(-1)?.reason).toBe('cost-above-limit');
  });

  test('after a long silence nothing is used', () => {
    expect(run([0, 4], [399, 4], [400, 4]).outputs.map((each) => each.value)).toEqual([
      true,
      false,
      true,
    ]);
    expect(run([0, 4], [9_999_999, 4]).state.tally?.counts).toEqual([4]);
  });

  test('fractions that make up the limit fit', () => {
    const calls = Array.from({ length: 40 }, () => [0, 0.1] as const);
    expect(run(...calls).outputs.every((each) => each.value)).toBe(true);
    expect(run(...calls, [0, 0.1]).outputs.at(-1)?.value).toBe(false);
  });

  test('when the clock goes back, all that is known counts as of now', () => {
    const { outputs } = run([0, 2], [150, 2], [-1_000], [-601], [-600]);
    // The parts of 0 and 150 are now those of -1,100 and -1,000; the older leaves at -700.
    expect(outputs.map((each) => each.value)).toEqual([true, true, false, true, true]);
    expect(outputs[2]?.waitMs).toBe(300);
  });

  test('parts of another length: all that is known counts as of now', () => {
    const { state } = run([0, 3], [250, 1]);
    const longer = slidingCounter.retune(state, { limit: 4, windowMs: 600, parts: 3 });
    const step = slidingCounter.step(longer, { nowMs: T + 299 });
    expect(step.output).toMatchObject({ value: false, waitMs: 701 });
  });

  test('1000 in 60 s in ten parts is the default; a part is whole milliseconds', () => {
    expect(slidingCounter.init({}).config).toEqual({ limit: 1_000, windowMs: 60_000, parts: 10 });
    expect(() => slidingCounter.init({ parts: 7 })).toThrow(/^windowMs is .*multiple of parts/);
    expect(() => slidingCounter.init({ parts: 0 })).toThrow(/^parts is /);
    expect(() => slidingCounter.init({ parts: 61 })).toThrow(/^parts is /);
    expect(slidingCounter.init({ parts: 60 }).config.parts).toBe(60);
    expect(() => slidingCounter.init({ limit: 0 })).toThrow(/^limit is /);
    expect(() => slidingCounter.init({ windowMs: -5 })).toThrow(/^windowMs is /);
  });
});
