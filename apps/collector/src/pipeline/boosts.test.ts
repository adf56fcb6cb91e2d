import type { SamplingRules } from '@flyball/tracing';
import { expect, test } from 'vitest';
import { type Boost, Boosts, boostedRules } from './boosts.ts';

const bounds = { max: 2, maxDuration: 1000 };
const boost = (service: string, changes: Partial<Boost> = {}): Boost => ({
  service,
  ratio: 1,
  untilMs: 500,
  by: 'controller',
  ...changes,
});

const rules: SamplingRules = {
  rules: [
    { name: 'health', when: { kind: 'operation', anyOf: ['GET /health'] }, probability: 0 },
    { name: 'errors', when: { kind: 'error' }, probability: 1 },
    { name: 'rest', probability: 0.01 },
  ],
};

test('a boost ends by itself, and never lasts longer than allowed', () => {
  const boosts = new Boosts();
  boosts.set(boost('a', { untilMs: 99_999 }), bounds, 0);
  expect(boosts.list()[0]?.untilMs).toBe(1000);
  expect(boosts.expire(999)).toBe(false);
  expect(boosts.expire(1000)).toBe(true);
  expect(boosts.list()).toEqual([]);
});

test('their number is bounded, but a service may renew its own', () => {
  const boosts = new Boosts();
  boosts.set(boost('a'), bounds, 0);
  boosts.set(boost('b'), bounds, 0);
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

test('a boost raises weaker rules for its service, and lowers none', () => {
  const names = boostedRules(rules, [boost('a', { ratio: 0.5 })]).rules.map((rule) => [
    rule.name,
    rule.probability,
  ]);
  expect(names).toEqual([
    ['health', 0],
    ['errors', 1],
    ['boost:a', 0.5],
    ['rest', 0.01],
    ['boost:a', 0.5],
  ]);
});

test('the strongest boost of several stands first', () => {
  const { rules: boosted } = boostedRules({ rules: [{ name: 'rest', probability: 0.01 }] }, [
    boost('a', { ratio: 0.1 }),
    boost('b', { ratio: 1 }),
  ]);
  expect(boosted.slice(0, 2).map((rule) => rule.name)).toEqual(['boost:b', 'boost:a']);
});

test('without boosts the rules are those of the file', () => {
  expect(boostedRules(rules, [])).toEqual(rules);
});
