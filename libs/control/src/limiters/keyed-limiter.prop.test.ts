import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hybridLimiter } from './hybrid-limiter.ts';
import { keyedLimiter } from './keyed-limiter.ts';
import { slidingCounter } from './sliding-counter.ts';
import { tokenBucket } from './token-bucket.ts';

const T = 1_200_000;
const bucket = { capacity: 6, ratePerSecond: 5 };
const window = { limit: 12, windowMs: 3_000, parts: 3 };

interface Call {
  readonly nowMs: number;
  readonly key: string;
  readonly cost: number;
}

const callsOf = (keys: number, maxLength: number) =>
  fc
    .array(
      fc.record({
        gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 250 })),
        key: fc.nat({ max: keys - 1 }).map((each) => `key ${each}`),
        cost: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength, size: 'max' },
    )
    .map((steps) => {
      let nowMs = T;
      return steps.map(({ gapMs, key, cost }): Call => {
        nowMs += gapMs;
        return { nowMs, key, cost };
      });
    });

test('with room for all, each key is a token bucket and a sliding counter of its own', () => {
  fc.assert(
    fc.property(callsOf(12, 150), (calls) => {
      let state = keyedLimiter.init({ bucket, window, maxKeys: 20_000 });
      const buckets = new Map<string, ReturnType<typeof tokenBucket.init>>();
      const counters = new Map<string, ReturnType<typeof slidingCounter.init>>();
      for (const { key, ...call } of calls) {
        const step = keyedLimiter.step(state, { key, ...call });
        state = step.state;
        const a = tokenBucket.step(buckets.get(key) ?? tokenBucket.init(bucket), call);
        const b = slidingCounter.step(counters.get(key) ?? slidingCounter.init(window), call);
        const both = a.output.value && b.output.value;
        expect(step.output.value).toBe(both);
        expect(step.output.waitMs).toBe(Math.max(a.output.waitMs ?? 0, b.output.waitMs ?? 0));
        if (both) {
          buckets.set(key, a.state);
          counters.set(key, b.state);
        }
      }
    }),
  );
});

test('with far too little room, no key ever gets more than its rules say', () => {
  fc.assert(
    fc.property(callsOf(40, 400), (calls) => {
      let state = keyedLimiter.init({ bucket, window, maxKeys: 8 });
      const taken = new Map<string, Call[]>();
      for (const call of calls) {
        const step = keyedLimiter.step(state, call);
        state = step.state;
        if (step.output.value) {
          taken.set(call.key, [...(taken.get(call.key) ?? []), call]);
        }
      }
      for (const list of taken.values()) {
        list.forEach((from, at) => {
          let sum = 0;
          for (const { nowMs, cost } of list.slice(at)) {
            sum += cost;
            const gapMs = nowMs - from.nowMs;
            const most = bucket.capacity + (bucket.ratePerSecond * gapMs) / 1_000;
            expect(sum).toBeLessThanOrEqual(most + 1e-6);
            if (gapMs < window.windowMs) {
              expect(sum).toBeLessThanOrEqual(window.limit);
            }
          }
        });
      }
    }),
  );
});

test('too little room costs strangers, but does not shut them out for ever', () => {
  let state = keyedLimiter.init({ bucket, window, maxKeys: 8 });
  let admitted = 0;
  // 1,000 strangers a second, one call each.
  for (let ms = 0; ms < 10_000; ms += 1) {
    const step = keyedLimiter.step(state, { nowMs: T + ms, key: `stranger ${ms}` });
    state = step.state;
    admitted += step.output.value ? 1 : 0;
  }
  // What one key may have is the least they get together.
  expect(admitted).toBeGreaterThanOrEqual(36);
  expect(admitted).toBeLessThan(1_000);
});

test('hybrid: a call passes exactly when all three limits, each alone, would let it pass', () => {
  const config = {
    user: { bucket, window },
    ip: { bucket: null, window: { limit: 9, windowMs: 2_000, parts: 2 } },
    global: { capacity: 15, ratePerSecond: 12 },
    maxKeys: 20_000,
  };
  fc.assert(
    fc.property(callsOf(30, 150), (calls) => {
      let state = hybridLimiter.init(config);
      let users = keyedLimiter.init({ ...config.user });
      let ips = keyedLimiter.init({ ...config.ip });
      let all = tokenBucket.init(config.global);
      for (const { nowMs, key, cost } of calls) {
        const number = Number(key.slice(4));
        const user = `u${number % 5}`;
        const ip = `i${number % 3}`;
        const step = hybridLimiter.step(state, { nowMs, user, ip, cost });
        state = step.state;
        const byUser = keyedLimiter.step(users, { nowMs, key: user, cost });
        const byIp = keyedLimiter.step(ips, { nowMs, key: ip, cost });
        const byAll = tokenBucket.step(all, { nowMs, cost });
        const answers = [byUser.output, byIp.output, byAll.output];
        expect(step.output.value).toBe(answers.every((each) => each.value));
        expect(step.output.waitMs).toBe(Math.max(...answers.map((each) => each.waitMs ?? 0)));
        if (step.output.value) {
          users = byUser.state;
          ips = byIp.state;
          all = byAll.state;
        }
      }
    }),
  );
});
