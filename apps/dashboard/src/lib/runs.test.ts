import { expect, test } from 'vitest';
import { runsOf } from './runs.ts';

test('equal neighbours are one run; equal values apart are not merged away', () => {
  const runs = runsOf(['hold', 'hold', 'up', 'hold'], (a, b) => a === b);
  expect(runs.map(({ first, count }) => [first, count])).toEqual([
    ['hold', 2],
    ['up', 1],
    ['hold', 1],
  ]);
});
