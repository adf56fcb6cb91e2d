import type { GuardTargets } from '@flyball/contract';
import { describe, expect, it } from 'vitest';
import {
  enforcement,
  type GuardState,
  INITIAL_GUARD,
  nextPollMs,
  stepGuard,
  weightsFor,
} from './guard-client.ts';

function targets(change: Partial<GuardTargets> = {}): GuardTargets {
  return {
    version: 1,
    issuedAtMs: 1_000,
    lifetimeMs: 60_000,
    pollMs: 2_000,
    ratePerSecond: 50,
    burst: 25,
    weights: { a: 1, b: 3 },
    defaults: { ratePerSecond: null, equalWeights: true },
    ...change,
  };
}

function following(change: Partial<GuardTargets> = {}, atMs = 0): GuardState {
  return stepGuard(INITIAL_GUARD, { kind: 'answer', body: targets(change) }, atMs);
}

const failure = { kind: 'failure', reason: 'away' } as const;

describe('the guard', () => {
  it('limits nothing before the first answer', () => {
    expect(enforcement(INITIAL_GUARD, 1e9)).toEqual({
      ratePerSecond: null,
      burst: null,
      weights: null,
    });
  });

  it('enforces what the controller answered', () => {
    expect(enforcement(following(), 10)).toEqual({
      ratePerSecond: 50,
      burst: 25,
      weights: { a: 1, b: 3 },
    });
  });

  it('keeps the last targets while the controller is away, until their lifetime ends', () => {
    let state = following();
    for (let nowMs = 2_000; nowMs < 60_000; nowMs += 2_000) {
      state = stepGuard(state, failure, nowMs);
      expect(enforcement(state, nowMs).ratePerSecond).toBe(50);
    }
    state = stepGuard(state, failure, 60_000);
    expect(state.kind).toBe('expired');
    expect(enforcement(state, 60_000)).toMatchObject({ ratePerSecond: null, weights: null });
  });

  it('lets the lifetime end even when nobody ticks it', () => {
    expect(enforcement(following(), 59_999).ratePerSecond).toBe(50);
    expect(enforcement(following(), 60_000).ratePerSecond).toBeNull();
  });

  it('falls back to the defaults of the targets, weights kept if they say so', () => {
    const state = following({ defaults: { ratePerSecond: 500, equalWeights: false } });
    expect(enforcement(state, 60_000)).toEqual({
      ratePerSecond: 500,
      burst: null,
      weights: { a: 1, b: 3 },
    });
  });

  it('is renewed by the same version issued again', () => {
    const body = targets({ issuedAtMs: 2_000 });
    const state = stepGuard(following(), { kind: 'answer', body }, 50_000);
    expect(enforcement(state, 100_000).ratePerSecond).toBe(50);
  });

  it.each([
    ['null', null],
    ['text', 'hello'],
    ['an error of the API', { code: 'internal', message: 'no' }],
    ['a rate below nothing', targets({ ratePerSecond: -1 })],
    ['no lifetime', { ...targets(), lifetimeMs: undefined }],
    ['negative weights', targets({ weights: { a: -1 } })],
  ])('keeps serving by the last targets after %s', (_name, body) => {
    const state = stepGuard(following(), { kind: 'answer', body }, 1_000);
    expect(state).toMatchObject({ kind: 'following', failures: 1 });
    expect(enforcement(state, 1_000).ratePerSecond).toBe(50);
  });

  it('refuses what an older leader says, while its own targets live', () => {
    const held = following({ version: 5, issuedAtMs: 5_000 });
    const old = { kind: 'answer', body: targets({ version: 4, issuedAtMs: 9_000 }) } as const;
    const state = stepGuard(held, old, 1_000);
    expect(state).toMatchObject({ kind: 'following', targets: { version: 5 } });
    expect(state.lastError).toBe('outdated answer: version 4');
    expect(stepGuard(held, old, 60_000)).toMatchObject({
      kind: 'following',
      targets: { version: 4 },
    });
  });

  it('asks at the pace the controller wants, and backs off while it is away', () => {
    let state = following({ pollMs: 1_000 });
    const waits = [nextPollMs(state)];
    for (let count = 0; count < 5; count += 1) {
      state = stepGuard(state, failure, 10);
      waits.push(nextPollMs(state));
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    const body = targets({ pollMs: 1_000 });
    expect(nextPollMs(stepGuard(state, { kind: 'answer', body }, 10))).toBe(1_000);
    expect(nextPollMs(following({ pollMs: 1 }))).toBe(200);
    expect(nextPollMs(following({ pollMs: 1e9 }))).toBe(15_000);
  });
});

describe('the weights in force', () => {
  it('are equal without targets, and when the targets name nobody who is here', () => {
    expect(weightsFor(['a', 'b'], null)).toEqual({ a: 1, b: 1 });
    expect(weightsFor(['a', 'b'], { z: 3 })).toEqual({ a: 1, b: 1 });
    expect(weightsFor(['a', 'b'], { a: 0, b: 0 })).toEqual({ a: 1, b: 1 });
  });

  it('give a newcomer the mean of the known', () => {
    expect(weightsFor(['a', 'b', 'c'], { a: 2, b: 4 })).toEqual({ a: 0.5, b: 1, c: 0.75 });
  });

  it('survive numbers that would overflow a sum', () => {
    expect(weightsFor(['a', 'b', 'c'], { a: 1e308, b: 1e308 })).toEqual({ a: 1, b: 1, c: 1 });
  });
});
