import { expect, test } from 'vitest';
import { costOf, soberCost } from './cost.ts';

test.each([
  ['nothing is known', null, 7, 7],
  ['as known', 2, 2, 2],
  ['a little more', 2, 2.9, 2.9],
  ['half as much again', 2, 3, 3],
  ['more than that', 2, 30, 3],
  ['a little less', 3, 2.1, 2.1],
  ['two thirds', 3, 2, 2],
  ['less than that', 3, 0.1, 2],
] as const)('%s: known %f, seen %f, learned from %f', (_name, known, seen, learned) => {
  expect(soberCost(known, seen)).toBeCloseTo(learned, 12);
});

test('a cost that has doubled is known after a few figures', () => {
  let known = 1;
  for (let figure = 0; figure < 10; figure += 1) known += 0.3 * (soberCost(known, 2) - known);
  expect(known).toBeGreaterThan(1.8);
  expect(known).toBeLessThanOrEqual(2);
});

test.each([
  ['ten busy for a hundred a second', [100, 0.5, 20], 0.1],
  ['one in a hundred seconds', [0.01, 0.5, 2], 100],
  ['less than that', [0.009_9, 0.5, 2], null],
  ['hardly anything at all', [5e-324, 1e-22, 1], null],
  ['nothing', [0, 0.5, 20], null],
  ['nobody is busy', [100, 0, 20], null],
  ['nobody serves', [100, 0.5, 0], null],
  ['beyond all measure', [0.01, 1, 1e308], null],
] as const)('%s', (_name, [ratePerSecond, utilization, serving], cost) => {
  expect(costOf({ ratePerSecond, utilization, serving })).toBe(cost);
});
