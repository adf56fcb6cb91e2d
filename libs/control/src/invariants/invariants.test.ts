import { describe, expect, test } from 'vitest';
import type { Evidence } from '../evidence/evidence.ts';
import { expire, observe } from '../evidence/life.ts';
import { checkInvariants, type EdgeState, type InvariantInputs } from './invariants.ts';

const NOW = 1_000_000;

function fact<T>(value: T, instance?: string, observedAtMs = NOW): Evidence<T> {
  return observe({
    id: `${String(value)}-${instance}`,
    scope: { service: 'checkout', ...(instance === undefined ? {} : { instance }) },
    signal: 'test',
    value,
    unit: '1',
    observedAtMs,
    lifetimeMs: 60_000,
    binding: { source: 'test' },
  });
}

const edge = (more: Partial<EdgeState>) =>
  fact<EdgeState>({ callee: 'payments', calls: 100, failureRatio: 0, circuit: 'closed', ...more });

const SOUND: InvariantInputs = {
  registrations: ['a', 'b', 'c'].map((id) => fact({ sinceMs: 0 }, id)),
  routable: fact(['a', 'b', 'c']),
  configHashes: ['a', 'b', 'c'].map((id) => fact('v17', id)),
  edges: [edge({})],
  loads: [fact(95, 'a'), fact(100, 'b'), fact(105, 'c')],
};

function check(more: Partial<InvariantInputs>) {
  const verdicts = checkInvariants({ ...SOUND, ...more }, { nowMs: NOW });
  return Object.fromEntries(verdicts.map((each) => [each.invariant, each]));
}

test('all hold', () => {
  expect(Object.values(check({})).map((each) => each.status)).toEqual(
    Array.from({ length: 5 }, () => 'holds'),
  );
});

describe('a violation names its cause, carries its evidence, and violates COORDINATION', () => {
  test.each([
    [
      'DISCOVERY',
      { routable: fact(['a', 'b']) },
      ['Instance c is registered but not routable.'],
      [{ scope: { instance: 'c' } }, { value: ['a', 'b'] }],
    ],
    [
      'CONSISTENCY',
      { configHashes: [fact('v17', 'a'), fact('v15', 'b'), fact('v17', 'c')] },
      ['Instance b runs v15, most others v17.'],
      [{ value: 'v15' }],
    ],
    [
      'RESILIENCE',
      { edges: [edge({ failureRatio: 0.85 })] },
      ['85 % of the calls to payments fail and its circuit is closed.'],
      [{ value: { failureRatio: 0.85 } }],
    ],
    [
      'EFFICIENCY',
      { loads: [fact(200, 'a'), fact(100, 'b'), fact(100, 'c'), fact(120, 'd')] },
      [
        'Instance a has 1.54 times the mean load.',
        'Instance b has 0.769 times the mean load.',
        'Instance c has 0.769 times the mean load.',
      ],
      [{ value: 200 }, { value: 100 }, { value: 100 }],
    ],
  ])('%s', (invariant, inputs, violations, evidence) => {
    const verdicts = check(inputs as Partial<InvariantInputs>);
    expect(verdicts[invariant]).toMatchObject({ status: 'violated', violations, evidence });
    expect(verdicts.COORDINATION).toMatchObject({ status: 'violated', violations });
    const others = Object.values(verdicts).filter((each) => each.status === 'holds');
    expect(others.length).toBe(3);
  });
});

test('an open or half-open circuit is what RESILIENCE asks for; no breaker is a violation', () => {
  const status = (more: Partial<EdgeState>) => check({ edges: [edge(more)] }).RESILIENCE?.status;
  expect(status({ failureRatio: 0.85, circuit: 'open' })).toBe('holds');
  expect(status({ failureRatio: 0.85, circuit: 'half-open' })).toBe('holds');
  expect(status({ failureRatio: 0.85, circuit: 'none' })).toBe('violated');
  expect(status({ failureRatio: 0.5 })).toBe('holds');
  expect(status({ failureRatio: 0.85, calls: 9 })).toBe('unknown');
});

test('a new registration has time to become routable', () => {
  const registrations = [...SOUND.registrations, fact({ sinceMs: NOW - 29_000 }, 'd')];
  expect(check({ registrations }).DISCOVERY?.status).toBe('holds');
});

test('when every lease has run out the service is not discoverable', () => {
  const registrations = [fact({ sinceMs: 0 }, 'a', NOW - 61_000)];
  expect(check({ registrations }).DISCOVERY?.status).toBe('violated');
});

test('without usable evidence it is unknown, not sound', () => {
  const stale = checkInvariants(SOUND, { nowMs: NOW + 31_000 });
  expect(stale.every((each) => each.status === 'unknown')).toBe(true);
  const none = { registrations: [], routable: null, configHashes: [], edges: [], loads: [] };
  expect(Object.values(check(none)).every((each) => each.status === 'unknown')).toBe(true);
});

describe('the weakest fact decides', () => {
  const stale = <T>(value: T, instance?: string) => fact(value, instance, NOW - 31_000);

  test.each<[string, Partial<InvariantInputs>]>([
    ['DISCOVERY', { registrations: [...SOUND.registrations, stale({ sinceMs: 0 }, 'd')] }],
    ['DISCOVERY', { registrations: [...SOUND.registrations, fact({ sinceMs: Number.NaN }, 'd')] }],
    ['DISCOVERY', { routable: stale(['a', 'b', 'c']) }],
    ['DISCOVERY', { registrations: [fact({ sinceMs: 0 })] }],
    ['CONSISTENCY', { configHashes: [...SOUND.configHashes, stale('v17', 'd')] }],
    ['CONSISTENCY', { configHashes: [...SOUND.configHashes, fact('', 'd')] }],
    ['RESILIENCE', { edges: [edge({}), stale<EdgeState>(edge({}).value)] }],
    ['RESILIENCE', { edges: [edge({}), edge({ failureRatio: Number.NaN })] }],
    ['RESILIENCE', { edges: [edge({}), edge({ failureRatio: 1.1 })] }],
    ['RESILIENCE', { edges: [edge({}), edge({ calls: -1 })] }],
    ['EFFICIENCY', { loads: [...SOUND.loads, stale(100, 'd')] }],
    ['EFFICIENCY', { loads: [...SOUND.loads, fact(Number.NaN, 'd')] }],
    ['EFFICIENCY', { loads: [...SOUND.loads, fact(-100, 'd')] }],
  ])('%s is unknown, and with it COORDINATION (%#)', (invariant, inputs) => {
    const verdicts = check(inputs);
    expect(verdicts[invariant]).toEqual({
      invariant,
      status: 'unknown',
      violations: [],
      evidence: [],
    });
    expect(verdicts.COORDINATION?.status).toBe('unknown');
    const holding = Object.values(verdicts).filter(({ status }) => status === 'holds');
    expect(holding).toHaveLength(3);
  });

  test('a violation is one whatever cannot be seen beside it', () => {
    const edges = [edge({ failureRatio: 0.9 }), edge({ failureRatio: Number.NaN })];
    expect(check({ edges }).RESILIENCE).toMatchObject({
      status: 'violated',
      evidence: [{ value: { failureRatio: 0.9 } }],
    });
    const verdicts = check({ edges, routable: null });
    expect([verdicts.DISCOVERY?.status, verdicts.COORDINATION?.status]).toEqual([
      'unknown',
      'violated',
    ]);
  });

  test('facts whose life is over are of what is gone', () => {
    const gone = <T>(value: T) => fact(value, 'gone', NOW - 60_001);
    const verdicts = check({
      registrations: [...SOUND.registrations, gone({ sinceMs: 0 })],
      configHashes: [...SOUND.configHashes, gone('v3')],
      edges: [...SOUND.edges, expire(edge({ failureRatio: 1 }), NOW)],
      loads: [...SOUND.loads, gone(9_999)],
    });
    expect(Object.values(verdicts).every(({ status }) => status === 'holds')).toBe(true);
  });
});

describe('boundaries', () => {
  test('a registration may take exactly its time', () => {
    const since = (ms: number) =>
      check({ registrations: [...SOUND.registrations, fact({ sinceMs: NOW - ms }, 'd')] }).DISCOVERY
        ?.status;
    expect(since(30_000)).toBe('holds');
    expect(since(30_001)).toBe('violated');
  });

  test('ten calls are enough', () => {
    const of = (calls: number) =>
      check({ edges: [edge({ calls, failureRatio: 0.51 })] }).RESILIENCE;
    expect(of(9)?.status).toBe('unknown');
    expect(of(10)?.status).toBe('violated');
  });

  test('a load may be a fifth from the mean', () => {
    const of = (a: number, b: number) =>
      check({ loads: [fact(a, 'a'), fact(b, 'b')] }).EFFICIENCY?.status;
    expect(of(80, 120)).toBe('holds');
    expect(of(79, 121)).toBe('violated');
    expect(of(0, 0)).toBe('unknown');
    expect(check({ loads: [fact(5, 'a')] }).EFFICIENCY?.status).toBe('holds');
  });

  test('when as many run one version as another nobody has drifted alone', () => {
    expect(check({ configHashes: [fact('v17', 'a'), fact('v15', 'b')] }).CONSISTENCY).toMatchObject(
      {
        status: 'violated',
        violations: [
          'Instance a runs v17, others another version.',
          'Instance b runs v15, others another version.',
        ],
      },
    );
  });

  test.each([
    [{ nowMs: Number.NaN }, 'nowMs'],
    [{ nowMs: NOW, evidenceMaxAgeMs: 0 }, 'evidenceMaxAgeMs'],
    [{ nowMs: NOW, routableWithinMs: -1 }, 'routableWithinMs'],
    [{ nowMs: NOW, failureRatio: 1.1 }, 'failureRatio'],
    [{ nowMs: NOW, minCalls: 0 }, 'minCalls'],
    [{ nowMs: NOW, loadDistance: -0.1 }, 'loadDistance'],
  ])('%o is refused', (options, field) => {
    expect(() => checkInvariants(SOUND, options)).toThrowError(new RegExp(`^${field} is `));
  });
});
