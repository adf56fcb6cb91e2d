import { describe, expect, test } from 'vitest';
import type { Evidence } from '../evidence/evidence.ts';
import { observe } from '../evidence/life.ts';
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
