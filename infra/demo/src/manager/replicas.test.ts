import type { ProcessService, SetReplicas } from '@flyball/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialReplicas, type ReplicaState, rememberAnswer, setReplicas } from './replicas.ts';

const LIMITS = { maxReplicas: 10 };

function request(change: Partial<SetReplicas> = {}): SetReplicas {
  return {
    replicas: 4,
    fence: 1,
    expectedVersion: 1,
    idempotencyKey: 'p1',
    by: 'controller',
    ...change,
  };
}

function answerOf(state: ReplicaState): ProcessService {
  const { version, desired, fence } = state;
  return {
    service: 'checkout',
    version,
    desired,
    fence,
    running: 2,
    starting: 0,
    draining: 0,
    startUpMs: null,
    instances: [],
  };
}

describe('setting the replicas', () => {
  it('changes the desired count and grows the version', () => {
    const result = setReplicas(initialReplicas(2), request(), LIMITS);
    expect(result).toMatchObject({
      kind: 'accepted',
      changed: true,
      state: { desired: 4, version: 2, fence: 1 },
    });
  });

  it('changes no version when the count is already right', () => {
    const result = setReplicas(initialReplicas(4), request({ fence: 9 }), LIMITS);
    expect(result).toMatchObject({
      kind: 'accepted',
      changed: false,
      state: { desired: 4, version: 1, fence: 9 },
    });
  });

  it('refuses a version that is no longer current, and remembers the newer fence', () => {
    const state = { ...initialReplicas(2), version: 7 };
    expect(setReplicas(state, request({ fence: 3 }), LIMITS)).toMatchObject({
      kind: 'refused',
      code: 'version-changed',
      message: 'version is 7, not 1: read again',
      state: { desired: 2, version: 7, fence: 3 },
    });
  });

  it('refuses a leader that was replaced, even with the right version', () => {
    const state = { ...initialReplicas(2), fence: 5 };
    expect(setReplicas(state, request({ fence: 4 }), LIMITS)).toMatchObject({
      kind: 'refused',
      code: 'fence-outdated',
      state: { desired: 2, fence: 5 },
    });
  });

  it('refuses more than the machine is meant to carry', () => {
    expect(setReplicas(initialReplicas(2), request({ replicas: 11 }), LIMITS)).toMatchObject({
      kind: 'invalid',
      state: { desired: 2, version: 1 },
    });
  });

  it('answers a repeat the same, whatever has happened since', () => {
    const first = setReplicas(initialReplicas(2), request(), LIMITS);
    const answer = answerOf(first.state);
    let state = rememberAnswer(first.state, { request: request(), answer });
    state = setReplicas(
      state,
      request({ idempotencyKey: 'p2', expectedVersion: 2, replicas: 6, fence: 8 }),
      LIMITS,
    ).state;
    expect(setReplicas(state, request(), LIMITS)).toEqual({ kind: 'repeated', state, answer });
    expect(setReplicas(state, request({ replicas: 3 }), LIMITS)).toMatchObject({
      kind: 'refused',
      code: 'key-reused',
    });
  });

  it('remembers a bounded number of answers', () => {
    let state = initialReplicas(2);
    for (let index = 0; index < 500; index += 1) {
      const asked = request({ idempotencyKey: `p${index}` });
      state = rememberAnswer(state, { request: asked, answer: answerOf(state) });
    }
    expect(state.answered.length).toBe(100);
  });

  it('never lets version or fence go back, nor two writers win on one version', () => {
    const any = fc.record({
      replicas: fc.integer({ min: 0, max: 12 }),
      fence: fc.integer({ min: 0, max: 5 }),
      expectedVersion: fc.integer({ min: 1, max: 6 }),
      key: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (asked) => {
        let state = initialReplicas(2);
        const winners = new Set<number>();
        for (const { key, ...rest } of asked) {
          const sent = request({ ...rest, idempotencyKey: `k${key}` });
          const before = state;
          const result = setReplicas(state, sent, LIMITS);
          state = result.state;
          expect(state.version).toBeGreaterThanOrEqual(before.version);
          expect(state.fence).toBeGreaterThanOrEqual(before.fence);
          if (result.kind !== 'accepted') {
            expect(state.desired).toBe(before.desired);
            continue;
          }
          expect(sent.fence).toBe(state.fence);
          if (result.changed) {
            expect(winners.has(sent.expectedVersion)).toBe(false);
            winners.add(sent.expectedVersion);
          }
          state = rememberAnswer(state, { request: sent, answer: answerOf(state) });
        }
      }),
    );
  });
});
