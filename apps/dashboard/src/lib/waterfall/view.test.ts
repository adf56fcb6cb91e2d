import { expect, test } from 'vitest';
import { clampView, niceTicks, placeInView, zoomView } from './view.ts';

test('a view stays within the trace and keeps its width where it can', () => {
  expect(clampView({ startNs: -50, endNs: 2950 }, 10_000)).toEqual({ startNs: 0, endNs: 3000 });
  expect(clampView({ startNs: 9000, endNs: 12_000 }, 10_000)).toEqual({
    startNs: 7000,
    endNs: 10_000,
  });
  expect(clampView({ startNs: 0, endNs: 99_999 }, 10_000)).toEqual({ startNs: 0, endNs: 10_000 });
});

test('zooming keeps the moment it is about in its place', () => {
  const view = zoomView({ startNs: 0, endNs: 100_000 }, 0.5, 25_000, 100_000);
  expect(view).toEqual({ startNs: 12_500, endNs: 62_500 });
});

test('bars are placed in per cent and cut at the edges', () => {
  const view = { startNs: 100, endNs: 200 };
  expect(placeInView(view, 150, 175)).toEqual({ left: 50, width: 25 });
  expect(placeInView(view, 50, 150)).toEqual({ left: 0, width: 50 });
  expect(placeInView(view, 250, 300)).toBeNull();
});

test('ticks are round and few', () => {
  expect(niceTicks({ startNs: 0, endNs: 412e6 }, 8)).toEqual([0, 100e6, 200e6, 300e6, 400e6]);
});
