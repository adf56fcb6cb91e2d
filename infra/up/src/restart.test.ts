import { expect, test } from 'vitest';
import { afterCrash } from './restart.ts';

test('waits twice as long after each crash, up to half a minute', () => {
  let state = { crashes: 0, startedMs: 0 };
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const { crashes, waitMs } = afterCrash(state, state.startedMs + 100);
    waits.push(waitMs);
    state = { crashes, startedMs: state.startedMs + 100 + waitMs };
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a process that was well for a minute starts anew', () => {
  expect(afterCrash({ crashes: 7, startedMs: 0 }, 60_000)).toEqual({ crashes: 1, waitMs: 500 });
});
