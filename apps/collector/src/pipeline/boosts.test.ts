import { expect, test } from 'vitest';
import { type Boost, Boosts, samplingBoostOf } from './boosts.ts';

const bounds = { max: 2, maxDuration: 1000 };
const boost = (service: string, changes: Partial<Boost> = {}): Boost => ({
  service,
  ratio: 1,
  untilMs: 500,
  by: 'controller',
  ...changes,
});

test('a boost ends by itself, and never lasts longer than allowed', () => {
  const boosts = new Boosts();
  boosts.set(boost('a', { untilMs: 99_999 }), bounds, 0);
  expect(boosts.list()[0]?.untilMs).toBe(1000);
  expect(boosts.expire(999)).toBe(false);
  expect(boosts.expire(1000)).toBe(true);
  expect(boosts.list()).toEqual([]);
});

test('their number is bounded, but one that is there may be renewed', () => {
  const boosts = new Boosts();
  boosts.set(boost('a'), bounds, 0);
  boosts.set(boost('a', { operation: 'GET /' }), bounds, 0);
  expect(boosts.set(boost('c'), bounds, 0)).toEqual({ kind: 'full', max: 2 });
  expect(boosts.set(boost('a', { ratio: 0.5 }), bounds, 0).kind).toBe('set');
  expect(boosts.set(boost('c', { untilMs: 900 }), bounds, 500).kind).toBe('set');
});

test('a time in the past ends a boost', () => {
  const boosts = new Boosts();
  boosts.set(boost('a'), bounds, 0);
  expect(boosts.set(boost('a', { untilMs: 0 }), bounds, 10)).toEqual({ kind: 'ended' });
  expect(boosts.list()).toEqual([]);
});

test('one without budget takes no place, and is not in force until its time is over', () => {
  const boosts = new Boosts();
  const wanted = { maxSpans: 100, untilMs: 500 };
  boosts.set(boost('a', wanted), bounds, 0);
  boosts.spend(['boost:a', 'boost:unknown']);
  for (const service of ['b', 'c']) {
    expect(boosts.set(boost(service), bounds, 0).kind).toBe('set');
  }
  boosts.set(boost('a', { ...wanted, untilMs: 900 }), bounds, 400);
  expect(boosts.list().map(({ service }) => service)).toEqual(['b', 'c']);
  expect(boosts.all()).toHaveLength(3);
  expect(boosts.expire(500)).toBe(true);
  expect(boosts.all()).toMatchObject([{ service: 'a', untilMs: 900 }]);
  boosts.spend([]);
  expect(boosts.list()).toHaveLength(1);
});

test('a service, one of its operations and one of its calls are three boosts', () => {
  const three = [boost('a'), boost('a', { operation: 'GET /' }), boost('a', { callee: 'b' })];
  expect(
    three.map((one) => samplingBoostOf(one, 1)).map(({ name, target }) => [name, target]),
  ).toEqual([
    ['boost:a', { kind: 'service', service: 'a' }],
    ['boost:a GET /', { kind: 'operation', service: 'a', operation: 'GET /' }],
    ['boost:a->b', { kind: 'edge', caller: 'a', callee: 'b' }],
  ]);
  expect(samplingBoostOf(boost('a', { maxSpans: 9 }), 3)).toMatchObject({ maxSpans: 3 });
});
