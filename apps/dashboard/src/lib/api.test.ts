import { expect, test } from 'vitest';
import { ApiFailure, isAway, newIdempotencyKey, withQuery } from './api.ts';

test('a query leaves out what is not asked and repeats what is asked twice', () => {
  expect(withQuery('/api/traces', { service: 'a b', operation: '', limit: null })).toBe(
    '/api/traces?service=a+b',
  );
  expect(withQuery('/x', { attribute: ['k=v', 'l=w'] })).toBe('/x?attribute=k%3Dv&attribute=l%3Dw');
});

test('a controller that is away is told apart from one that refuses', () => {
  expect(isAway(new ApiFailure(502, 'controller-unreachable', ''))).toBe(true);
  expect(isAway(new ApiFailure(0, 'timeout', ''))).toBe(true);
  expect(isAway(new ApiFailure(409, 'proposal-decided', ''))).toBe(false);
  expect(isAway(new Error('x'))).toBe(false);
});

test('idempotency keys do not repeat', () => {
  const keys = new Set(Array.from({ length: 100 }, newIdempotencyKey));
  expect(keys.size).toBe(100);
});
