import { expect, test } from 'vitest';
import { autoscale } from './autoscale.ts';
import type { Believed } from './seen.ts';
import { type AutoscaleState, horizonMs, rebased, startupMs } from './state.ts';

const fresh = autoscale.init({});

test('after a clock that went back all that is remembered is as old as it was', () => {
  const state: AutoscaleState = {
    ...fresh,
    lastMs: 9_000,
    changedMs: 5_000,
    evidenceMs: 8_000,
    coldUntilMs: 12_000,
    served: [{ atMs: 4_000, ready: 3 }],
    demand: { ...fresh.demand, untilMs: 7_500, bins: [1, 2] },
    doubt: { sinceMs: 6_000, kind: 'silence' },
    needs: [
      { atMs: 3_000, replicas: 2, isSure: true },
      { atMs: 4_000, fromMs: 3_500, replicas: 5, isSure: false },
    ],
  };
  expect(rebased(state, 1_000)).toEqual({
    ...state,
    changedMs: 4_000,
    evidenceMs: 7_000,
    coldUntilMs: 11_000,
    served: [{ atMs: 3_000, ready: 3 }],
    demand: { ...state.demand, untilMs: 6_500 },
    doubt: { sinceMs: 5_000, kind: 'silence' },
    needs: [
      { atMs: 2_000, replicas: 2, isSure: true },
      { atMs: 3_000, fromMs: 2_500, replicas: 5, isSure: false },
    ],
  });
});

test('what was never seen stays so', () => {
  expect(rebased(fresh, 1_000)).toEqual({ ...fresh, coldUntilMs: -1_000 });
});

test('the horizon reaches from the middle of the newest window to when an order is ready', () => {
  const seen = { nowMs: 100_000, untilMs: 96_000, windowMs: 20_000 } as Believed;
  const told = autoscale.init({ startupMs: 40_000 });
  expect(startupMs(told)).toBe(40_000);
  expect(horizonMs(told, seen)).toBe(4_000 + 10_000 + 40_000);
  const measured = { ...told, startup: { ...told.startup, usualMs: 7_000 } };
  expect(startupMs(measured)).toBe(7_000);
  expect(horizonMs(measured, seen)).toBe(21_000);
});
