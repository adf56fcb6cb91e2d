import { describe, expect, test } from 'vitest';
import { errorRatioOf, forgetPending, type GateState, initGate, noteGate } from './gate.ts';

/**
 * A series that grows by 1 a slot: the naive error at horizon 1 is always 1, so the errors given
 * to the forecaster are its ratio.
 */
function run(errors: readonly (number | null)[], config = {}, state?: GateState): GateState {
  let gate = state ?? initGate({ horizonSlots: 1, ...config });
  const from = gate.pending.at(-1)?.slot ?? 10;
  errors.forEach((error, k) => {
    const slot = from + k;
    gate = noteGate(gate, { slot, value: slot }, error === null ? null : slot + 1 + error);
  });
  // One more slot scores the last forecast.
  const slot = from + errors.length;
  return noteGate(gate, { slot, value: slot }, null);
}
const times = (count: number, error: number) => Array.from({ length: count }, () => error);

test('believed from the eighth score on', () => {
  expect(run(times(7, 0))).toMatchObject({ scored: 7, trusted: false });
  expect(run(times(8, 0))).toMatchObject({ scored: 8, trusted: true });
  expect(run(times(3, 0), { minScored: 3 }).trusted).toBe(true);
});

test('believed at the entry ratio, not above', () => {
  const config = { enter: 0.75 };
  expect(run(times(8, 0.75), config)).toMatchObject({ long: { model: 0.75, naive: 1 } });
  expect(run(times(8, 0.75), config).trusted).toBe(true);
  expect(run(times(8, -0.75), config).trusted).toBe(true);
  expect(run(times(8, 0.75 + 2 ** -10), config).trusted).toBe(false);
});

test('not believed any more above the leaving ratio, which is another', () => {
  const config = { memorySlots: 8, enter: 0.5, leave: 0.75 };
  const believed = run(times(8, 0.5), config);
  expect(believed.trusted).toBe(true);
  const worse = run(times(60, 0.75), config, run(times(1, 0.5), config, believed));
  expect(errorRatioOf(worse)).toBeCloseTo(0.75, 3);
  expect(errorRatioOf(worse)).toBeLessThanOrEqual(0.75);
  expect(worse.trusted).toBe(true);
  const over = run(times(3, 0.875), config, worse);
  expect(over.trusted).toBe(false);
  // Back below `leave`, but not yet at `enter`.
  const back = run(times(12, 0.5625), config, over);
  expect(errorRatioOf(back)).toBeLessThan(0.7);
  expect(back.trusted).toBe(false);
});

test('broken: worse of late than the naive forecast is now and usually is', () => {
  // Late is the last score when the memory is six.
  const config = { memorySlots: 6, minScored: 6 };
  const good = run(times(6, 0), config);
  expect(good).toMatchObject({ trusted: true, late: { model: 0, naive: 1 } });
  const once = run([1], config, good);
  expect(once).toMatchObject({ late: { model: 1, naive: 1 }, trusted: true });
  const broken = run([1.5], config, good);
  expect(broken).toMatchObject({ late: { model: 1.5, naive: 1 }, trusted: false });
  expect(errorRatioOf(broken)).toBe(0.25);
  expect(run([0], config, broken).trusted).toBe(true);
});

test('a surprise for both is no break', () => {
  const good = run(times(6, 0), { memorySlots: 6, minScored: 6 });
  const next = noteGate(good, { slot: 17, value: 17 }, 18);
  // 18 was forecast and 17 was naive: 100 came.
  const surprised = noteGate(next, { slot: 18, value: 100 }, null);
  expect(surprised.late).toEqual({ model: 82, naive: 83 });
  expect(surprised.trusted).toBe(true);
  expect(errorRatioOf(surprised)).toBeCloseTo(82 / 6 / (1 + 82 / 6), 12);
});

test('means are plain first and exponential after', () => {
  const config = { memorySlots: 6, minScored: 1 };
  expect(run([1, 0], config).long.model).toBe(0.5);
  expect(run([1, 0, 0.5], config).long.model).toBe(0.5);
  const full = run(times(6, 0), config);
  expect(run([0.6], config, full).long.model).toBeCloseTo(0.1, 12);
  expect(full.scored).toBe(6);
});

test('of late: the last sixth of the memory', () => {
  const config = { memorySlots: 12, minScored: 1 };
  const calm = run(times(12, 0), config);
  expect(run([1], config, calm).late).toEqual({ model: 0.5, naive: 1 });
  expect(run([1, 1], config, calm).late).toEqual({ model: 0.75, naive: 1 });
  // Two errors of 1.5 are needed to be worse than the naive forecast of late: 0.75, then 1.125.
  expect(run([1.5], config, calm).trusted).toBe(true);
  expect(run([1.5, 1.5], config, calm).trusted).toBe(false);
});

test('the ratios may be one, and one may be 1', () => {
  expect(() => initGate({ horizonSlots: 64, enter: 0.5, leave: 0.5 })).not.toThrow();
  expect(() =>
    initGate({ horizonSlots: 1, enter: 1, leave: 1, memorySlots: 6, minScored: 6 }),
  ).not.toThrow();
});

describe('what is not scored', () => {
  test('a forecast for a slot that never came', () => {
    const gate = noteGate(initGate({ horizonSlots: 2 }), { slot: 1, value: 1 }, 5);
    const gap = noteGate(gate, { slot: 4, value: 4 }, 6);
    expect(gap).toMatchObject({ scored: 0, pending: [{ slot: 6, forecast: 6, naive: 4 }] });
  });

  test('silence, and what is no number', () => {
    for (const said of [null, Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(noteGate(initGate({ horizonSlots: 2 }), { slot: 1, value: 1 }, said).pending).toEqual(
        [],
      );
    }
  });

  test('a slot before its time', () => {
    let gate = noteGate(initGate({ horizonSlots: 3 }), { slot: 1, value: 1 }, 5);
    gate = noteGate(gate, { slot: 3, value: 3 }, null);
    expect(gate).toMatchObject({ scored: 0, pending: [{ slot: 4 }] });
    gate = noteGate(gate, { slot: 4, value: 7 }, null);
    expect(gate).toMatchObject({ scored: 1, pending: [], long: { model: 2, naive: 6 } });
  });

  test('what was forgotten', () => {
    const gate = noteGate(initGate({ horizonSlots: 1 }), { slot: 1, value: 1 }, 5);
    expect(noteGate(forgetPending(gate), { slot: 2, value: 2 }, null).scored).toBe(0);
  });
});

test('a series that never changes gives no ratio and no belief', () => {
  let gate = initGate({ horizonSlots: 1 });
  for (let slot = 0; slot < 50; slot += 1) {
    gate = noteGate(gate, { slot, value: 5 }, 5);
  }
  expect(errorRatioOf(gate)).toBeNull();
  expect(gate).toMatchObject({ trusted: false, scored: 49 });
});

test('as many forecasts are under way as the horizon is long', () => {
  let gate = initGate({ horizonSlots: 5 });
  for (let slot = 0; slot < 50; slot += 1) {
    gate = noteGate(gate, { slot, value: slot }, slot);
    expect(gate.pending.length).toBeLessThanOrEqual(5);
  }
  expect(gate.scored).toBe(45);
});

test.each([
  [{ horizonSlots: 0 }, 'horizonSlots'],
  [{ horizonSlots: 65 }, 'horizonSlots'],
  [{ horizonSlots: 1.5 }, 'horizonSlots'],
  [{ horizonSlots: 1, memorySlots: 5 }, 'memorySlots'],
  [{ horizonSlots: 1, minScored: 0 }, 'minScored'],
  [{ horizonSlots: 1, minScored: 61 }, 'minScored'],
  [{ horizonSlots: 1, enter: 0 }, 'enter'],
  [{ horizonSlots: 1, leave: 0.79 }, 'leave'],
  [{ horizonSlots: 1, leave: 1.01 }, 'leave'],
])('%o is refused', (config, field) => {
  expect(() => initGate(config)).toThrowError(new RegExp(`^${field} is `));
});
