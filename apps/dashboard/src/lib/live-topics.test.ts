import { expect, test } from 'vitest';
import { reconnectDelayMs, staleFamilies } from './live-topics.ts';

test('a tick makes only its own loop stale', () => {
  const families = staleFamilies({ topic: 'tick', loopId: 'checkout/rate', atMs: 1 });
  expect(families).toContainEqual(['samples', 'checkout/rate']);
  expect(families).not.toContainEqual(['overview']);
});

test('a decision reaches the cards and the overview', () => {
  const families = staleFamilies({
    topic: 'proposal',
    id: 'p1',
    service: 'checkout',
    state: 'approved',
    title: '',
    atMs: 1,
  });
  expect(families).toContainEqual(['proposals']);
  expect(families).toContainEqual(['overview']);
});

test('after a resync everything is asked for again', () => {
  expect(staleFamilies({ topic: 'resync', atMs: 1 })).toBeNull();
});

test('reconnecting backs off to half a minute and no further', () => {
  expect([0, 1, 2, 3].map((attempt) => reconnectDelayMs(attempt, 0))).toEqual([
    1000, 2000, 4000, 8000,
  ]);
  expect(reconnectDelayMs(50, 0)).toBe(30_000);
  expect(reconnectDelayMs(50, 1)).toBe(21_000);
});
