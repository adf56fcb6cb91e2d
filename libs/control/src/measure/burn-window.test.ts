import { expect, test } from 'vitest';
import { evaluateBurn } from './burn.ts';
import { type BurnWindowState, burnWindows, countForBurn, initBurnWindow } from './burn-window.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** 100 events every 10 s; some of them fail. */
function run(forMs: number, errors: number, from?: BurnWindowState, startMs = 0) {
  let state = from ?? initBurnWindow();
  for (let ms = 0; ms < forMs; ms += 10_000) {
    state = countForBurn(state, { nowMs: startMs + ms, total: 100, errors });
  }
  return state;
}
const judge = (state: BurnWindowState, nowMs: number) =>
  evaluateBurn({ objective: 0.999, windows: burnWindows(state, nowMs) });

test('the windows of the default alerts, each within one sixtieth', () => {
  const state = run(7 * HOUR_MS, 1);
  const windows = burnWindows(state, 7 * HOUR_MS - 10_000);
  expect(windows.map(({ windowMs }) => windowMs / MINUTE_MS)).toEqual([
    5, 30, 60, 120, 360, 1_440, 4_320,
  ]);
  for (const { windowMs, total, errors } of windows.slice(0, 5)) {
    const exact = windowMs / 100;
    expect(total).toBeGreaterThanOrEqual(exact);
    expect(total).toBeLessThanOrEqual(exact * (1 + 1 / 60) + 100);
    expect(errors).toBe(total / 100);
  }
});

test('pages on a fast burn after the short window, and not on a blip', () => {
  const quietMs = 7 * HOUR_MS;
  const well = run(quietMs, 0);
  expect(judge(well, quietMs).page).toBe(false);
  // 10 % of errors burn a hundredfold: an hour is over 14.4 after nine minutes.
  const eight = run(8 * MINUTE_MS, 10, well, quietMs);
  expect(judge(eight, quietMs + 8 * MINUTE_MS).page).toBe(false);
  const ten = run(10 * MINUTE_MS, 10, well, quietMs);
  expect(judge(ten, quietMs + 10 * MINUTE_MS).page).toBe(true);
  // Over once it is over: the short window says so first.
  const after = run(6 * MINUTE_MS, 0, ten, quietMs + 10 * MINUTE_MS);
  expect(judge(after, quietMs + 16 * MINUTE_MS).page).toBe(false);
});

test('impossible counts are ignored whole', () => {
  const state = run(MINUTE_MS, 1);
  for (const bad of [
    { total: 1, errors: 2 },
    { total: Number.NaN, errors: 0 },
    { total: 1, errors: Number.NaN },
    { total: -1, errors: -1 },
  ]) {
    expect(burnWindows(countForBurn(state, { nowMs: 60_000, ...bad }), 60_000)).toEqual(
      burnWindows(state, 60_000),
    );
  }
});

test('silence is no success: rates are of what was counted', () => {
  const state = run(HOUR_MS, 50);
  expect(judge(state, 2 * HOUR_MS + MINUTE_MS).page).toBe(false);
  expect(burnWindows(state, 2 * HOUR_MS + MINUTE_MS)[2]).toMatchObject({ total: 0, errors: 0 });
});
