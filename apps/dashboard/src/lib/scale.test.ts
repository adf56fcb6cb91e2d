import { expect, test } from 'vitest';
import { extent, niceScale } from './scale.ts';

test.each([
  [0, 4.4, 4, [0, 2, 4, 6]],
  [0.47, 0.9, 4, [0.4, 0.6, 0.8, 1]],
  [98, 98, 4, [80, 100, 120, 140, 160, 180, 200]],
  [-0.3, 1.1, 3, [-0.5, 0, 0.5, 1, 1.5]],
])('%d to %d in %d steps', (low, high, count, ticks) => {
  const scale = niceScale(low, high, count);
  expect(scale.domain[0]).toBeLessThanOrEqual(low);
  expect(scale.domain[1]).toBeGreaterThanOrEqual(high);
  if (low !== high) expect(scale.ticks).toEqual(ticks);
});

test('nothing known gives a scale all the same', () => {
  expect(extent([null, undefined])).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(niceScale(...extent([]), 4).domain).toEqual([0, 1]);
});
