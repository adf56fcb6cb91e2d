import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { rejectionShare, type SuccessRateInput, successRate } from './success-rate.ts';

const START_MS = 1_000_000_000;

function walk(
  inputs: readonly (Partial<SuccessRateInput> & { readonly atMs: number })[],
  config = {},
) {
  let state = successRate.init(config);
  return inputs.map(({ atMs, ...input }) => {
    const full = { evidenceAgeMs: 0, applied: 0, calls: 0, successes: 0, ...input };
    const step = successRate.step(state, { nowMs: START_MS + atMs, ...full });
    state = step.state;
    return { ...step.output, state };
  });
}

function once(calls: number | null, successes: number | null, config = {}) {
  const [output] = walk([{ atMs: 0, calls, successes }], config);
  return output;
}

describe('the formula', () => {
  const usual = { threshold: 0.95, aggression: 1, maxRejection: 0.8 };

  test.each([
    [100, 100, 0],
    [100, 95, 0],
    // (99 - 47.5 / 0.95) / 100
    [99, 47.5, 0.49],
    [99, 76, 0.19],
    [99, 0, 0.8],
    [19, 0, 0.8],
    [3, 0, 0.75],
    [0, 0, 0],
  ])('%f calls, %f successes: %f', (calls, successes, share) => {
    expect(rejectionShare(calls, successes, usual)).toBeCloseTo(share, 12);
  });

  test('aggression takes the root: above 1 it turns away more', () => {
    const at = (aggression: number) => rejectionShare(99, 76, { ...usual, aggression });
    expect(at(2)).toBeCloseTo(Math.sqrt(0.19), 12);
    expect(at(0.5)).toBeCloseTo(0.19 ** 2, 12);
    expect(rejectionShare(100, 100, { ...usual, aggression: 2 })).toBe(0);
  });

  test('a threshold of 1 turns away for any failure', () => {
    expect(rejectionShare(99, 98, { ...usual, threshold: 1 })).toBeCloseTo(0.01, 12);
  });
});

describe('the law', () => {
  test.each([
    [99, 76, 0.19, 'success-low'],
    [100, 95, 0, 'success-high'],
    [100, 94, 0.010421052632, null],
    [10, 0, 0.8, 'success-low'],
    [9, 0, 0, 'too-few-calls'],
    [0, 0, 0, 'too-few-calls'],
  ] as const)('%i calls, %i successes: %f', (calls, successes, value, reason) => {
    const output = once(calls, successes);
    expect(output?.value).toBeCloseTo(value, 3);
    if (reason !== null) {
      expect(output?.reason).toBe(reason);
    }
  });

  test('says what it rests on', () => {
    const output = once(99, 76);
    expect(output?.terms).toEqual({ calls: 99, successes: 76, threshold: 0.95, applied: 0 });
    expect(output && explain(output)).toBe(
      '76 of 99 calls succeeded: 0.19 of them are turned away.',
    );
  });

  test('adds up what came in 30 s, and forgets what is older', () => {
    const values = walk([
      { atMs: 0, calls: 50, successes: 0 },
      { atMs: 29_000, calls: 49, successes: 49 },
      { atMs: 29_999, calls: 0, successes: 0 },
      { atMs: 30_000, calls: 0, successes: 0 },
      { atMs: 58_999, calls: 0, successes: 0 },
      { atMs: 59_000, calls: 0, successes: 0 },
    ]);
    expect(values.map(({ terms }) => terms.calls)).toEqual([50, 99, 99, 49, 49, 0]);
    expect(values.map(({ terms }) => terms.successes)).toEqual([0, 49, 49, 49, 49, 0]);
  });

  test('two steps within a slot add up', () => {
    const [, second] = walk([
      { atMs: 100, calls: 10, successes: 5 },
      { atMs: 900, calls: 20, successes: 7 },
    ]);
    expect(second?.terms).toMatchObject({ calls: 30, successes: 12 });
  });

  test('a gap as long as the window empties it, one slot less does not', () => {
    const after = (atMs: number) =>
      walk([
        { atMs: 0, calls: 10, successes: 10 },
        { atMs, calls: 3, successes: 3 },
      ])[1]?.terms.calls;
    expect(after(29_000)).toBe(13);
    expect(after(30_000)).toBe(3);
    expect(after(300_000)).toBe(3);
  });

  test('a clock set back within the slot goes on, further back it begins anew', () => {
    const after = (atMs: number) => {
      const [, , third] = walk([
        { atMs: 5_500, calls: 10, successes: 10 },
        { atMs, calls: 1, successes: 1 },
        { atMs: atMs + 100, calls: 2, successes: 2 },
      ]);
      return third?.terms.calls;
    };
    expect(after(5_100)).toBe(12);
    expect(after(1_000)).toBe(2);
  });

  test('works before the epoch', () => {
    const values = walk([
      { atMs: -START_MS - 2_500, calls: 10, successes: 10 },
      { atMs: -START_MS + 500, calls: 5, successes: 5 },
    ]);
    expect(values[1]?.terms.calls).toBe(15);
  });

  test.each([
    ['no calls known', { calls: null }, 'no-evidence'],
    ['no successes known', { successes: null }, 'no-evidence'],
    ['more successes than calls', { calls: 5, successes: 6 }, 'invalid-measure'],
    ['negative calls', { calls: -1, successes: -1 }, 'invalid-measure'],
    ['half a call less than none', { calls: 5, successes: -0.5 }, 'invalid-measure'],
    ['no number of successes', { calls: 5, successes: Number.NaN }, 'invalid-measure'],
    ['no age', { evidenceAgeMs: null }, 'no-evidence'],
    ['old figures', { evidenceAgeMs: 30_001 }, 'stale-evidence'],
  ] as const)('%s: the share in force stays and nothing is counted', (_name, input, reason) => {
    const [held, next] = walk([
      { atMs: 0, calls: 50, successes: 0, applied: 0.3, ...input },
      { atMs: 1_000, calls: 12, successes: 12 },
    ]);
    expect(held).toMatchObject({ value: 0.3, reason, terms: { applied: 0.3 } });
    expect(next?.terms.calls).toBe(12);
  });

  test('a share in force that is none is not repeated', () => {
    expect(walk([{ atMs: 0, calls: null, applied: Number.NaN }])[0]?.value).toBe(0);
    expect(walk([{ atMs: 0, calls: null, applied: 7 }])[0]?.value).toBe(1);
    expect(walk([{ atMs: 0, calls: 9, applied: -1 }])[0]?.reason).toBe('invalid-measure');
  });

  test('a window of another length begins anew, other settings keep what was counted', () => {
    const [{ state } = { state: successRate.init({}) }] = walk([
      { atMs: 0, calls: 50, successes: 50 },
    ]);
    const later = { nowMs: START_MS + 1_000, evidenceAgeMs: 0, applied: 0, calls: 1, successes: 1 };
    const after = (config: object) =>
      successRate.step(successRate.retune(state, config), later).output.terms.calls;
    expect(after({ threshold: 0.9 })).toBe(51);
    expect(after({ windowMs: 60_000 })).toBe(1);
    expect(successRate.name).toBe('successRate');
    // Early in a simulated time slots of half the length have numbers of the same ring.
    const early = { nowMs: 5_000, evidenceAgeMs: 0, applied: 0, calls: 50, successes: 50 };
    const begun = successRate.step(successRate.init({}), early).state;
    const halved = successRate.retune(begun, { windowMs: 15_000 });
    const soon = { ...early, nowMs: 5_100 };
    expect(successRate.step(halved, soon).output.terms.calls).toBe(50);
    expect(successRate.step(begun, soon).output.terms.calls).toBe(100);
  });

  test.each([
    ['threshold', { threshold: 0 }],
    ['threshold', { threshold: 1.01 }],
    ['aggression', { aggression: 0 }],
    ['maxRejection', { maxRejection: 1 }],
    ['maxRejection', { maxRejection: -0.1 }],
    ['windowMs', { windowMs: 0 }],
    ['minCalls', { minCalls: 0 }],
    ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
  ])('%s is refused: %o', (field, config) => {
    expect(() => successRate.init(config)).toThrowError(new RegExp(`^${field} is `));
  });

  test('nothing is ever turned away with an upper limit of 0', () => {
    expect(once(99, 0, { maxRejection: 0, threshold: 1 })).toMatchObject({
      value: 0,
      reason: 'success-high',
    });
  });
});
