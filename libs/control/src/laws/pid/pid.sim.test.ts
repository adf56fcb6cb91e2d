import { describe, expect, test } from 'vitest';
import type { Law } from '../../decision.ts';
import { controllerOf, type Loop, runLoop } from '../../tuning/loop.ts';
import { deadTimeMargin, gainMargin } from '../../tuning/margins.ts';
import { firstOrder } from '../../tuning/plants.fixture.ts';
import { relayExperiment, relayGains } from '../../tuning/relay.ts';
import { identify, simcGains, stepExperiment } from '../../tuning/simc.ts';
import { overshootRatio, qualityOf, settlingMs, type Trajectory } from '../../tuning/trajectory.ts';
import { pid } from './pid.ts';
import type { PidConfig } from './pid-config.ts';
import { pidVelocity } from './pid-velocity.ts';
import type { PidInput } from './sample.ts';

interface Process {
  readonly gain: number;
  readonly timeConstantMs: number;
  readonly deadTimeMs: number;
}

const REST = { measured: 50, value: 500 };

function closed(
  process: Process,
  config: PidConfig,
  more: Partial<Loop> = {},
  law: Law<PidConfig, never, PidInput, number> = pid as never,
): Trajectory {
  const everyMs = process.deadTimeMs / 10;
  return runLoop({
    plant: firstOrder({ ...process, rest: REST }),
    controller: controllerOf(law, config, (sample) => ({ ...sample, evidenceAgeMs: 0 })),
    setpoint: (atMs) => (atMs < 2 * process.deadTimeMs ? 50 : 51),
    value: REST.value,
    everyMs,
    stepMs: everyMs / 2,
    durationMs: 60 * (process.deadTimeMs + process.timeConstantMs),
    ...more,
  });
}

function simc(process: Process): PidConfig {
  const gains = simcGains(process, { everyMs: process.deadTimeMs / 10 });
  return { setpoint: 50, ...gains };
}

const PROCESSES = [
  { gain: 0.02, timeConstantMs: 5_000, deadTimeMs: 5_000 },
  { gain: -0.02, timeConstantMs: 20_000, deadTimeMs: 5_000 },
  { gain: 0.05, timeConstantMs: 2_000, deadTimeMs: 10_000 },
  { gain: -3, timeConstantMs: 100_000, deadTimeMs: 10_000 },
];

describe.each(PROCESSES)('SIMC on %o', (process) => {
  const config = simc(process);

  test('gain margin above 2.7, in both forms', () => {
    const margin = gainMargin((factor) =>
      closed(process, { ...config, kp: config.kp * factor, ki: (config.ki ?? 0) * factor }),
    ).margin;
    expect(margin).toBeGreaterThan(2.7);
    expect(margin).toBeLessThan(3.5);
    const velocity = gainMargin((factor) => {
      const kp = config.kp * factor;
      const scaled = { ...config, kp, ki: (config.ki ?? 0) * factor, resolution: 0 };
      return closed(process, scaled, {}, pidVelocity as never);
    }).margin;
    expect(velocity / margin).toBeCloseTo(1, 1);
  });

  test('stable with up to two and a half times its dead time', () => {
    const { margin } = deadTimeMargin((extraDelayMs) => closed(process, config, { extraDelayMs }), {
      precisionMs: process.deadTimeMs / 10,
      mostMs: 10 * process.deadTimeMs,
    });
    expect(margin).toBeGreaterThan(1.5 * process.deadTimeMs);
    expect(margin).toBeLessThan(4 * process.deadTimeMs);
  });

  test('a step settles with little overshoot', () => {
    const points = closed(process, config);
    const after = points.filter((point) => point.atMs >= 2 * process.deadTimeMs);
    expect(overshootRatio(after)).toBeLessThan(0.25);
    const slowest = 20 * process.deadTimeMs;
    expect(settlingMs(after, 0.05)).toBeLessThan(slowest);
  });
});

test.each(PROCESSES)(
  'whole positions, at rest: one position to and fro at most, on %o',
  (process) => {
    const config = { ...simc(process), resolution: 1 };
    // Between two positions, where nothing can rest.
    const setpoint = 50 + 7.4 * process.gain;
    for (const law of [pid, pidVelocity] as const) {
      const points = closed(process, config, { setpoint }, law as never);
      const late = points.slice(-Math.floor(points.length / 4)).map((point) => point.value);
      expect(late.every(Number.isInteger)).toBe(true);
      expect(Math.max(...late) - Math.min(...late)).toBeLessThanOrEqual(1);
      expect(Math.min(...late)).toBe(507);
    }
  },
);

test('from an unknown plant to a tuned loop, by the step and by the relay', () => {
  const process = { gain: -0.02, timeConstantMs: 20_000, deadTimeMs: 5_000 };
  const plant = firstOrder({ ...process, rest: REST });
  const everyMs = 500;
  const response = stepExperiment({
    plant,
    from: 500,
    to: 520,
    everyMs,
    settleMs: 10_000,
    durationMs: 200_000,
  });
  const model = identify(response);
  const byStep = { setpoint: 50, ...simcGains(model ?? process, { everyMs }) };
  const { ultimate } = relayExperiment({
    plant,
    setpoint: 50,
    centre: 500,
    amplitude: 20,
    action: 'reverse',
    everyMs,
    durationMs: 400_000,
  });
  const gains = relayGains(ultimate ?? { gain: 1, periodMs: 1 });
  const byRelay: PidConfig = { setpoint: 50, action: 'reverse', ...gains };
  expect(model).not.toBeNull();
  expect(ultimate).not.toBeNull();
  for (const config of [byStep, byRelay]) {
    const after = closed(process, config).filter((point) => point.atMs >= 10_000);
    const quality = qualityOf(after, 0.05);
    expect(quality.settlingMs ?? Number.NaN).toBeLessThan(150_000);
    expect(quality.overshootRatio ?? Number.NaN).toBeLessThan(0.25);
  }
});

describe('anti-windup: 500 s at the limit, then the setpoint comes within reach', () => {
  const process = { gain: 0.02, timeConstantMs: 20_000, deadTimeMs: 2_000 };
  const config: PidConfig = { ...simc(process), max: 550 };
  /** 51 is the most that can be reached; 60 is asked for, and then 50.5. */
  const setpoint = (atMs: number) => (atMs < 1_000 ? 50 : atMs < 500_000 ? 60 : 50.5);

  test('the value leaves the limit at once, in every form', () => {
    const conditional = {
      ...pid,
      init: (c: PidConfig) => pid.init({ ...c, antiWindup: 'conditional' }),
    };
    for (const law of [pid, conditional, pidVelocity] as const) {
      const points = closed(process, config, { setpoint, durationMs: 700_000 }, law as never);
      const limited = points.filter((point) => point.atMs >= 500_000 && point.value >= 550);
      expect(points.find((point) => point.atMs === 400_000)?.value).toBe(550);
      expect(limited.length).toBe(0);
      const after = points.filter((point) => point.atMs >= 500_000);
      expect(settlingMs(after, 0.05)).toBeLessThan(60_000);
    }
  });

  test('a refusing actuator is a limit that nobody told it of', () => {
    const plant = firstOrder({ ...process, rest: REST });
    const refusing = () => {
      const inner = plant();
      return (value: number, dtMs: number) => inner(Math.min(550, value), dtMs);
    };
    const controller = () => {
      let state = pid.init({ ...config, max: null });
      return (sample: { nowMs: number; setpoint: number; measured: number; applied: number }) => {
        const applied = Math.min(550, sample.applied);
        const step = pid.step(state, { ...sample, applied, evidenceAgeMs: 0 });
        state = step.state;
        return step.output.value;
      };
    };
    const points = runLoop({
      plant: refusing,
      controller,
      setpoint,
      value: 500,
      everyMs: 200,
      durationMs: 700_000,
    });
    const after = points.filter((point) => point.atMs >= 500_000);
    expect(after[0]?.value).toBeLessThan(550);
    expect(settlingMs(after, 0.05)).toBeLessThan(60_000);
  });
});

test('direction, closed: utilisation above its setpoint brings more replicas', () => {
  // 70 requests/s of 100 ms: 10 replicas at 70 %, seen a first-order lag late.
  let load = 7;
  const plant = () => {
    let measured = 0.7;
    return (replicas: number, dtMs: number) => {
      measured += (load / replicas - measured) * (1 - Math.exp(-dtMs / 10_000));
      return measured;
    };
  };
  const config: PidConfig = { setpoint: 0.7, action: 'reverse', kp: 5, ki: 0.2, min: 1 };
  const points = runLoop({
    plant,
    controller: controllerOf(pid, config, (sample) => {
      load = sample.nowMs < 60_000 ? 7 : 14;
      return { ...sample, evidenceAgeMs: 0 };
    }),
    setpoint: 0.7,
    value: 10,
    everyMs: 5_000,
    durationMs: 900_000,
  });
  const rising = points.filter((point) => point.atMs > 65_000 && point.atMs < 120_000);
  expect(rising.every((point, index) => point.value >= (rising[index - 1]?.value ?? 0))).toBe(true);
  expect(points.at(-1)?.value).toBeCloseTo(20, 1);
  expect(points.at(-1)?.measured).toBeCloseTo(0.7, 2);
});
