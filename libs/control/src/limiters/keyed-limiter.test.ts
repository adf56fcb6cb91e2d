import { describe, expect, test } from 'vitest';
import { explain } from '../explain.ts';
import { setAt } from '../persistent/table.ts';
import { hybridLimiter } from './hybrid-limiter.ts';
import { keyedLimiter } from './keyed-limiter.ts';

const T = 1_200_000;

describe('keyed limiter', () => {
  const config = {
    bucket: { capacity: 3, ratePerSecond: 10 },
    window: { limit: 5, windowMs: 1_000, parts: 2 },
  };
  const run = (...calls: (readonly [atMs: number, key: string, cost?: number])[]) => {
    let state = keyedLimiter.init(config);
    return calls.map(([atMs, key, cost = 1]) => {
      const step = keyedLimiter.step(state, { nowMs: T + atMs, key, cost });
      state = step.state;
      return step.output;
    });
  };

  test('each key has its own allowance', () => {
    const outputs = run([0, 'a', 3], [0, 'b', 3], [0, 'a'], [0, 'b'], [100, 'a'], [100, 'b']);
    expect(outputs.map((each) => each.value)).toEqual([true, true, false, false, true, true]);
    expect(outputs[2]).toEqual({
      value: false,
      reason: 'limit-reached',
      terms: { cost: 1, tokens: 0, used: 3, waitMs: 100 },
      waitMs: 100,
    });
  });

  test('the longer of the two waits', () => {
    const outputs = run([0, 'a', 3], [300, 'a', 2], [301, 'a', 3], [301, 'a', 2]);
    // 4.99 tokens are above the capacity: 1.01 are left of 3, and the part of 0 leaves at 1,500.
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 0, 1_199, 1_199]);
    expect(run([0, 'a', 3], [1_400, 'a', 2], [1_400, 'a', 3]).at(-1)?.waitMs).toBe(200);
  });

  test('a refusal by one rule charges neither', () => {
    const outputs = run([0, 'a', 3], [0, 'a', 2], [200, 'a', 2], [1_999, 'a', 3]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, true, true]);
    expect(outputs[2]?.terms).toEqual({ cost: 2, tokens: 2, used: 3 });
  });

  test('a cost that one rule never allows', () => {
    expect(run([0, 'a', 4])[0]).toMatchObject({ reason: 'cost-above-limit', waitMs: null });
    expect(run([0, 'a', 6])[0]).toMatchObject({ reason: 'cost-above-limit', waitMs: null });
  });

  test('one rule alone', () => {
    const bucketOnly = keyedLimiter.init({ bucket: config.bucket, window: null });
    expect(keyedLimiter.step(bucketOnly, { nowMs: T, key: 'a' }).output).toMatchObject({
      value: true,
      terms: { tokens: 3, used: 0 },
    });
    const windowOnly = keyedLimiter.init({ bucket: null, window: config.window });
    const { state } = keyedLimiter.step(windowOnly, { nowMs: T, key: 'a', cost: 5 });
    expect(keyedLimiter.step(state, { nowMs: T, key: 'a' }).output.waitMs).toBe(1_500);
    expect(() => keyedLimiter.init({ bucket: null, window: null })).toThrow(/^bucket is null/);
  });

  test('keys are told apart by their first 256 characters', () => {
    const long = 'x'.repeat(255);
    const outputs = run([0, `${long}ab`, 3], [0, `${long}ac`], [0, `${long}b`]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, true]);
  });

  test('when the clock goes back a key waits from now, not until the old time comes again', () => {
    const outputs = run([0, 'a', 3], [-60_000, 'a'], [-59_901, 'a'], [-59_900, 'a']);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 100, 1, 0]);
    const used = run([0, 'a', 3], [400, 'a', 2], [-60_000, 'a'], [-58_501, 'a'], [-58_500, 'a']);
    expect(used.map((each) => each.waitMs)).toEqual([0, 0, 1_500, 1, 0]);
  });

  test('a stranger in a full set begins where those put out of it had come to', () => {
    let state = keyedLimiter.init({ ...config, maxKeys: 8 });
    const take = (key: string, atMs: number, cost = 1) => {
      const step = keyedLimiter.step(state, { nowMs: T + atMs, key, cost });
      state = step.state;
      return step.output;
    };
    for (let each = 0; each < 8; each += 1) {
      take(`key ${each}`, 0, each === 5 ? 2 : 3);
    }
    // No idle one among the eight: key 5, which has used least, makes room.
    expect(take('ninth', 0).terms).toMatchObject({ tokens: 3, used: 0 });
    expect(take('key 5', 0)).toMatchObject({ value: true, terms: { tokens: 1, used: 2 } });
    // Room for it was made by the ninth, which had used 1: less than key 5 before.
    expect(take('tenth', 0).terms).toMatchObject({ tokens: 1, used: 2 });
    // When all are idle again a stranger has all it may.
    expect(take('eleventh', 2_000).terms).toMatchObject({ tokens: 3, used: 0 });
  });

  test('an idle key goes without a trace', () => {
    let state = keyedLimiter.init({ ...config, maxKeys: 8 });
    for (let each = 0; each < 30; each += 1) {
      const step = keyedLimiter.step(state, {
        nowMs: T + each * 2_000,
        key: `key ${each}`,
        cost: 3,
      });
      expect(step.output).toMatchObject({ value: true, terms: { tokens: 3, used: 0 } });
      state = step.state;
    }
    expect(setAt(state.table, 0).rest).toBeNull();
  });

  test('what is known of strangers is settled too when the clock goes back', () => {
    let state = keyedLimiter.init({ bucket: config.bucket, window: null, maxKeys: 8 });
    const take = (key: string, atMs: number, cost = 3) => {
      const step = keyedLimiter.step(state, { nowMs: T + atMs, key, cost });
      state = step.state;
      return step.output;
    };
    for (let each = 0; each < 9; each += 1) {
      take(`key ${each}`, 0);
    }
    expect(take('stranger', -60_000).waitMs).toBe(300);
    expect(take('stranger', -59_700).value).toBe(true);
  });

  test('the mission’s share of a user is the default', () => {
    const { config: rules, table } = keyedLimiter.init({});
    expect(rules).toEqual({
      bucket: { capacity: 200, ratePerSecond: 100 },
      window: { limit: 1_000, windowMs: 60_000, parts: 6 },
    });
    expect(table.width ** table.depth * 8).toBeGreaterThanOrEqual(20_000);
    expect(() => keyedLimiter.init({ maxKeys: 0 })).toThrow(/^maxKeys is /);
    const bad = { capacity: 0, ratePerSecond: 1 };
    expect(() => keyedLimiter.init({ bucket: bad })).toThrow(/^bucket.capacity is /);
  });
});

describe('hybrid limiter', () => {
  const run = (
    config: Parameters<typeof hybridLimiter.init>[0],
    ...calls: (readonly [atMs: number, user: string | null, ip: string | null, cost?: number])[]
  ) => {
    let state = hybridLimiter.init(config);
    const outputs = calls.map(([atMs, user, ip, cost = 1]) => {
      const step = hybridLimiter.step(state, { nowMs: T + atMs, user, ip, cost });
      state = step.state;
      return step.output;
    });
    return { outputs, state };
  };

  test('the numbers of the mission are the defaults', () => {
    expect(hybridLimiter.init({}).config).toEqual({
      user: {
        bucket: { capacity: 200, ratePerSecond: 100 },
        window: { limit: 1_000, windowMs: 60_000, parts: 6 },
      },
      ip: { bucket: null, window: { limit: 100, windowMs: 60_000, parts: 6 } },
      global: { capacity: 10_000, ratePerSecond: 10_000 },
    });
  });

  test('each limit holds, and the reason names it', () => {
    const ip = run({}, [0, 'u', 'i', 100], [0, 'v', 'i']).outputs[1];
    expect(ip).toMatchObject({ value: false, reason: 'ip-limit-reached', waitMs: 70_000 });
    expect(explain(ip!)).toBe('The address has used all it may; try again in 70 s.');

    const burst = run({}, [0, 'u', null, 200], [0, 'u', 'i']).outputs[1];
    expect(burst).toMatchObject({ reason: 'user-burst-reached', waitMs: 10 });

    const seconds = [0, 2, 4, 6, 8].map((s) => [s * 1_000, 'u', null, 200] as const);
    const user = run({}, ...seconds, [9_999, 'u', 'i']).outputs.at(-1);
    expect(user).toMatchObject({ reason: 'user-limit-reached', waitMs: 60_001 });

    const all = run({ user: null }, [0, 'u', null, 10_000], [0, 'v', 'i']).outputs[1];
    expect(all).toMatchObject({ reason: 'global-limit-reached', waitMs: 1 });
  });

  test('all or nothing: a refusal by one limit costs nothing with the others', () => {
    const { outputs, state } = run({}, [0, 'u', 'i', 100], [0, 'u', 'i', 60], [0, 'u', 'j', 60]);
    expect(outputs.map((each) => each.value)).toEqual([true, false, true]);
    expect(outputs[1]?.terms).toEqual({
      cost: 60,
      userTokens: 100,
      userUsed: 100,
      ipUsed: 100,
      globalTokens: 9_900,
      waitMs: 70_000,
    });
    expect(outputs[2]?.terms).toMatchObject({
      userTokens: 100,
      userUsed: 100,
      ipUsed: 0,
      globalTokens: 9_900,
    });
    expect(state.all).toEqual({ level: 160, atMs: T });
  });

  test('the longest wait of several, and never is longer than any', () => {
    const config = { global: { capacity: 50, ratePerSecond: 1 } };
    const { outputs } = run(config, [0, 'u', 'i', 50], [0, 'u', 'i', 51], [0, 'u', 'i', 50]);
    expect(outputs[1]).toMatchObject({ reason: 'cost-above-limit', waitMs: null });
    expect(outputs[2]).toMatchObject({ reason: 'global-limit-reached', waitMs: 50_000 });
  });

  test('a call without a user or address is held by the other limits', () => {
    const { outputs } = run({}, [0, null, 'i', 100], [0, null, 'i'], [0, null, null]);
    expect(outputs.map((each) => each.reason)).toEqual([
      'within-limit',
      'ip-limit-reached',
      'within-limit',
    ]);
    expect(outputs[2]?.terms).toEqual({ cost: 1, globalTokens: 9_900 });
  });

  test('a limit that is null is off', () => {
    const off = run({ user: null, ip: null, global: null }, [0, 'u', 'i', 10 ** 6]);
    expect(off.outputs[0]).toMatchObject({ value: true, terms: { cost: 10 ** 6 } });
    expect(off.state.users.root.every((branch) => branch === null)).toBe(true);
    expect(off.state.all).toBeNull();
  });

  test('users and addresses of one name are two', () => {
    const { outputs } = run({}, [0, 'same', 'i', 100], [0, 'u', 'same', 100]);
    expect(outputs.every((each) => each.value)).toBe(true);
  });

  test('when the clock goes back every limit counts from now', () => {
    const config = {
      user: { bucket: { capacity: 10, ratePerSecond: 10 }, window: null },
      ip: { bucket: { capacity: 20, ratePerSecond: 10 }, window: null },
      global: { capacity: 10, ratePerSecond: 5 },
    };
    const back = -3_600_000;
    const calls = [back, back + 199, back + 200].map((atMs) => [atMs, 'u', 'i'] as const);
    const { outputs } = run(config, [0, 'u', 'i', 10], ...calls);
    expect(outputs.map((each) => each.waitMs)).toEqual([0, 200, 1, 0]);
  });

  test('a retune keeps what is known', () => {
    const { state } = run({}, [0, 'u', 'i', 100]);
    const wider = hybridLimiter.retune(state, {
      ip: { bucket: null, window: { limit: 150, windowMs: 60_000, parts: 6 } },
    });
    const step = (cost: number) =>
      hybridLimiter.step(wider, { nowMs: T, user: 'u', ip: 'i', cost }).output.value;
    expect(step(50)).toBe(true);
    expect(step(51)).toBe(false);
  });

  test('a wrong rule is named by its place', () => {
    const bucket = { capacity: 1, ratePerSecond: 0 };
    const window = { limit: 0, windowMs: 60_000, parts: 6 };
    expect(() => hybridLimiter.init({ user: { bucket, window: null } })).toThrow(
      /^user.bucket.ratePerSecond is /,
    );
    expect(() => hybridLimiter.init({ ip: { bucket: null, window } })).toThrow(
      /^ip.window.limit is /,
    );
    expect(() => hybridLimiter.init({ global: bucket })).toThrow(/^global.ratePerSecond is /);
  });
});
