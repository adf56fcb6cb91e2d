import { describe, expect, test } from 'vitest';
import { initSeason, noteSeason, repeatAt, type SeasonState } from './season.ts';
import { noise, sine, square } from './series.fixture.ts';

function run(length: number, at: (k: number) => number | null, config = {}, from = 0): SeasonState {
  let state = initSeason(config);
  for (let k = 0; k < length; k += 1) {
    const value = at(from + k);
    if (value !== null) state = noteSeason(state, { slot: from + k, value });
  }
  return state;
}

describe('finds the period', () => {
  test.each([
    ['sine', 20, sine(20)],
    ['sine of no whole number of slots', 37.5, sine(37.5)],
    ['square', 24, square(24)],
    ['sawtooth', 16, (k: number) => 10 + (k % 16)],
    ['pulse', 30, (k: number) => (k % 30 < 3 ? 90 : 10)],
    ['the longest', 110, sine(110)],
  ])('%s of %d slots', (_name, period, at) => {
    const { found } = run(4 * period, at);
    expect(found?.periodSlots).toBeCloseTo(period, 0);
    expect(Math.abs((found?.periodSlots ?? 0) - period)).toBeLessThan(0.3);
    expect(found?.correlation).toBeGreaterThan(0.85);
  });

  test('not a multiple of it', () => {
    expect(run(240, sine(12)).found?.periodSlots).toBeCloseTo(12, 1);
  });

  test('under noise as strong as half of it', () => {
    const n = noise(7);
    const { found } = run(300, (k) => Math.max(0, sine(40)(k) + 14 * n()));
    expect(Math.abs((found?.periodSlots ?? 0) - 40)).toBeLessThan(2);
  });

  test('on a slow trend', () => {
    const { found } = run(240, (k) => sine(30)(k) + 0.2 * k);
    expect(Math.abs((found?.periodSlots ?? 0) - 30)).toBeLessThan(0.5);
  });

  test('with a fifth of the slots missing', () => {
    const n = noise(3);
    const { found } = run(300, (k) => (n() > 0.84 ? null : sine(25)(k)));
    expect(Math.abs((found?.periodSlots ?? 0) - 25)).toBeLessThan(0.5);
  });

  test('another one, when the series changes to it', () => {
    const { found } = run(900, (k) => (k < 300 ? sine(20)(k) : sine(33)(k)));
    expect(Math.abs((found?.periodSlots ?? 0) - 33)).toBeLessThan(1);
  });
});

describe('finds none', () => {
  test.each([
    ['constant', () => 5],
    ['all zero', () => 0],
    ['ramp', (k: number) => 10 + k],
    ['one step', (k: number) => (k < 150 ? 10 : 90)],
  ])('%s', (_name, at) => {
    expect(run(300, at).found).toBeNull();
  });

  test('in noise', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const n = noise(seed);
      expect(run(300, () => Math.max(0, 100 + 20 * n())).found).toBeNull();
    }
  });

  test('in a random walk, but by chance', () => {
    let fooled = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const n = noise(seed);
      let level = 1_000;
      const { found } = run(300, () => (level = Math.max(0, level + 10 * n())));
      fooled += found === null ? 0 : 1;
    }
    expect(fooled).toBeLessThanOrEqual(6);
  });

  test('of which less than half is a rhythm', () => {
    let found = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const n = noise(seed);
      const faint = run(240, (k) => Math.max(0, sine(30, 20, 200)(k) + 24 * n()));
      found += faint.found === null ? 0 : 1;
    }
    expect(found).toBeLessThanOrEqual(3);
  });

  test('before two seasons have been seen', () => {
    expect(run(79, sine(40)).found).toBeNull();
    expect(run(88, sine(40)).found?.periodSlots).toBeCloseTo(40, 0);
  });
});

describe('the forecast from past cycles', () => {
  test('is exact for what repeats exactly', () => {
    const state = run(90, square(24));
    for (let ahead = 1; ahead <= 50; ahead += 1) {
      expect(repeatAt(state, 89 + ahead)).toBeCloseTo(square(24)(89 + ahead), 6);
    }
  });

  test('follows a period of no whole number of slots', () => {
    const state = run(200, sine(37.5));
    for (let ahead = 1; ahead <= 40; ahead += 1) {
      const error = Math.abs((repeatAt(state, 199 + ahead) ?? 0) - sine(37.5)(199 + ahead));
      expect(error).toBeLessThan(4);
    }
  });

  test('is lifted to where the series is now', () => {
    const at = (k: number) => sine(20)(k) + (k >= 90 ? 50 : 0);
    const state = run(100, at);
    const error = Math.abs((repeatAt(state, 105) ?? 0) - at(105));
    expect(error).toBeLessThan(5);
  });

  test('is never negative, and says nothing without a period', () => {
    const falling = run(101, (k) => (k < 95 ? square(20, 10, 10)(k) : 0));
    for (let ahead = 1; ahead < 20; ahead += 1) {
      expect(repeatAt(falling, 100 + ahead) ?? 0).toBeGreaterThanOrEqual(0);
    }
    expect(
      repeatAt(
        run(50, () => 5),
        55,
      ),
    ).toBeNull();
    expect(repeatAt(initSeason(), 55)).toBeNull();
  });

  test('after a long silence the period is known, and nothing else', () => {
    const state = noteSeason(run(90, sine(24)), { slot: 5_000, value: 100 });
    expect(state.found).not.toBeNull();
    expect(repeatAt(state, 5_004)).toBeNull();
  });
});

test('its size is fixed', () => {
  const state = run(2_000, sine(20), { mostSlots: 32 });
  expect([state.ring.length, state.differences.length, state.pairs.length]).toEqual([64, 32, 32]);
  expect(Math.max(...state.pairs)).toBe(64);
});

test('goes on identically after JSON, over gaps and negative slots', () => {
  const at = (k: number) => (k % 11 === 3 ? null : square(14)(k));
  let kept = initSeason({ mostSlots: 32 });
  let stored = kept;
  for (let slot = -60; slot < 100; slot += 1) {
    const value = at(slot);
    if (value === null) continue;
    kept = noteSeason(kept, { slot, value });
    stored = noteSeason(JSON.parse(JSON.stringify(stored)), { slot, value });
    expect(JSON.stringify(stored)).toBe(JSON.stringify(kept));
  }
  expect(kept.found?.periodSlots).toBeCloseTo(14, 0);
});

test('a slot that is not newer is ignored', () => {
  const state = run(30, sine(10));
  expect(noteSeason(state, { slot: 29, value: 1 })).toBe(state);
  expect(noteSeason(state, { slot: 3, value: 1 })).toBe(state);
});

test.each([
  [{ mostSlots: 7 }, 'mostSlots'],
  [{ mostSlots: 513 }, 'mostSlots'],
  [{ mostSlots: Number.NaN }, 'mostSlots'],
  [{ leastSlots: 3 }, 'leastSlots'],
  [{ mostSlots: 20, leastSlots: 20 }, 'leastSlots'],
])('%o is refused', (config, field) => {
  expect(() => initSeason(config)).toThrowError(new RegExp(`^${field} is `));
});
