import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BlameInput, blame, blameAcross, type PartFigures } from './blame.ts';
import { type CallFigures, errorOrigin } from './error-origin.ts';

function instances(figures: { readonly [id: string]: readonly [count: number, sum: number] }) {
  return Object.entries(figures).map(
    ([id, [count, sum]]): PartFigures => ({ kind: 'instance', id, count, sum }),
  );
}

describe('instances', () => {
  const before = instances({ a: [100, 5_000], b: [100, 5_000], c: [100, 5_000] });

  test('the slow one is to blame', () => {
    const now = instances({ a: [100, 40_000], b: [100, 5_000], c: [100, 5_100] });
    const result = blame({ before, now, as: 'mixture' });
    expect(result).toMatchObject({ verdict: 'one', before: 50 });
    expect(result.parts[0]).toMatchObject({ id: 'a' });
    expect(result.parts[0]?.share).toBeGreaterThan(0.99);
    expect(result.text).toMatch(/^The change comes from instance a \(99\.\d %\)\.$/);
  });

  test('all a little slower is nobody alone', () => {
    const now = instances({ a: [100, 9_000], b: [100, 9_100], c: [100, 8_900] });
    expect(blame({ before, now, as: 'mixture' }).verdict).toBe('everything');
  });

  test('three of many are few; of three, three are all', () => {
    const five = instances({ a: [9, 9], b: [9, 9], c: [9, 9], d: [9, 9], e: [9, 9] });
    const now = (sums: readonly number[]) =>
      instances(
        Object.fromEntries(sums.map((sum, k) => ['abcde'[k] as string, [9, sum] as const])),
      );
    const few = blame({ before: five, now: now([49, 49, 49, 24, 24]), as: 'mixture' });
    expect(few.verdict).toBe('few');
    expect(few.text).toBe(
      'The change comes from instance a (26.7 %), instance b (26.7 %), instance c (26.7 %).',
    );
    // A little less than 80 % in the first three.
    const spread = blame({ before: five, now: now([49, 49, 49, 25, 24]), as: 'mixture' });
    expect(spread).toMatchObject({
      verdict: 'everything',
      text: 'The change is spread over all parts.',
    });
    const three = instances({ a: [9, 9], b: [9, 9], c: [9, 9] });
    expect(
      blame({ before: three, now: now([49, 49, 49]).slice(0, 3), as: 'mixture' }).verdict,
    ).toBe('everything');
  });

  test('one alone has 60 %, not less', () => {
    const two = instances({ a: [50, 50], b: [50, 50] });
    const of = (a: number, b: number) =>
      blame({ before: two, now: instances({ a: [50, a], b: [50, b] }), as: 'mixture' }).verdict;
    expect(of(50 + 600, 50 + 400)).toBe('one');
    expect(of(50 + 599, 50 + 401)).toBe('everything');
  });

  test('traffic moved to a slow instance is that instance, though it is no slower', () => {
    const uneven = instances({ slow: [50, 10_000], quick: [250, 2_500] });
    const now = instances({ slow: [250, 50_000], quick: [50, 500] });
    const result = blame({ before: uneven, now, as: 'mixture' });
    // Before: 43.3 ms. Two thirds of the traffic went from 10 ms to 200 ms.
    const contributions = result.parts.map((part) => [part.id, Math.round(part.contribution)]);
    expect(contributions).toEqual([
      ['slow', 106],
      ['quick', 21],
    ]);
    expect(result.change).toBeCloseTo(126.67, 1);
  });

  test('a newcomer that fails is to blame for all it adds', () => {
    const now = instances({ a: [100, 5_000], b: [100, 5_000], c: [100, 5_000], d: [100, 90_000] });
    expect(blame({ before, now, as: 'mixture' }).parts[0]?.id).toBe('d');
  });

  test('an improvement has an author too', () => {
    const now = instances({ a: [100, 500], b: [100, 5_000], c: [100, 5_000] });
    const result = blame({ before, now, as: 'mixture' });
    expect(result.change).toBeLessThan(0);
    expect(result.parts[0]?.id).toBe('a');
  });

  test('little data and little change say so', () => {
    const few = instances({ a: [10, 100] });
    expect(blame({ before: few, now: before, as: 'mixture' }).verdict).toBe('too-little-data');
    expect(blame({ before: [], now: [], as: 'mixture' }).verdict).toBe('too-little-data');
    expect(blame({ before, now: before, as: 'mixture' }).verdict).toBe('no-change');
  });
});

test('contributions add up to the change, in both ways of adding', () => {
  const parts = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 50_000 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((figures) => instances(Object.fromEntries(figures.map((each, k) => [`i${k}`, each]))));
  const as = fc.constantFrom('mixture', 'additive');
  fc.assert(
    fc.property(parts, parts, as, (before, now, how) => {
      const input: BlameInput = { before, now, as: how, minCount: 1, minChange: 0 };
      const result = blame(
        how === 'additive' ? { ...input, requests: { before: 300, now: 200 } } : input,
      );
      const sum = result.parts.reduce((total, part) => total + part.contribution, 0);
      if (result.parts.length > 0) {
        expect(sum).toBeCloseTo(result.change, 6);
        const shares = result.parts.reduce((total, part) => total + part.share, 0);
        expect(shares).toBeCloseTo(1, 9);
      }
    }),
  );
});

test('dependencies add up along the critical path', () => {
  const path = (figures: { readonly [id: string]: number }): readonly PartFigures[] =>
    Object.entries(figures).map(([id, sum]) => ({ kind: 'dependency', id, count: 100, sum }));
  const result = blame({
    before: path({ gateway: 1_000, checkout: 3_000, payments: 6_000 }),
    now: path({ gateway: 2_000, checkout: 6_100, payments: 92_000 }),
    as: 'additive',
    requests: { before: 100, now: 200 },
  });
  expect(result).toMatchObject({ verdict: 'one', before: 100, now: 500.5 });
  expect(result.parts[0]).toMatchObject({ kind: 'dependency', id: 'payments', contribution: 400 });
});

describe('figures that cannot be', () => {
  const before = instances({ a: [100, 5_000], b: [100, 5_000], c: [100, 5_000] });

  test.each([
    ['NaN', Number.NaN],
    ['negative', -1],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('a part with a %s one is left out on both sides, and named', (_name, sum) => {
    const now = instances({ a: [100, 40_000], b: [100, 5_000], c: [100, sum] });
    const result = blame({ before, now, as: 'mixture' });
    expect(result).toMatchObject({
      verdict: 'one',
      before: 50,
      now: 225,
      leftOut: [{ kind: 'instance', id: 'c' }],
    });
    expect(result.parts.map(({ id }) => id)).toEqual(['a', 'b']);
    const turned = blame({ before: now, now: before, as: 'mixture' });
    expect(turned.leftOut).toEqual([{ kind: 'instance', id: 'c' }]);
  });

  test('when nothing is left there is too little to compare', () => {
    const now = instances({ a: [Number.NaN, 1], b: [100, Number.NaN], c: [-1, 1] });
    expect(blame({ before, now, as: 'mixture' })).toMatchObject({
      verdict: 'too-little-data',
      leftOut: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    });
    const requests = { before: Number.NaN, now: 100 };
    expect(blame({ before, now: before, as: 'additive', requests }).verdict).toBe(
      'too-little-data',
    );
  });

  test('a part told twice is one part', () => {
    const now = instances({ a: [100, 40_000], b: [100, 5_000] });
    const twice = [...now, ...instances({ c: [50, 2_500] }), ...instances({ c: [50, 2_500] })];
    const once = [...now, ...instances({ c: [100, 5_000] })];
    expect(blame({ before, now: twice, as: 'mixture' })).toEqual(
      blame({ before, now: once, as: 'mixture' }),
    );
    expect(blame({ before, now: once, as: 'mixture' }).leftOut).toEqual([]);
  });
});

describe('which axis explains it', () => {
  const even: BlameInput = {
    before: instances({ a: [100, 5_000], b: [100, 5_000], c: [100, 5_000], d: [100, 5_000] }),
    now: instances({ a: [100, 9_000], b: [100, 9_000], c: [100, 9_100], d: [100, 9_000] }),
    as: 'mixture',
  };
  const dependency = (payments: number): BlameInput => ({
    before: [
      { kind: 'dependency', id: 'payments', count: 400, sum: 12_000 },
      { kind: 'dependency', id: 'stock', count: 400, sum: 8_000 },
    ],
    now: [
      { kind: 'dependency', id: 'payments', count: 400, sum: payments },
      { kind: 'dependency', id: 'stock', count: 400, sum: 8_000 },
    ],
    as: 'additive',
    requests: { before: 400, now: 400 },
  });

  test('a slow dependency makes all instances slow: it is the dependency', () => {
    expect(blameAcross([even, dependency(28_100)])).toMatchObject({
      verdict: 'one',
      parts: [{ kind: 'dependency', id: 'payments' }, { id: 'stock' }],
    });
  });

  test('one slow instance among even dependencies: it is the instance', () => {
    const slow = { ...even, now: instances({ a: [100, 45_000], b: [100, 5_000] }) };
    expect(blameAcross([dependency(12_100), slow])?.parts[0]?.id).toBe('a');
  });

  test('of two that point at one part, the one that does so more', () => {
    const most = { ...even, now: instances({ a: [100, 45_000], b: [100, 12_000] }) };
    const best = blameAcross([most, dependency(50_000)]);
    expect(best?.parts[0]?.id).toBe('payments');
    expect(blameAcross([dependency(50_000), dependency(60_000)])).toEqual(
      blame(dependency(50_000)),
    );
  });

  test('no change anywhere is nobody', () => {
    expect(blameAcross([{ ...even, now: even.before }, dependency(12_000)])).toBeNull();
    expect(blameAcross([])).toBeNull();
  });
});

/*
 *   gateway --5 %--> checkout --20 %--> payments --20 %--> bank
 *                            \--0 %---> inventory
 */
describe('where errors begin', () => {
  const call = (caller: string, callee: string, errors: number, count = 100): CallFigures => ({
    caller,
    callee,
    count,
    errors,
  });
  const calls = [
    call('gateway', 'checkout', 5),
    call('checkout', 'payments', 20),
    call('checkout', 'inventory', 0),
    call('payments', 'bank', 20),
  ];

  test('at the end of the failing path', () => {
    expect(errorOrigin('gateway', calls)).toEqual({
      service: 'bank',
      path: ['gateway', 'checkout', 'payments', 'bank'],
      errorRatio: 0.2,
    });
  });

  test('at home when no callee fails', () => {
    expect(errorOrigin('inventory', calls)).toEqual({
      service: 'inventory',
      path: ['inventory'],
      errorRatio: null,
    });
  });

  test('impossible figures say nothing about an edge', () => {
    for (const [errors, count] of [
      [Number.NaN, 100],
      [101, 100],
      [-5, 100],
      [5, Number.NaN],
      [0, 0],
    ] as const) {
      const edges = [call('a', 'b', errors, count), call('a', 'c', 6)];
      expect(errorOrigin('a', edges, { minCount: 0 }).service).toBe('c');
    }
  });

  test('a cycle ends, and few calls prove nothing', () => {
    const cycle = [call('a', 'b', 50), call('b', 'a', 50), call('b', 'c', 5, 5)];
    expect(errorOrigin('a', cycle).path).toEqual(['a', 'b']);
  });
});
