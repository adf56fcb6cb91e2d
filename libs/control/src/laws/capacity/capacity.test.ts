import { expect, test } from 'vitest';
import { capacity } from './capacity.ts';

function once(ratePerSecond: number | null, serviceTimeMs: number | null, config = {}) {
  const input = { nowMs: 1, evidenceAgeMs: 0, ratePerSecond, serviceTimeMs, applied: 7 };
  return capacity.step(capacity.init(config), input).output;
}

test('the worked example: 1000 req/s of 100 ms at 70 % need 143', () => {
  expect(once(1_000, 100)).toMatchObject({ value: 143, reason: 'capacity-need' });
});

test('a need that is whole is not rounded up by the noise of binary fractions', () => {
  expect(once(700, 100).value).toBe(100);
  expect(once(70, 10, { utilization: 0.7 }).value).toBe(1);
});

test('a use of 100 % is allowed, more is not', () => {
  expect(once(100, 100, { utilization: 1 }).value).toBe(10);
  expect(() => capacity.init({ utilization: 1.1 })).toThrowError(/^utilization is 1.1/);
});

test('several workers a replica need fewer replicas', () => {
  expect(once(1_000, 100, { workersPerReplica: 10 }).value).toBe(15);
});

test('no demand asks for one, no evidence for nothing new', () => {
  expect(once(0, 100)).toMatchObject({ value: 1, reason: 'no-demand' });
  expect(once(null, 100)).toMatchObject({ value: 7, reason: 'no-evidence' });
  expect(once(100, -3)).toMatchObject({ value: 7, reason: 'invalid-measure' });
});
