import { parsePolicy } from '@flyball/contract';
import { expect, test } from 'vitest';
import { boostWish } from './boost-wish.ts';

function policyOf(words = '{}') {
  const text = `
apiVersion: flyball/v1
kind: Policy
metadata: { name: shop }
spec: { service: shop, sampling: ${words} }`;
  const result = parsePolicy({ file: 'test.yaml', text });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return result.policy;
}

const NOW_MS = 1_700_000_000_000;
const changed = (agoMs: number) => ({ loopId: 'shop/replicas', atMs: NOW_MS - agoMs });

test('in Target nothing is wanted', () => {
  expect(boostWish(policyOf(), 'target', {}, null, NOW_MS)).toBeNull();
});

test('a mode wants its share, within a budget', () => {
  const policy = policyOf('{ budget: 1000 }');
  expect(boostWish(policy, 'floor', { samplingRatio: 0.5 }, null, NOW_MS)).toEqual({
    ratio: 0.5,
    why: 'mode floor',
    maxSpans: 1000,
    lookBackMs: 300_000,
  });
});

test('a change is watched for a while, within a budget of its own', () => {
  const after = { ratio: 1, why: 'shop/replicas was changed', maxSpans: 50_000 };
  expect(boostWish(policyOf(), 'target', {}, changed(0), NOW_MS)).toEqual(after);
  expect(boostWish(policyOf(), 'target', {}, changed(179_999), NOW_MS)).toEqual(after);
  expect(boostWish(policyOf(), 'target', {}, changed(180_000), NOW_MS)).toBeNull();
  const off = policyOf("{ afterAction: { for: '0' } }");
  expect(boostWish(off, 'target', {}, changed(0), NOW_MS)).toBeNull();
});

test('a change while a mode wants more: the higher share, both budgets', () => {
  const policy = policyOf('{ afterAction: { keep: 20%, budget: 100 } }');
  const wish = (samplingRatio: number) =>
    boostWish(policy, 'degraded', { samplingRatio }, changed(0), NOW_MS);
  expect(wish(0.1)).toMatchObject({ ratio: 0.2, why: 'mode degraded', maxSpans: 200_100 });
  expect(wish(0.5)).toMatchObject({ ratio: 0.5, lookBackMs: 300_000 });
});
