import { expect, test } from 'vitest';
import { usualStepMs, withGaps } from './gaps.ts';

const at = (atMs: number) => ({ atMs, value: 1 as number | null });
const empty = (atMs: number) => ({ atMs, value: null });

test('a hole in the points becomes an empty point; a late tick does not', () => {
  //  0    10    20          50    62
  const points = [0, 10, 20, 50, 62].map(at);
  expect(withGaps(points, 10, empty)).toEqual([at(0), at(10), at(20), empty(30), at(50), at(62)]);
});

test('the usual step is the median, which a hole does not move', () => {
  expect(usualStepMs([0, 10, 20, 500, 510].map(at))).toBe(10);
  expect(usualStepMs([])).toBe(1);
});
