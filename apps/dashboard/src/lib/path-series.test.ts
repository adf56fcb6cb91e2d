import { expect, test } from 'vitest';
import { everythingElse, shareSeries } from './path-series.ts';

const series = {
  stepMs: 10,
  keys: ['a x', 'b y', 'c z'],
  points: [
    { atMs: 0, meanMs: 5, shares: { 'a x': 0.5, 'b y': 0.3, 'c z': 0.2 } },
    { atMs: 10, meanMs: 5, shares: { 'a x': 0.6, 'c z': 0.4 } },
    { atMs: 90, meanMs: 5, shares: { 'a x': 1 } },
  ],
};

test('what has no colour of its own is one series, so that the whole stays whole', () => {
  const { names, points } = shareSeries(series, 2);
  expect(names).toEqual(['a x', 'b y', everythingElse]);
  const known = points.filter(({ meanMs }) => meanMs !== null);
  for (const { shares } of known) {
    expect(shares.reduce<number>((sum, share) => sum + (share ?? 0), 0)).toBeCloseTo(1);
  }
});

test('a step without traces is a gap, not a zero', () => {
  const { points } = shareSeries(series, 3);
  expect(points.map(({ atMs, shares }) => [atMs, shares[0]])).toEqual([
    [0, 0.5],
    [10, 0.6],
    [20, null],
    [90, 1],
  ]);
});
