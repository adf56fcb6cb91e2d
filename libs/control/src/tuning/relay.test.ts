import { describe, expect, test } from 'vitest';
import { firstOrder, inSeries, integrator, ultimateOf } from './plants.fixture.ts';
import { type RelayExperiment, relayExperiment, relayGains } from './relay.ts';

const SLOW = {
  gain: 2,
  timeConstantMs: 10_000,
  deadTimeMs: 2_000,
  rest: { measured: 10, value: 5 },
};

const EXPERIMENT: RelayExperiment = {
  plant: firstOrder(SLOW),
  setpoint: 10,
  centre: 5,
  amplitude: 1,
  action: 'direct',
  everyMs: 100,
  durationMs: 240_000,
};
/** A sampled loop acts half a period late on average. */
const exactOf = (plant: typeof SLOW) =>
  ultimateOf({ ...plant, deadTimeMs: plant.deadTimeMs + EXPERIMENT.everyMs / 2 });

describe('ultimate gain and period', () => {
  test.each([
    { deadTimeMs: 1_000, timeConstantMs: 20_000 },
    { deadTimeMs: 2_000, timeConstantMs: 10_000 },
    { deadTimeMs: 5_000, timeConstantMs: 10_000 },
    { deadTimeMs: 10_000, timeConstantMs: 10_000 },
  ])('of first order with dead time, within a quarter: %o', (shape) => {
    const plant = { ...SLOW, ...shape };
    const { ultimate } = relayExperiment({ ...EXPERIMENT, plant: firstOrder(plant) });
    const exact = exactOf(plant);
    expect((ultimate?.gain ?? 0) / exact.gain).toBeGreaterThan(0.75);
    expect((ultimate?.gain ?? 0) / exact.gain).toBeLessThan(1.2);
    expect((ultimate?.periodMs ?? 0) / exact.periodMs).toBeGreaterThan(0.9);
    expect((ultimate?.periodMs ?? 0) / exact.periodMs).toBeLessThan(1.2);
  });

  test('of an integrator with dead time: Ku = pi / (2 K L), Tu = 4 L', () => {
    const plant = integrator(0.5, 2_000);
    const moved = () => {
      const inner = plant();
      return (value: number, dtMs: number) => 10 + inner(value - 5, dtMs);
    };
    const { ultimate } = relayExperiment({ ...EXPERIMENT, plant: moved });
    expect((ultimate?.gain ?? 0) / (Math.PI / (2 * 0.5 * 2))).toBeCloseTo(8 / Math.PI ** 2, 1);
    expect((ultimate?.periodMs ?? 0) / 8_000).toBeCloseTo(1.03, 1);
  });

  test('a plant that goes down when the value goes up is driven in reverse', () => {
    const plant = firstOrder({ ...SLOW, gain: -2 });
    const reverse = relayExperiment({ ...EXPERIMENT, plant, action: 'reverse' });
    const direct = relayExperiment(EXPERIMENT);
    expect(reverse.ultimate?.gain).toBeCloseTo(direct.ultimate?.gain ?? 0, 9);
    expect(relayExperiment({ ...EXPERIMENT, plant }).ultimate).toBeNull();
  });

  test('hysteresis slows the swing and is taken out of the gain', () => {
    const plain = relayExperiment(EXPERIMENT);
    const wide = relayExperiment({ ...EXPERIMENT, hysteresis: 0.1 });
    expect(wide.swing).toBeGreaterThan(plain.swing);
    expect(wide.ultimate?.periodMs).toBeGreaterThan(plain.ultimate?.periodMs ?? 0);
    const { swing, ultimate } = wide;
    expect(ultimate?.gain).toBeCloseTo(4 / (Math.PI * Math.sqrt(swing ** 2 - 0.01)), 9);
  });

  test('noise smaller than the hysteresis does not matter', () => {
    const noise = (atMs: number) => 0.08 * Math.sin(atMs * 1.7);
    const noisy = relayExperiment({
      ...EXPERIMENT,
      plant: firstOrder({ ...SLOW, noise }),
      hysteresis: 0.1,
    });
    const exact = exactOf(SLOW);
    expect((noisy.ultimate?.gain ?? 0) / exact.gain).toBeGreaterThan(0.5);
    expect((noisy.ultimate?.gain ?? 0) / exact.gain).toBeLessThan(1.2);
  });
});

describe('nothing is concluded', () => {
  test('from too few cycles', () => {
    const { ultimate, cycles } = relayExperiment({ ...EXPERIMENT, durationMs: 30_000 });
    expect(cycles).toBeLessThan(3);
    expect(ultimate).toBeNull();
  });

  test('from a plant that never crosses', () => {
    const { ultimate, cycles, swing } = relayExperiment({ ...EXPERIMENT, setpoint: 100 });
    expect({ ultimate, cycles, swing }).toEqual({ ultimate: null, cycles: 0, swing: 0 });
  });

  test('from a swing that does not repeat itself', () => {
    const noise = (atMs: number) => (atMs / 120_000) * 8 * Math.sin(atMs / 3_000);
    const plant = firstOrder({ ...SLOW, noise });
    expect(relayExperiment({ ...EXPERIMENT, plant }).ultimate).toBeNull();
  });
});

test('a larger amplitude finds the same gain', () => {
  const one = relayExperiment(EXPERIMENT).ultimate?.gain ?? 0;
  const three = relayExperiment({ ...EXPERIMENT, amplitude: 3 }).ultimate?.gain ?? 0;
  expect(three / one).toBeCloseTo(1, 6);
});

test('the actuator may go down to 0', () => {
  expect(relayExperiment({ ...EXPERIMENT, amplitude: 5 }).ultimate).not.toBeNull();
  expect(() => relayExperiment({ ...EXPERIMENT, amplitude: 5.01 })).toThrowError(
    'centre is 5: it must be amplitude (5.01) or above',
  );
});

test('the actuator moves by the amplitude and no more, upwards first', () => {
  const given: number[] = [];
  const plant = () => (value: number) => {
    given.push(value);
    return 10;
  };
  expect(relayExperiment({ ...EXPERIMENT, plant }).points[0]?.value).toBe(6);
  expect(new Set(given)).toEqual(new Set([6]));
  const { points } = relayExperiment(EXPERIMENT);
  expect(new Set(points.map((point) => point.value))).toEqual(new Set([4, 6]));
});

test('a second lag makes the ultimate gain smaller', () => {
  const lag = firstOrder({
    gain: 1,
    timeConstantMs: 3_000,
    deadTimeMs: 0,
    rest: { measured: 10, value: 10 },
  });
  const { ultimate } = relayExperiment({
    ...EXPERIMENT,
    plant: inSeries(firstOrder(SLOW), lag),
  });
  // atan(10 w) + atan(3 w) + 2.05 w = pi at w = 0.433: Ku = 3.64, against 4.15 without the lag.
  expect(ultimate?.gain ?? 0).toBeGreaterThan(3.3);
  expect(ultimate?.gain ?? 0).toBeLessThan(3.64);
  expect(ultimate?.periodMs ?? 0).toBeGreaterThan(14_000);
  expect(ultimate?.periodMs ?? 0).toBeLessThan(16_000);
});

describe('gains', () => {
  const ultimate = { gain: 4, periodMs: 20_000 };

  test.each([
    [undefined, false, { kp: 1.25, ki: 1.25 / 44, kd: 0 }],
    ['tyreus-luyben', true, { kp: 4 / 2.2, ki: 4 / 2.2 / 44, kd: (4 / 2.2) * (20 / 6.3) }],
    ['ziegler-nichols', false, { kp: 1.8, ki: (1.8 * 1.2) / 20, kd: 0 }],
    ['ziegler-nichols', true, { kp: 2.4, ki: 0.24, kd: 6 }],
  ] as const)('by the rule %s, derivative %s', (rule, derivative, gains) => {
    const found = relayGains(ultimate, rule, derivative);
    expect(found.kp).toBeCloseTo(gains.kp, 12);
    expect(found.ki).toBeCloseTo(gains.ki, 12);
    expect(found.kd).toBeCloseTo(gains.kd, 12);
  });

  test('by default those of a PI by Tyreus and Luyben', () => {
    expect(relayGains(ultimate)).toEqual(relayGains(ultimate, 'tyreus-luyben', false));
    expect(relayGains(ultimate).kd).toBe(0);
  });

  test('of nothing there are none', () => {
    expect(() => relayGains({ gain: 0, periodMs: 1 })).toThrowError(/^gain is /);
    expect(() => relayGains({ gain: 1, periodMs: 0 })).toThrowError(/^periodMs is /);
  });
});

test.each([
  ['amplitude', { amplitude: 0 }],
  ['centre', { amplitude: 6 }],
  ['hysteresis', { hysteresis: -1 }],
])('%s is refused: %o', (field, wrong) => {
  const run = () => relayExperiment({ ...EXPERIMENT, ...wrong });
  expect(run).toThrowError(new RegExp(`^${field} is `));
});
