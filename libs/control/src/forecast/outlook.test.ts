import { describe, expect, test } from 'vitest';
import { type OutlookState, outlook } from './outlook.ts';
import { CALENDARS, type OutlookConfig } from './outlook-config.ts';
import { noise, sine, square } from './series.fixture.ts';

const SLOT_MS = 15_000;
const CONFIG: OutlookConfig = { horizonMs: 60_000 };

/** A sample every 5 s; `at` is in slots. */
function run(
  slots: number,
  at: (slot: number) => number | null,
  config = CONFIG,
  state?: OutlookState,
) {
  let next = state ?? outlook.init(config);
  for (let ms = 2_500; ms < slots * SLOT_MS; ms += 5_000) {
    const value = at(ms / SLOT_MS - 0.5);
    if (value !== null) next = outlook.note(next, { atMs: ms, value });
  }
  return next;
}
const endMs = (slots: number) => slots * SLOT_MS;

describe('who is believed', () => {
  test('a ramp: the trend', () => {
    const state = run(40, (s) => 100 + 5 * s);
    const said = outlook.forecast(state, endMs(40) + 60_000);
    expect(said).toMatchObject({ trusted: true, from: 'trend' });
    expect(said.value).toBeCloseTo(100 + 5 * 43.5, 0);
    expect(said.errorRatio).toBeLessThan(0.05);
    expect(said.meanError).toBeLessThan(1);
  });

  test('a rhythm: the season or Holt-Winters, once it has proved itself', () => {
    const at = square(24);
    const early = run(40, at);
    const names = (state: OutlookState) =>
      outlook.candidates(state, endMs(40)).filter(({ value }) => value !== null);
    expect(names(early).map(({ name }) => name)).toEqual(['trend']);
    const state = run(110, at);
    for (const ahead of [1, 2, 3, 4]) {
      const said = outlook.forecast(state, endMs(110) + ahead * SLOT_MS);
      expect(said.trusted).toBe(true);
      expect(['season', 'holt-winters']).toContain(said.from);
      expect(said.value).toBeCloseTo(at(110 + ahead - 0.5), -1.5);
    }
  });

  test.each([
    ['constant', () => 50],
    ['one step long ago', (s: number) => (s < 30 ? 50 : 90)],
  ])('%s: nobody, it stays as it is', (_name, at) => {
    const state = run(120, at);
    expect(outlook.forecast(state, endMs(120) + 30_000)).toEqual({
      value: at(119),
      trusted: false,
      from: 'naive',
      errorRatio: null,
      meanError: null,
    });
  });

  test('a season that is told serves as soon as it has been seen twice', () => {
    const config = { ...CONFIG, seasonMs: 20 * SLOT_MS };
    const at = sine(20);
    const known = (state: OutlookState) =>
      outlook.candidates(state, 0).find(({ name }) => name === 'holt-winters')?.value ?? null;
    expect(known(run(40, at, config))).toBeNull();
    expect(known(run(41, at, config))).not.toBeNull();
  });

  test('a day: what happens at this time of every day is known before it happens', () => {
    // A day of 40 minutes here: quiet, but for ten minutes from the twentieth on.
    const at = (s: number) => (s % 160 >= 80 && s % 160 < 120 ? 300 : 100);
    const calendar = { seasonMs: 160 * SLOT_MS, slotMs: 60_000 };
    const config = { ...CONFIG, calendar, mostPeriodSlots: 8, memorySlots: 400 };
    const state = run(160 * 4 + 78, at, config);
    const said = outlook.forecast(state, endMs(160 * 4 + 78) + 60_000);
    expect(said).toMatchObject({ trusted: true, from: 'profile' });
    expect(said.value).toBeGreaterThan(250);
    expect(outlook.forecast(state, endMs(160 * 4 + 78)).value).toBeLessThan(150);
  });
});

describe('calendars', () => {
  test('a day and a week of whole slots', () => {
    const slots = (calendar: { readonly seasonMs: number; readonly slotMs: number }) =>
      outlook.init({ ...CONFIG, calendar }).profile?.usual.phases.length;
    expect([slots(CALENDARS.day), slots(CALENDARS.week)]).toEqual([288, 672]);
  });

  test('the same weekday: quiet on the seventh day, like every seventh day before', () => {
    const at = (ms: number) => (Math.floor(ms / 86_400_000) % 7 === 6 ? 50 : 200);
    let state = outlook.init({ horizonMs: 3_600_000, slotMs: 900_000, calendar: CALENDARS.week });
    const untilMs = 27 * 86_400_000 - 1_800_000;
    for (let ms = 0; ms < untilMs; ms += 900_000) {
      state = outlook.note(state, { atMs: ms, value: at(ms) });
    }
    expect(outlook.forecast(state, untilMs + 3_600_000)).toMatchObject({
      trusted: true,
      from: 'profile',
      value: 50,
    });
    expect(outlook.forecast(state, untilMs)).toMatchObject({ value: 200 });
  });
});

describe('the look ahead', () => {
  const state = run(40, (s) => 100 + 5 * s);

  test('is not trusted further than one and a half horizons', () => {
    // The newest closed slot is 38; six slots ahead of it is the end.
    const edge = (slot: number) => outlook.forecast(state, (slot + 0.5) * SLOT_MS);
    expect(edge(44).trusted).toBe(true);
    expect(edge(44.01)).toMatchObject({ trusted: false, from: 'naive', value: 290 });
    expect(outlook.forecast(state, Number.NaN)).toMatchObject({ trusted: false, from: 'naive' });
  });

  test('highest: of the moments on the way, by one forecaster', () => {
    const falling = run(40, (s) => 400 - 5 * s);
    const at = (made: OutlookState, ms: number) => outlook.forecast(made, endMs(40) + ms).value;
    expect(outlook.highest(state, endMs(40), endMs(40) + 60_000).value).toBe(at(state, 60_000));
    expect(outlook.highest(falling, endMs(40), endMs(40) + 60_000).value).toBe(at(falling, 0));
    // The wave is highest at 126, on the way from 123.5 to 127.5.
    const wave = run(124, sine(24));
    const ends = [0, 60_000].map((ms) => outlook.forecast(wave, endMs(124) + ms).value ?? 0);
    const top = outlook.highest(wave, endMs(124), endMs(124) + 60_000);
    expect(top.trusted).toBe(true);
    expect(top.value).toBeGreaterThan(Math.max(...ends) + 1);
    expect(outlook.highest(state, endMs(40), endMs(60)).trusted).toBe(false);
  });

  test('nothing seen, nothing said', () => {
    const empty = outlook.init(CONFIG);
    expect(outlook.forecast(empty, 0)).toMatchObject({ value: null, trusted: false });
    const one = outlook.note(empty, { atMs: 5_000, value: 7 });
    expect(outlook.forecast(one, 10_000)).toMatchObject({ value: 7, trusted: false });
  });
});

describe('poison and gaps', () => {
  const poison = [
    { atMs: 700_000, value: Number.NaN },
    { atMs: 700_000, value: -5 },
    { atMs: 700_000, value: Number.POSITIVE_INFINITY },
    { atMs: Number.NaN, value: 5 },
  ];

  test.each(poison)('%o changes nothing', (sample) => {
    const state = run(40, (s) => 100 + s);
    expect(outlook.note(state, sample)).toBe(state);
  });

  test('a gap is no zero: a ramp goes on after it', () => {
    const state = run(60, (s) => (s > 35 && s < 39 ? null : 100 + 5 * s));
    const said = outlook.forecast(state, endMs(60) + 45_000);
    expect(said.value).toBeCloseTo(100 + 5 * 62.5, 0);
  });

  test('an hour of silence: nothing recent is believed', () => {
    const state = run(40, (s) => 100 + 5 * s);
    const later = endMs(40) + 3_600_000;
    expect(outlook.forecast(state, later)).toMatchObject({ trusted: false, value: 290 });
    const back = outlook.note(outlook.note(state, { atMs: later, value: 10 }), {
      atMs: later + SLOT_MS,
      value: 10,
    });
    const said = outlook.forecast(back, later + SLOT_MS);
    expect(said).toMatchObject({ trusted: false, value: 10 });
  });
});

describe('the clock', () => {
  const before = run(110, square(24));
  const back = (state: OutlookState, count: number) => {
    let next = state;
    for (let k = 0; k < count; k += 1) {
      next = outlook.note(next, { atMs: 60_000 + 5_000 * k, value: 33 });
    }
    return next;
  };

  test('two late samples are late, three mean that it was set back', () => {
    const late = back(before, 2);
    expect({ ...late, slots: null }).toEqual({ ...before, slots: null });
    const set = back(before, 3);
    expect(set.newest).toBeNull();
    expect(set.trend.values).toEqual([]);
    expect(set.season.found).toBeNull();
    expect(Object.values(set.gates).every(({ pending }) => pending.length === 0)).toBe(true);
    // How good a forecaster was is not forgotten.
    expect(set.gates.season.long).toEqual(before.gates.season.long);
    expect(outlook.forecast(set, 80_000)).toMatchObject({ value: 33, trusted: false });
  });

  test('the calendar stays, and learns on', () => {
    const calendar = { seasonMs: 10 * 60_000, slotMs: 60_000 };
    const state = run(110, () => 5, { ...CONFIG, calendar });
    const set = back(state, 30);
    expect(set.profile?.usual.phases.flat()).toContain(33);
    expect(set.profile?.usual.phases.flat().filter((value) => value === 5).length).toBeGreaterThan(
      10,
    );
  });

  test('a jump ahead and back again', () => {
    let state = outlook.note(before, { atMs: 1e12, value: 70 });
    for (let k = 0; k < 60; k += 1) {
      state = outlook.note(state, { atMs: endMs(110) + k * 5_000, value: 100 + k });
    }
    const said = outlook.forecast(state, endMs(110) + 330_000);
    expect(said.value).toBeGreaterThan(140);
    expect(said.value).toBeLessThan(180);
  });
});

describe('new figures', () => {
  const state = run(60, (s) => 100 + 5 * s);

  test('the same ones change nothing', () => {
    expect(outlook.retune(state, CONFIG)).toEqual(state);
  });

  test('another horizon: the models stay, their errors are of another horizon', () => {
    const next = outlook.retune(state, { horizonMs: 90_000 });
    expect(next.trend).toBe(state.trend);
    expect(next.gates.trend).toMatchObject({ scored: 0, trusted: false });
    expect(next.gates.trend.config.horizonSlots).toBe(6);
    // 46 s and 60 s are both four slots.
    const same = outlook.retune(state, { horizonMs: 46_000 });
    expect(same.gates).toBe(state.gates);
    expect(same.config.horizonMs).toBe(46_000);
  });

  test.each([{ enter: 0.5 }, { leave: 0.9 }, { minScored: 20 }, { memorySlots: 90 }])(
    'other gates, %o: what they measured is void',
    (change) => {
      const next = outlook.retune(state, { ...CONFIG, ...change });
      expect(next.trend).toBe(state.trend);
      expect(next.gates.trend).toMatchObject({ scored: 0, config: change });
    },
  );

  test.each([
    { trendSlots: 6 },
    { mostPeriodSlots: 60 },
    { seasonMs: 300_000 },
    { calendar: { seasonMs: 86_400_000, slotMs: 300_000 } },
  ])('other models, %o: all is new', (change) => {
    const config = { ...CONFIG, ...change };
    expect(outlook.retune(state, config)).toEqual(outlook.init(config));
  });

  test('a calendar of other slots, or of another season, is another one', () => {
    const day = { seasonMs: 86_400_000, slotMs: 300_000 };
    const known = outlook.init({ ...CONFIG, calendar: day });
    for (const change of [{ slotMs: 600_000 }, { seasonMs: 604_800_000 }]) {
      const config = { ...CONFIG, calendar: { ...day, ...change } };
      expect(outlook.retune(known, config)).toEqual(outlook.init(config));
    }
  });

  test('other slots: all is new', () => {
    const next = outlook.retune(state, { ...CONFIG, slotMs: 10_000 });
    expect(next).toEqual(outlook.init({ ...CONFIG, slotMs: 10_000 }));
  });

  test.each([
    [{ horizonMs: 0 }, 'horizonMs'],
    [{ horizonMs: 960_001 }, 'horizonMs'],
    [{ horizonMs: 60_000, slotMs: Number.NaN }, 'slotMs'],
    [{ horizonMs: 60_000, trendSlots: 2 }, 'slots'],
    [{ horizonMs: 60_000, mostPeriodSlots: 2 }, 'mostSlots'],
    [{ horizonMs: 60_000, seasonMs: 1 }, 'seasonSlots'],
    [{ horizonMs: 60_000, calendar: { seasonMs: 1, slotMs: 1 } }, 'seasonSlots'],
    [{ horizonMs: 60_000, calendar: { seasonMs: 1, slotMs: 0 } }, 'slotMs'],
    [{ horizonMs: 60_000, enter: 0 }, 'enter'],
  ])('%o is refused', (config, field) => {
    expect(() => outlook.init(config)).toThrowError(new RegExp(`^${field} is `));
  });
});

test('those it believes are on the whole worth it', () => {
  const loads: readonly ((s: number, n: () => number) => number)[] = [
    (s, n) => sine(40)(s) + 5 * n(),
    (s, n) => square(30)(s) + 5 * n(),
    (s, n) => 100 + (s % 200) + 5 * n(),
    (_s, n) => 100 + 20 * n(),
    (s, n) => (s % 97 < 6 ? 300 : 100) + 5 * n(),
  ];
  loads.forEach((load, k) => {
    const n = noise(k + 1);
    const values = Array.from({ length: 500 }, (_, s) => Math.max(0, load(s, n)));
    let state = outlook.init(CONFIG);
    let ours = 0;
    let naive = 0;
    values.forEach((value, s) => {
      state = outlook.note(state, { atMs: s * SLOT_MS, value });
      const came = values[s + 3];
      const { newest } = state;
      if (came === undefined || newest === null) return;
      // The newest closed slot is s - 1: four ahead is s + 3.
      const said = outlook.forecast(state, (s + 3.5) * SLOT_MS).value ?? 0;
      ours += Math.abs(said - came);
      naive += Math.abs(newest.value - came);
    });
    expect(ours / naive).toBeLessThan(k < 2 ? 0.7 : 1.05);
  });
});
