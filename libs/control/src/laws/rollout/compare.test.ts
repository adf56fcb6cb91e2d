import { describe, expect, test } from 'vitest';
import {
  compareSettings,
  compareVariant,
  compareVariants,
  isPossible,
  type VariantFigures,
} from './compare.ts';

const CONTROL: VariantFigures = { requests: 10_000, errors: 100, p99Ms: 200 };

function verdict(variant: Partial<VariantFigures>, control = {}, config = {}) {
  return compareVariant(
    compareSettings(config),
    { ...CONTROL, ...variant },
    { ...CONTROL, ...control },
  ).verdict;
}

describe('errors', () => {
  test.each([
    ['as many', 100, 'same'],
    ['1.5 times as many', 150, 'same'],
    ['more than that, by chance', 151, 'unknown'],
    ['more than that, clearly', 160, 'errors-worse'],
    ['fewer', 10, 'same'],
    ['none', 0, 'same'],
  ] as const)('%s', (_name, errors, expected) => {
    expect(verdict({ errors })).toBe(expected);
  });

  test('three times as many of next to none are no evidence', () => {
    const few = { requests: 1_000, errors: 3 };
    expect(verdict(few, { requests: 1_000, errors: 1 })).toBe('unknown');
  });

  test('z says how far apart two ratios are', () => {
    // Pooled 130 of 2000: 60 / sqrt(2000 x 0.065 x 0.935) = 0.06 / 0.011025
    const compared = compareVariant(
      compareSettings({}),
      { requests: 1_000, errors: 95, p99Ms: 1 },
      { requests: 1_000, errors: 35, p99Ms: 1 },
    );
    expect(compared.z).toBeCloseTo(5.4423, 3);
    expect(compared).toMatchObject({ errorRatio: 0.095, controlErrorRatio: 0.035 });
  });

  test('z is the smaller of two, for small counts are lopsided', () => {
    const zOf = (variant: Partial<VariantFigures>, control: Partial<VariantFigures>) =>
      compareVariant(compareSettings({}), { ...CONTROL, ...variant }, { ...CONTROL, ...control }).z;
    // 14 of 600 against 54 of 5,400: plainly 2.92, by angles 2.47.
    const few = { requests: 600, errors: 14 };
    expect(zOf(few, { requests: 5_400, errors: 54 })).toBeCloseTo(2.468, 2);
    // 54 of 5,400 against none of 600: plainly 2.46, by angles 4.66.
    expect(zOf({ requests: 5_400, errors: 54 }, { requests: 600, errors: 0 })).toBeCloseTo(2.46, 2);
  });

  test('from z = 3.5 on it is no chance', () => {
    // 10 of 1000 against 32: z 3.43; against 33: z 3.55.
    const control = { requests: 1_000, errors: 10 };
    expect(verdict({ requests: 1_000, errors: 32 }, control)).toBe('unknown');
    expect(verdict({ requests: 1_000, errors: 33 }, control)).toBe('errors-worse');
    expect(verdict({ requests: 1_000, errors: 27 }, control, { significance: 2.7 })).toBe(
      'errors-worse',
    );
    expect(verdict({ requests: 1_000, errors: 16 }, control, { significance: 0 })).toBe(
      'errors-worse',
    );
  });

  test('against a control without any', () => {
    expect(verdict({ errors: 12 }, { errors: 0 })).toBe('unknown');
    expect(verdict({ errors: 13 }, { errors: 0 })).toBe('errors-worse');
    expect(verdict({ errors: 0 }, { errors: 0 })).toBe('same');
  });

  test('the factor is configured', () => {
    expect(verdict({ errors: 190 }, {}, { errorFactor: 2 })).toBe('same');
  });

  test('all failing on both sides is the same', () => {
    expect(verdict({ errors: 10_000 }, { errors: 10_000 })).toBe('same');
    const compared = compareVariant(
      compareSettings({}),
      { ...CONTROL, errors: 10_000 },
      { ...CONTROL, errors: 10_000 },
    );
    expect(compared.z).toBe(0);
  });
});

describe('p99', () => {
  test.each([
    [300, 'same'],
    [300.1, 'latency-worse'],
    [10, 'same'],
    [null, 'unknown'],
  ] as const)('%f ms against 200 ms', (p99Ms, expected) => {
    expect(verdict({ p99Ms })).toBe(expected);
  });

  test('of a control that has none says nothing', () => {
    expect(verdict({}, { p99Ms: null })).toBe('unknown');
  });

  test('does not excuse errors', () => {
    expect(verdict({ errors: 300, p99Ms: 10_000 })).toBe('errors-worse');
    expect(verdict({ errors: 300, p99Ms: null })).toBe('errors-worse');
  });

  test('the slack is configured', () => {
    expect(verdict({ p99Ms: 201 }, {}, { p99SlackMs: 0 })).toBe('latency-worse');
  });
});

describe('enough requests', () => {
  test('are needed on both sides', () => {
    const small = (requests: number) => ({ requests, errors: 5 });
    expect(verdict(small(499))).toBe('unknown');
    expect(verdict(small(500))).toBe('same');
    expect(verdict({}, small(499))).toBe('unknown');
    expect(verdict({}, small(500))).toBe('same');
    expect(verdict(small(50), small(50), { minRequests: 50 })).toBe('same');
  });

  test('are not needed for what is blatant', () => {
    const bad = (requests: number, errors: number) => verdict({ requests, errors });
    expect(bad(20, 10)).toBe('errors-worse');
    expect(bad(19, 19)).toBe('unknown');
    expect(bad(20, 9)).toBe('unknown');
    expect(verdict({ requests: 20, errors: 20 }, { requests: 0, errors: 0 })).toBe('errors-worse');
  });

  test('blatant is not what control does as well', () => {
    expect(verdict({ requests: 20, errors: 20 }, { requests: 40, errors: 20 })).toBe('unknown');
    expect(verdict({ requests: 20, errors: 20 }, { requests: 40, errors: 19 })).toBe(
      'errors-worse',
    );
  });

  test('no requests at all say nothing', () => {
    const compared = compareVariant(
      compareSettings({}),
      { requests: 0, errors: 0, p99Ms: null },
      { requests: 0, errors: 0, p99Ms: null },
    );
    expect(compared).toEqual({ verdict: 'unknown', errorRatio: 0, controlErrorRatio: 0, z: 0 });
  });
});

test('several variants against one', () => {
  const variants = {
    old: CONTROL,
    red: { ...CONTROL, errors: 400 },
    blue: CONTROL,
    slow: { ...CONTROL, p99Ms: 400 },
    odd: { ...CONTROL, errors: -1 },
  };
  const compared = compareVariants({}, variants, 'old');
  expect(Object.entries(compared).map(([name, { verdict: said }]) => [name, said])).toEqual([
    ['red', 'errors-worse'],
    ['blue', 'same'],
    ['slow', 'latency-worse'],
    ['odd', 'unknown'],
  ]);
  expect(compared.red?.errorRatio).toBe(0.04);
  expect(compared.odd).toEqual({ verdict: 'unknown', errorRatio: 0, controlErrorRatio: 0, z: 0 });
});

test('a control that is unknown, or impossible', () => {
  expect(() => compareVariants({}, { a: CONTROL }, 'b')).toThrowError(/^controlName is "b"/);
  expect(() => compareVariants({}, { a: CONTROL }, 'toString')).toThrowError(/^controlName/);
  const odd = { ...CONTROL, requests: Number.NaN };
  expect(compareVariants({}, { old: odd, red: CONTROL }, 'old').red?.verdict).toBe('unknown');
});

test.each([
  [{}, true],
  [{ requests: 0, errors: 0 }, true],
  [{ errors: 10_000 }, true],
  [{ errors: 10_001 }, false],
  [{ requests: -1 }, false],
  [{ errors: Number.NaN }, false],
  [{ p99Ms: -1 }, false],
  [{ p99Ms: null }, true],
])('%o is possible: %s', (figures, possible) => {
  expect(isPossible({ ...CONTROL, ...figures })).toBe(possible);
});

test('the least that is allowed', () => {
  const least = { errorFactor: 1, minRequests: 1, blatantRequests: 1, blatantErrorRatio: 1 };
  expect(compareSettings({ ...least, significance: 0, p99SlackMs: 0 })).toMatchObject(least);
  // 16 of 100 against 9 of 100 is z 1.5 by angles; just that is enough.
  const [many, few] = [
    { requests: 100, errors: 16, p99Ms: 1 },
    { requests: 100, errors: 9, p99Ms: 1 },
  ];
  const { z } = compareVariant(compareSettings({}), many, few);
  const just = compareSettings({ significance: z, minRequests: 100 });
  expect(compareVariant(just, many, few).verdict).toBe('errors-worse');
});

test.each([
  [0, 100],
  [100, 0],
])('%i requests against %i are no standard errors apart', (requests, others) => {
  const settings = compareSettings({ minRequests: 1 });
  const variant = { requests, errors: requests, p99Ms: 1 };
  const control = { requests: others, errors: others / 2, p99Ms: 1 };
  expect(compareVariant(settings, variant, control).z).toBe(0);
});

test.each([
  ['errorFactor', { errorFactor: 0.9 }],
  ['errorFactor', { errorFactor: Number.POSITIVE_INFINITY }],
  ['p99SlackMs', { p99SlackMs: -1 }],
  ['minRequests', { minRequests: 0 }],
  ['minRequests', { minRequests: Number.POSITIVE_INFINITY }],
  ['significance', { significance: -1 }],
  ['blatantErrorRatio', { blatantErrorRatio: 1.1 }],
  ['blatantRequests', { blatantRequests: 0 }],
])('%s is refused: %o', (field, config) => {
  expect(() => compareSettings(config)).toThrowError(new RegExp(`^${field} is `));
});
