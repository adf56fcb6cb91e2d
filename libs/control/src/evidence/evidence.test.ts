import { describe, expect, test } from 'vitest';
import { combine } from './combine.ts';
import type { Evidence } from './evidence.ts';
import {
  evidenceAgeMs,
  expire,
  type Fact,
  isUsable,
  observe,
  propagate,
  renew,
  validate,
} from './life.ts';

const FACT: Fact<number> = {
  id: 'e1',
  scope: { service: 'checkout', instance: 'a' },
  signal: 'cpu.utilization',
  value: 0.85,
  unit: '1',
  observedAtMs: 100_000,
  lifetimeMs: 60_000,
  binding: { source: 'collector/metrics' },
};

function fact(more: Partial<Fact<number>> = {}): Evidence {
  return observe({ ...FACT, ...more });
}

describe('usable', () => {
  test('within its age and its life, not a millisecond longer', () => {
    expect(isUsable(fact(), 130_000, 30_000)).toBe(true);
    expect(isUsable(fact(), 130_001, 30_000)).toBe(false);
    expect(isUsable(fact(), 160_000, 90_000)).toBe(true);
    expect(isUsable(fact(), 160_001, 90_000)).toBe(false);
  });

  test('never when missing, or no number', () => {
    expect(isUsable(null, 100_000, 30_000)).toBe(false);
    expect(isUsable(undefined, 100_000, 30_000)).toBe(false);
    expect(isUsable(fact({ value: Number.NaN }), 100_000, 30_000)).toBe(false);
    expect(isUsable(fact(), Number.NaN, 30_000)).toBe(false);
  });

  test('a clock a little ahead is forgiven, one far ahead is not', () => {
    expect(isUsable(fact(), 95_000, 30_000)).toBe(true);
    expect(isUsable(fact(), 94_999, 30_000)).toBe(false);
  });

  test('a bounded copy may be older by its bound', () => {
    const copy = fact({ freshness: { kind: 'bounded-stale', boundMs: 20_000 } });
    expect(evidenceAgeMs(copy, 110_000)).toBe(30_000);
    expect(isUsable(copy, 110_001, 30_000)).toBe(false);
  });

  test('eventual and historical facts are never acted on, static ones do not age', () => {
    expect(isUsable(fact({ freshness: { kind: 'eventual' } }), 100_000, 30_000)).toBe(false);
    expect(isUsable(fact({ freshness: { kind: 'historical' } }), 100_000, 30_000)).toBe(false);
    expect(isUsable(fact({ freshness: { kind: 'static' } }), 159_000, 1_000)).toBe(true);
    expect(isUsable(fact({ freshness: { kind: 'static' } }), 160_001, 1_000)).toBe(false);
  });
});

describe('life', () => {
  test('generated, propagated, validated, expired, renewed', () => {
    const generated = fact();
    const propagated = propagate(generated, 101_000);
    const validated = validate(propagated, 102_000);
    const expired = expire(validated, 103_000);
    const renewed = renew(expired, 0.6, 104_000);
    const stages = [generated, propagated, validated, expired, renewed].map((each) => each.stage);
    expect(stages).toEqual([
      { kind: 'generated', atMs: 100_000 },
      { kind: 'propagated', atMs: 101_000 },
      { kind: 'validated', atMs: 102_000 },
      { kind: 'expired', atMs: 103_000 },
      { kind: 'renewed', atMs: 104_000, times: 1 },
    ]);
    expect(isUsable(expired, 103_000, 30_000)).toBe(false);
    expect(isUsable(renewed, 110_000, 30_000)).toBe(true);
    expect(renew(renewed, 0.7, 105_000).stage).toMatchObject({ times: 2 });
  });

  test('what is over cannot be passed on or validated, only renewed', () => {
    expect(propagate(fact(), 160_001).stage.kind).toBe('expired');
    expect(validate(expire(fact(), 110_000), 111_000).stage).toEqual({
      kind: 'expired',
      atMs: 110_000,
    });
  });

  test('a fact without a time or a life is refused', () => {
    expect(() => fact({ observedAtMs: Number.NaN })).toThrowError(/observedAtMs/);
    expect(() => fact({ lifetimeMs: 0 })).toThrowError(/lifetimeMs/);
    for (const boundMs of [-1, Number.NaN]) {
      const freshness = { kind: 'bounded-stale', boundMs } as const;
      expect(() => fact({ freshness })).toThrowError(/^freshness.boundMs/);
    }
    expect(() => renew(fact(), 1, Number.NaN)).toThrowError(/^observedAtMs/);
  });

  test('a late message renews nothing, not even what has expired', () => {
    const expired = expire(fact(), 130_000);
    expect(renew(expired, 0.9, 100_000)).toBe(expired);
    expect(renew(expired, 0.9, 99_000)).toBe(expired);
    expect(renew(expired, 0.9, 100_001)).toMatchObject({
      value: 0.9,
      observedAtMs: 100_001,
      stage: { kind: 'renewed', atMs: 100_001, times: 1 },
    });
  });
});

describe('combined: the weakest wins', () => {
  const result = { id: 'sum', signal: 'load.imbalance', value: 1.4, unit: '1' };

  test('as old as the oldest, as short-lived as the shortest-lived, as wide as the widest', () => {
    const combined = combine(
      [
        fact({ observedAtMs: 100_000, lifetimeMs: 60_000, exampleTraceIds: ['t1', 't2'] }),
        fact({
          observedAtMs: 110_000,
          lifetimeMs: 20_000,
          scope: { service: 'checkout', instance: 'b' },
          binding: { source: 'guard/gateway' },
          exampleTraceIds: ['t2', 't3'],
        }),
      ],
      result,
    );
    expect(combined).toMatchObject({
      ...result,
      scope: { service: 'checkout' },
      observedAtMs: 100_000,
      lifetimeMs: 30_000,
      binding: { source: 'collector/metrics+guard/gateway' },
      exampleTraceIds: ['t1', 't2', 't3'],
    });
    expect(combined.scope).not.toHaveProperty('instance');
  });

  test.each([
    ['fresh', 'static', 'fresh'],
    ['fresh', 'bounded-stale', 'bounded-stale'],
    ['bounded-stale', 'eventual', 'eventual'],
    ['eventual', 'historical', 'historical'],
  ] as const)('%s with %s is %s, in either order', (a, b, expected) => {
    const of = (kind: typeof a | typeof b) =>
      fact({ freshness: kind === 'bounded-stale' ? { kind, boundMs: 5_000 } : { kind } });
    expect(combine([of(a), of(b)], result).freshness.kind).toBe(expected);
    expect(combine([of(b), of(a)], result).freshness.kind).toBe(expected);
  });

  test('two bounds: the wider one', () => {
    const of = (boundMs: number) => fact({ freshness: { kind: 'bounded-stale', boundMs } });
    expect(combine([of(3_000), of(9_000), of(5_000)], result).freshness).toEqual({
      kind: 'bounded-stale',
      boundMs: 9_000,
    });
  });

  test('one expired part makes all of it expired, one unvalidated part unvalidated', () => {
    const validated = validate(fact(), 101_000);
    expect(combine([validated, expire(fact(), 101_000)], result).stage.kind).toBe('expired');
    expect(combine([validated, fact()], result).stage.kind).toBe('generated');
  });

  test('the least advanced stage, in either order', () => {
    const generated = fact();
    const propagated = propagate(fact(), 101_000);
    const renewed = renew(fact(), 0.9, 101_000);
    const validated = validate(fact(), 101_000);
    const order = [validated, renewed, propagated, generated, expire(fact(), 101_000)];
    order.forEach((better, k) => {
      for (const worse of order.slice(k)) {
        expect(combine([better, worse], result).stage.kind).toBe(worse.stage.kind);
        expect(combine([worse, better], result).stage.kind).toBe(worse.stage.kind);
      }
    });
  });

  test('an old static fact does not make fresh ones old', () => {
    const limit = fact({ observedAtMs: 0, lifetimeMs: 1e9, freshness: { kind: 'static' } });
    expect(combine([limit, fact()], result).observedAtMs).toBe(100_000);
  });

  test('what the parts have in common stays in the scope', () => {
    const scope = { service: 'checkout', operation: 'POST /pay', zone: 'eu-1' };
    const parts = ['a', 'b'].map((instance) => fact({ scope: { ...scope, instance } }));
    expect(combine(parts, result).scope).toEqual(scope);
    const other = fact({ scope: { ...scope, zone: 'eu-2' } });
    expect(combine([...parts, other], result).scope).toEqual({
      service: 'checkout',
      operation: 'POST /pay',
    });
  });

  test('what all were seen on stays the subject; the oldest writer is the fence', () => {
    const bound = (subject?: string, fence?: number) =>
      fact({
        binding: {
          source: 'guard',
          ...(subject === undefined ? {} : { subject }),
          ...(fence === undefined ? {} : { fence }),
        },
      });
    const of = (...parts: readonly Evidence[]) => combine(parts, result).binding;
    expect(of(bound('v17', 9), bound('v17', 7), bound('v17', 8))).toEqual({
      source: 'guard',
      subject: 'v17',
      fence: 7,
    });
    expect(of(bound('v17', 9), bound('v18', 9))).toEqual({ source: 'guard', fence: 9 });
    expect(of(bound('v17', 9), bound('v17'))).toEqual({ source: 'guard', subject: 'v17' });
    expect(of(bound('v17', 9), bound(undefined, 9))).toEqual({ source: 'guard', fence: 9 });
    expect(of(bound(), bound())).toEqual({ source: 'guard' });
  });

  test('what follows is never usable when one of its parts is not', () => {
    const parts = [
      fact(),
      fact({ observedAtMs: 80_000 }),
      fact({ lifetimeMs: 5_000 }),
      fact({ freshness: { kind: 'eventual' } }),
      fact({ freshness: { kind: 'bounded-stale', boundMs: 12_000 } }),
      fact({ observedAtMs: 50_000, lifetimeMs: 90_000, freshness: { kind: 'static' } }),
      expire(fact(), 101_000),
    ];
    for (const a of parts) {
      for (const b of parts) {
        for (const nowMs of [101_000, 106_000, 112_000, 125_000]) {
          const both = isUsable(a, nowMs, 30_000) && isUsable(b, nowMs, 30_000);
          const combined = isUsable(combine([a, b], result), nowMs, 30_000);
          expect(combined && !both).toBe(false);
        }
      }
    }
  });

  test('nothing, or two services, cannot be combined', () => {
    expect(() => combine([], result)).toThrowError(/^parts is .* at least one/);
    expect(() => combine([fact(), fact({ scope: { service: 'cart' } })], result)).toThrowError(
      /^parts is .* one service/,
    );
  });
});
