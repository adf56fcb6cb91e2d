import { describe, expect, test } from 'vitest';
import {
  etaMs,
  initStartup,
  noteStartup,
  onTheirWay,
  type StartupLook,
  type StartupState,
  servingWithin,
  startupEstimator,
} from './startup.ts';

const FALLBACK_MS = 12_345;

/** Looks as rows: second, applied, ready, starting. */
type Row = readonly [atS: number, applied: number, ready: number, starting: number];

function look([atS, applied, ready, starting]: Row): StartupLook {
  return { nowMs: atS * 1_000, applied, ready, starting };
}

function after(rows: readonly Row[], from: StartupState = initStartup()): StartupState {
  return rows.reduce((state, row) => noteStartup(state, look(row)), from);
}

describe('one batch', () => {
  /*
   *   0 s       10 s              40 s
   *   10 serve  2 more asked for  they serve (between 30 s and 40 s)
   */
  const rows: readonly Row[] = [
    [0, 10, 10, 0],
    [10, 12, 10, 2],
    [20, 12, 10, 2],
    [30, 12, 10, 2],
    [40, 12, 12, 0],
  ];

  test('dates the start back to the look before it, the end to the middle', () => {
    expect(after(rows).timesMs).toEqual([35_000]);
    expect(etaMs(after(rows), FALLBACK_MS)).toBe(35_000);
  });

  test('until one was seen the fallback holds', () => {
    expect(etaMs(after(rows.slice(0, 4)), FALLBACK_MS)).toBe(FALLBACK_MS);
    expect(etaMs(initStartup(), FALLBACK_MS)).toBe(FALLBACK_MS);
  });

  test('requests not yet starting count from when they were asked for', () => {
    const slow: readonly Row[] = [
      [0, 10, 10, 0],
      [10, 12, 10, 0],
      [20, 12, 10, 2],
      [30, 12, 12, 0],
    ];
    expect(after(slow).timesMs).toEqual([25_000]);
  });

  test('a start that is over before it was ever seen', () => {
    const quick: readonly Row[] = [
      [0, 10, 10, 0],
      [10, 12, 12, 0],
    ];
    expect(after(quick).timesMs).toEqual([5_000]);
    expect(after(quick)).toMatchObject({ pending: [], older: 0, stuck: 0 });
  });

  test('a replica that broke and starts anew counts from when it is seen starting', () => {
    const broken: readonly Row[] = [
      [0, 10, 10, 0],
      [10, 10, 9, 1],
      [20, 10, 10, 0],
    ];
    expect(after(broken).timesMs).toEqual([15_000]);
  });

  test('readiness that flickers is no start', () => {
    const flicker: readonly Row[] = [
      [0, 10, 10, 0],
      [10, 10, 9, 0],
      [20, 10, 10, 0],
    ];
    expect(after(flicker)).toMatchObject({ timesMs: [], older: 0, pending: [], stuck: 0 });
    const down = after(flicker.slice(0, 2));
    expect(down).toMatchObject({ older: 0, pending: [], stuck: 0 });
  });
});

describe('several batches', () => {
  const rows: readonly Row[] = [
    [0, 10, 10, 0],
    [10, 14, 10, 4],
    [20, 20, 10, 10],
    [30, 20, 13, 7],
    [40, 20, 20, 0],
  ];

  test('serve in the order in which they were asked for, one time per batch and look', () => {
    // 3 of the first four at 25 s; the fourth (35 s) and the second batch (begun at 10 s) at 35 s.
    expect(after(rows).timesMs).toEqual([25_000, 35_000, 25_000]);
    expect(after(rows.slice(0, 4)).pending).toEqual([
      { atMs: 0, count: 1 },
      { atMs: 10_000, count: 6 },
    ]);
  });

  test('what is taken back is taken from the newest', () => {
    expect(after([...rows.slice(0, 3), [30, 13, 10, 3]]).pending).toEqual([{ atMs: 0, count: 3 }]);
    expect(after([...rows.slice(0, 3), [30, 16, 10, 6]]).pending).toEqual([
      { atMs: 0, count: 4 },
      { atMs: 10_000, count: 2 },
    ]);
    expect(after([...rows.slice(0, 3), [30, 10, 10, 0]]).pending).toEqual([]);
  });

  test('stuck ones first, then the newest, those from before the first look last', () => {
    const line: StartupState = {
      lastMs: 20_000,
      applied: 20,
      ready: 10,
      older: 3,
      olderMs: 0,
      pending: [
        { atMs: 0, count: 2 },
        { atMs: 10_000, count: 3 },
      ],
      stuck: 2,
      timesMs: [],
      usualMs: null,
    };
    const left = (onTheWay: number) => {
      const { older, pending, stuck } = after([[30, 10 + onTheWay, 10, onTheWay]], line);
      return [older, ...pending.map((batch) => batch.count), stuck];
    };
    expect([10, 9, 8, 7, 5, 4, 3, 2, 0].map(left)).toEqual([
      [3, 2, 3, 2],
      [3, 2, 3, 1],
      [3, 2, 3, 0],
      [3, 2, 2, 0],
      [3, 2, 0],
      [3, 1, 0],
      [3, 0],
      [2, 0],
      [0, 0],
    ]);
    // Serving goes the other way: the eldest first, stuck ones last.
    const served = (count: number) => {
      const { older, pending, stuck } = after([[30, 20, 10 + count, 10 - count]], line);
      return [older, ...pending.map((batch) => batch.count), stuck];
    };
    expect([1, 3, 4, 5, 7, 8, 9, 10].map(served)).toEqual([
      [2, 2, 3, 2],
      [0, 2, 3, 2],
      [0, 1, 3, 2],
      [0, 3, 2],
      [0, 1, 2],
      [0, 2],
      [0, 1],
      [0, 0],
    ]);
  });

  test('more than sixteen batches: the newest takes up the next', () => {
    const many = Array.from({ length: 20 }, (_, k): Row => [k, 10 + k, 10, k]);
    const { pending } = after(many);
    expect(pending.length).toBe(16);
    expect(pending.at(-1)).toEqual({ atMs: 15_000, count: 4 });
    expect(pending.at(0)).toEqual({ atMs: 0, count: 1 });
  });
});

describe('what teaches nothing', () => {
  test('those that were starting at the first look', () => {
    const rows: readonly Row[] = [
      [0, 12, 10, 2],
      [10, 14, 10, 4],
      [20, 14, 12, 2],
    ];
    const state = after(rows);
    expect(state).toMatchObject({ older: 0, timesMs: [], pending: [{ atMs: 0, count: 2 }] });
    expect(after([[0, 12, 10, 2]]).older).toBe(2);
    expect(after([[30, 14, 14, 0]], state).timesMs).toEqual([25_000]);
  });

  test.each([
    [60, [39_000]],
    [61, []],
  ])('a gap of %i s', (gapS, timesMs) => {
    const state = after([
      [0, 10, 10, 0],
      [9, 11, 10, 1],
      [9 + gapS, 11, 11, 0],
    ]);
    expect(state.timesMs).toEqual(timesMs);
    expect(state.pending).toEqual([]);
  });

  test('a clock that goes back: when the pending ones began is forgotten', () => {
    const back = after([
      [100, 10, 10, 0],
      [110, 12, 10, 2],
      [50, 12, 10, 2],
    ]);
    expect(back).toMatchObject({ lastMs: 50_000, older: 2, pending: [], timesMs: [] });
    expect(after([[60, 12, 12, 0]], back)).toMatchObject({ older: 0, timesMs: [] });
  });

  test.each([
    { nowMs: Number.NaN },
    { nowMs: Number.POSITIVE_INFINITY },
    { applied: Number.NaN },
    { applied: -1 },
    { ready: Number.NaN },
    { ready: -1 },
    { starting: Number.POSITIVE_INFINITY },
    { starting: -1 },
    { nowMs: 10_000 },
  ])('an impossible look or a repeated instant: %o', (wrong) => {
    const state = after([
      [0, 10, 10, 0],
      [10, 12, 10, 2],
    ]);
    expect(noteStartup(state, { ...look([20, 12, 12, 0]), ...wrong })).toBe(state);
  });
});

describe('stuck ones', () => {
  const learned = after([
    [0, 10, 10, 0],
    [10, 11, 10, 1],
    [30, 11, 11, 0],
  ]);

  test('after four times the usual time, a minute at least', () => {
    // Usual is 20 s: stuck from 80 s on.
    expect(learned.usualMs).toBe(20_000);
    const asked = after(
      [
        [40, 12, 11, 1],
        [110, 12, 11, 1],
      ],
      learned,
    );
    expect(asked).toMatchObject({ stuck: 0, pending: [{ atMs: 30_000, count: 1 }] });
    const overdue = after([[111, 12, 11, 1]], asked);
    expect(overdue).toMatchObject({ stuck: 1, pending: [] });
    // It is known, so it does not begin again; and when it serves at last it teaches nothing.
    expect(after([[120, 12, 11, 1]], overdue)).toMatchObject({ stuck: 1, pending: [] });
    expect(after([[130, 12, 12, 0]], overdue)).toMatchObject({ stuck: 0, timesMs: [20_000] });
  });

  test('a minute at least, however fast the others were', () => {
    const quick = after([
      [0, 10, 10, 0],
      [2, 11, 11, 0],
      [3, 12, 11, 1],
    ]);
    expect(quick.usualMs).toBe(1_000);
    expect(after([[62, 12, 11, 1]], quick).stuck).toBe(0);
    expect(after([[63, 12, 11, 1]], quick).stuck).toBe(1);
  });

  test('half an hour when nothing is known yet, and at most', () => {
    const rows: readonly Row[] = [
      [0, 10, 10, 0],
      [10, 11, 10, 1],
    ];
    expect(after([...rows, [1_800, 11, 10, 1]]).stuck).toBe(0);
    expect(after([...rows, [1_801, 11, 10, 1]]).stuck).toBe(1);
    const slow = { ...after(rows), usualMs: 900_000 };
    expect(after([[1_801, 11, 10, 1]], slow).stuck).toBe(1);
  });

  test('those that were starting at the first look are stuck as late as the others', () => {
    const rows: readonly Row[] = [[0, 12, 10, 2]];
    expect(after([...rows, [1_800, 12, 10, 2]])).toMatchObject({ older: 2, stuck: 0 });
    const overdue = after([...rows, [1_801, 12, 10, 2]]);
    expect(overdue).toMatchObject({ older: 0, stuck: 2 });
    expect(onTheirWay(overdue)).toBe(0);
  });

  test('they are taken back first, and do not stand in the way of younger ones', () => {
    const overdue = after(
      [
        [40, 12, 11, 1],
        [130, 12, 11, 1],
      ],
      learned,
    );
    const younger = after(
      [
        [140, 14, 11, 3],
        [160, 14, 13, 1],
      ],
      overdue,
    );
    expect(younger).toMatchObject({ stuck: 1, pending: [], timesMs: [20_000, 20_000] });
    expect(after([[170, 13, 13, 0]], younger).stuck).toBe(0);
  });
});

test('the usual time is the third quartile of the last 32', () => {
  let state = initStartup();
  let nowMs = 0;
  const takes = (ms: number): void => {
    state = noteStartup(state, { nowMs, applied: 10, ready: 10, starting: 0 });
    nowMs += 100;
    state = noteStartup(state, { nowMs, applied: 11, ready: 10, starting: 1 });
    nowMs += ms;
    state = noteStartup(state, { nowMs, applied: 11, ready: 11, starting: 0 });
    nowMs += 100;
    state = noteStartup(state, { nowMs, applied: 10, ready: 10, starting: 0 });
    nowMs += 100;
  };
  // The middle of the last look, and the look before the first: half of it and 100 ms.
  const times = [10_000, 30_000, 40_000, 20_000];
  const seen: number[] = [];
  for (const ms of times) {
    takes(ms);
    seen.push(etaMs(state, FALLBACK_MS));
  }
  expect(seen).toEqual([5_100, 15_100, 20_100, 15_100]);
  for (let again = 0; again < 32; again += 1) {
    takes(2_000);
  }
  expect(state.timesMs).toEqual(Array.from({ length: 32 }, () => 1_100));
  expect(etaMs(state, FALLBACK_MS)).toBe(1_100);
});

test('counts on those that should serve within a horizon', () => {
  const rows: readonly Row[] = [
    [0, 12, 10, 2],
    [10, 15, 10, 5],
    [20, 20, 10, 10],
  ];
  const state = after(rows);
  const within = (withinMs: number) => servingWithin(state, { withinMs, fallbackMs: 30_000 });
  // Two began before anything was known; three are 20 s old, five 10 s, and 30 s is usual.
  expect([0, 9_999, 10_000, 19_999, 20_000].map(within)).toEqual([2, 2, 5, 5, 10]);
  expect(onTheirWay(state)).toBe(10);
  expect(servingWithin(initStartup(), { withinMs: 1, fallbackMs: 1 })).toBe(0);
});

test('survives as JSON and stays bounded, whatever it is shown', () => {
  let kept = initStartup();
  let stored = initStartup();
  let draw = 7;
  const next = (below: number) => {
    draw = (draw * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((draw / 2_147_483_648) * below);
  };
  for (let step = 1; step <= 3_000; step += 1) {
    const ready = next(40);
    const starting = next(10);
    const input = { nowMs: step * 1_000, applied: ready + starting + next(3), ready, starting };
    kept = noteStartup(kept, input);
    stored = noteStartup(JSON.parse(JSON.stringify(stored)), input);
    const known = kept.pending.reduce((sum, batch) => sum + batch.count, kept.older + kept.stuck);
    expect(known).toBeGreaterThanOrEqual(starting);
    expect(known).toBeLessThanOrEqual(Math.max(input.applied - ready, starting));
    expect(kept.pending.every((batch) => batch.count > 0)).toBe(true);
    expect(kept.timesMs.length).toBeLessThanOrEqual(32);
    expect(kept.timesMs.every((ms) => ms > 0)).toBe(true);
  }
  expect(stored).toEqual(kept);
});

test('is offered as one thing too', () => {
  expect(startupEstimator).toEqual({
    init: initStartup,
    noteStartup,
    etaMs,
    onTheirWay,
    servingWithin,
  });
});
