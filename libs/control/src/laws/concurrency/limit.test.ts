import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { type AimdState, aimd } from './aimd.ts';
import type { ConcurrencyInput } from './limit.ts';

const CALM: ConcurrencyInput = {
  nowMs: 1_000_000,
  evidenceAgeMs: 0,
  applied: 10,
  inFlight: 8,
  latencyMs: 100,
  completedPerSecond: 80,
  dropRatio: 0,
};

function once(input: Partial<ConcurrencyInput>, config = {}) {
  return aimd.step(aimd.init(config), { ...CALM, ...input }).output;
}

describe('aimd', () => {
  test.each([
    ['all is well', {}, 11, 'room-to-grow'],
    ['half is used', { inFlight: 5 }, 11, 'room-to-grow'],
    ['less than half is used', { inFlight: 4.99 }, 10, 'limit-unused'],
    ['drops at the tolerance', { dropRatio: 0.01 }, 11, 'room-to-grow'],
    ['drops above it', { dropRatio: 0.0101 }, 5, 'calls-dropped'],
    ['drops of a limit that is not used', { dropRatio: 0.5, inFlight: 1 }, 5, 'calls-dropped'],
    ['all dropped: no latency', { dropRatio: 1, latencyMs: null }, 5, 'calls-dropped'],
    ['drops not observed', { dropRatio: null }, 11, 'room-to-grow'],
    ['latency at the time-out', { latencyMs: 5_000 }, 11, 'room-to-grow'],
    ['latency above it', { latencyMs: 5_001 }, 5, 'calls-dropped'],
    ['at the lowest', { applied: 1, inFlight: 1, dropRatio: 1 }, 1, 'calls-dropped'],
    ['at the highest', { applied: 1_000, inFlight: 900 }, 1_000, 'room-to-grow'],
    ['above the highest', { applied: 3_000, inFlight: 10 }, 1_000, 'limit-unused'],
    ['below the lowest', { applied: 0, inFlight: 0 }, 1, 'room-to-grow'],
  ] as const)('%s', (_name, input, value, reason) => {
    expect(once(input)).toMatchObject({ value, reason });
  });

  test('says what it rests on', () => {
    const output = once({ dropRatio: 0.25 });
    expect(output.terms).toEqual({ applied: 10, inFlight: 8, dropRatio: 0.25 });
    expect(explain(output)).toBe('Calls are lost (0.25 of them): the limit falls to 5.');
    expect(once({}).terms).toEqual({ applied: 10, inFlight: 8, dropRatio: 0 });
    expect(once({ dropRatio: null }).terms.dropRatio).toBe(0);
    expect(explain(once({}))).toBe('8 calls inside do not queue: the limit grows to 11.');
    expect(explain(once({ inFlight: 2 }))).toBe(
      'Only 2 calls are inside: there is no need for more than 10.',
    );
  });

  test('gains and back-off are configured', () => {
    expect(once({}, { increase: 3 }).value).toBe(13);
    expect(once({ dropRatio: 0.5 }, { backoff: 0.9 }).value).toBe(9);
    expect(once({ dropRatio: 0.001 }, { dropTolerance: 0 }).value).toBe(5);
    expect(once({ latencyMs: 301 }, { timeoutMs: 300 }).value).toBe(5);
  });
});

describe('what all these laws share', () => {
  function walk(inputs: readonly Partial<ConcurrencyInput>[], config = {}) {
    let state: AimdState = aimd.init(config);
    return inputs.map((input) => {
      const step = aimd.step(state, { ...CALM, ...input });
      state = step.state;
      return { ...step.output, limit: state.limit };
    });
  }

  test('a shorter gap moves less, and the fraction is kept', () => {
    const gaps = [0, 250, 500, 750, 1_000].map((ms, index) => ({
      nowMs: 1_000_000 + ms,
      applied: index === 0 ? 10 : 11,
    }));
    expect(walk(gaps).map(({ value, limit }) => [value, limit])).toEqual([
      [11, 11],
      [11, 11.25],
      [11, 11.5],
      [11, 11.75],
      [12, 12],
    ]);
  });

  test('two halves of a period back off as far as one', () => {
    const [, half, whole] = walk(
      [
        { applied: 100, inFlight: 10 },
        { nowMs: 1_000_500, applied: 100, dropRatio: 1 },
        { nowMs: 1_001_000, applied: 90, dropRatio: 1 },
      ],
      { backoff: 0.81 },
    );
    expect(half).toMatchObject({ value: 90, limit: 90 });
    expect(whole).toMatchObject({ value: 81, limit: 81 });
  });

  test('a gap is not made up for', () => {
    const [, late] = walk([{}, { nowMs: 1_600_000, applied: 11 }]);
    expect(late).toMatchObject({ value: 12, limit: 12 });
  });

  test('a limit that others changed is taken as it is, without an old fraction', () => {
    const [, , moved] = walk([
      {},
      { nowMs: 1_000_500, applied: 11 },
      { nowMs: 1_001_500, applied: 20, inFlight: 15 },
    ]);
    expect(moved).toMatchObject({ value: 21, limit: 21 });
  });

  test('noise of binary fractions costs no call', () => {
    expect(walk([{ applied: 10, dropRatio: 1 }], { backoff: 0.7 })[0]).toMatchObject({ limit: 7 });
  });

  test.each([
    ['no in-flight', { inFlight: null }, 'no-evidence'],
    ['nothing answered, nothing lost', { latencyMs: null }, 'no-evidence'],
    ['nothing answered, too little lost', { latencyMs: null, dropRatio: 0.01 }, 'no-evidence'],
    ['no age', { evidenceAgeMs: null }, 'no-evidence'],
    ['old figures', { evidenceAgeMs: 30_001 }, 'stale-evidence'],
    ['a drop ratio above 1', { dropRatio: 1.01 }, 'invalid-measure'],
    ['a negative in-flight', { inFlight: -1 }, 'invalid-measure'],
    ['a latency that is no number', { latencyMs: Number.NaN }, 'invalid-measure'],
    ['an endless rate', { completedPerSecond: Number.POSITIVE_INFINITY }, 'invalid-measure'],
    ['a negative drop ratio', { dropRatio: -0.1 }, 'invalid-measure'],
  ] as const)('%s: nothing moves', (_name, input, reason) => {
    const [output] = walk([input]);
    expect(output).toMatchObject({ value: 10, reason, limit: null, terms: { applied: 10 } });
  });

  test('figures of just the allowed age serve', () => {
    expect(once({ evidenceAgeMs: 30_000 }).reason).toBe('room-to-grow');
    expect(once({ evidenceAgeMs: 1_001 }, { evidenceMaxAgeMs: 1_000 }).reason).toBe(
      'stale-evidence',
    );
  });

  test('without a usable limit in force the last one is said, at first the lowest', () => {
    expect(once({ applied: Number.NaN }, { minLimit: 4 })).toMatchObject({
      value: 4,
      reason: 'invalid-measure',
    });
    const [, lost] = walk(
      [{}, { nowMs: 1_000_500, applied: 11 }, {}]
        .slice(0, 1)
        .concat([{ nowMs: 1_002_000, applied: Number.NaN }]),
    );
    expect(lost).toMatchObject({ value: 11, reason: 'invalid-measure' });
  });

  test('after a refusal the next gap is counted from it', () => {
    const [, , next] = walk([
      {},
      { nowMs: 1_000_900, applied: 11, latencyMs: null },
      { nowMs: 1_001_000, applied: 11 },
    ]);
    expect(next?.limit).toBeCloseTo(11.1, 9);
  });

  test.each([
    ['minLimit', { minLimit: 0 }],
    ['minLimit', { minLimit: 1.5 }],
    ['maxLimit', { minLimit: 5, maxLimit: 4 }],
    ['maxLimit', { maxLimit: 10.5 }],
    ['everyMs', { everyMs: 0 }],
    ['backoff', { backoff: 0 }],
    ['backoff', { backoff: 1 }],
    ['dropTolerance', { dropTolerance: 1.1 }],
    ['dropTolerance', { dropTolerance: -0.1 }],
    ['evidenceMaxAgeMs', { evidenceMaxAgeMs: 0 }],
    ['increase', { increase: 0 }],
    ['timeoutMs', { timeoutMs: 0 }],
  ])('%s is refused: %o', (field, config) => {
    expect(() => aimd.init(config)).toThrowError(new RegExp(`^${field} is `));
  });

  test('bounds that touch are allowed', () => {
    expect(once({}, { minLimit: 7, maxLimit: 7, dropTolerance: 1 }).value).toBe(7);
  });

  test('a new configuration keeps the memory', () => {
    expect(aimd.name).toBe('aimd');
    const { state } = aimd.step(aimd.init({}), CALM);
    const tuned = aimd.retune(state, { increase: 2 });
    expect(tuned).toEqual({ ...state, config: { ...state.config, increase: 2 } });
  });
});
