/**
 * Ultimate gain and period from a relay experiment.
 *
 *     value = centre + amplitude while the signal is on the one side of its setpoint,
 *             centre - amplitude while it is on the other: the loop swings by itself
 *     Tu = mean period,  Ku = 4 amplitude / (pi sqrt(swing^2 - hysteresis^2))
 *
 * swing: half of the signal's way from its lowest to its highest. The experiment moves the actuator
 * by no more than it is told to, and finds the frequency that matters: the one at which feedback
 * begins to amplify. Ku is the describing function's: up to a quarter too low on plants that mostly
 * integrate (their swing is a triangle, not a sine), a fifth too high where dead time rules.
 *
 * The first two cycles are not counted; the rest must agree within a fifth in period and swing,
 * or nothing is concluded.
 *
 * Gains by rule (Ti, Td are integral and derivative time):
 *     tyreus-luyben     PI  Ku / 3.2, 2.2 Tu            PID  Ku / 2.2, 2.2 Tu, Tu / 6.3
 *     ziegler-nichols   PI  0.45 Ku, Tu / 1.2           PID  0.6 Ku, Tu / 2, Tu / 8
 * Tyreus and Luyben are the calmer ones and the default; Ziegler and Nichols overshoot by design.
 *
 * Source: Astrom and Hagglund 1984; Tyreus and Luyben 1992; Ziegler and Nichols 1942.
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import type { Gains } from '../laws/pid/gains.ts';
import { type Controller, type Plant, runLoop } from './loop.ts';
import type { ControlPoint, Trajectory } from './trajectory.ts';

export interface RelayExperiment {
  readonly plant: () => Plant;
  readonly setpoint: number;
  /** Where the actuator keeps the signal near its setpoint. */
  readonly centre: number;
  readonly amplitude: number;
  /** As for `pid`: a signal above its setpoint asks for more (reverse) or less (direct). */
  readonly action: 'reverse' | 'direct';
  /** The relay switches this far beyond the setpoint: more than the noise. Default 0. */
  readonly hysteresis?: number;
  readonly everyMs: number;
  readonly durationMs: number;
}

export interface Ultimate {
  /** The gain at which a proportional loop swings without end. */
  readonly gain: number;
  readonly periodMs: number;
}

export interface RelayResult {
  /** Null: it did not come to swing steadily. */
  readonly ultimate: Ultimate | null;
  /** Half of the way from the lowest to the highest, mean over the counted cycles. */
  readonly swing: number;
  readonly cycles: number;
  readonly points: Trajectory;
}

export type RelayRule = 'tyreus-luyben' | 'ziegler-nichols';

const SKIPPED_CYCLES = 2;
const FEWEST_CYCLES = 3;
const MOST_SPREAD = 0.2;

export function relayExperiment(experiment: RelayExperiment): RelayResult {
  const { plant, setpoint, centre, amplitude, everyMs, durationMs } = experiment;
  requirePositive('amplitude', amplitude);
  requireThat(centre - amplitude >= 0, 'centre', centre, `amplitude (${amplitude}) or above`);
  requireAtLeastZero('hysteresis', experiment.hysteresis ?? 0);
  const points = runLoop({
    plant,
    controller: () => relay(experiment),
    setpoint,
    value: centre + amplitude,
    everyMs,
    durationMs,
  });
  const cycles = cyclesOf(points).slice(SKIPPED_CYCLES);
  const swing = average(cycles.map((cycle) => cycle.swing));
  const { hysteresis = 0 } = experiment;
  const steady =
    cycles.length >= FEWEST_CYCLES &&
    swing > hysteresis &&
    agree(cycles.map((cycle) => cycle.swing)) &&
    agree(cycles.map((cycle) => cycle.periodMs));
  if (!steady) {
    return { ultimate: null, swing, cycles: cycles.length, points };
  }
  const gain = (4 * amplitude) / (Math.PI * Math.sqrt(swing ** 2 - hysteresis ** 2));
  const periodMs = average(cycles.map((cycle) => cycle.periodMs));
  return { ultimate: { gain, periodMs }, swing, cycles: cycles.length, points };
}

function relay(experiment: RelayExperiment): Controller {
  const { centre, amplitude, hysteresis = 0 } = experiment;
  const sign = experiment.action === 'direct' ? 1 : -1;
  let up = true;
  return ({ setpoint, measured }) => {
    const error = sign * (setpoint - measured);
    if (error > hysteresis) {
      up = true;
    } else if (error < -hysteresis) {
      up = false;
    }
    return up ? centre + amplitude : centre - amplitude;
  };
}

interface Cycle {
  readonly periodMs: number;
  readonly swing: number;
}

/** From each switch upwards to the next. */
function cyclesOf(points: Trajectory): readonly Cycle[] {
  const starts = points.flatMap((point, index) => {
    const before = points[index - 1];
    return before !== undefined && point.value > before.value ? [index] : [];
  });
  return starts.slice(1).map((end, index) => {
    const start = starts[index] as number;
    const signals = points.slice(start, end).map((point) => point.measured);
    return {
      periodMs: (points[end] as ControlPoint).atMs - (points[start] as ControlPoint).atMs,
      swing: (Math.max(...signals) - Math.min(...signals)) / 2,
    };
  });
}

/** 0 for none. */
function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function agree(values: readonly number[]): boolean {
  return Math.max(...values) - Math.min(...values) <= MOST_SPREAD * average(values);
}

export function relayGains(
  ultimate: Ultimate,
  rule: RelayRule = 'tyreus-luyben',
  derivative = false,
): Gains {
  const { gain, periodMs } = ultimate;
  requirePositive('gain', gain);
  requirePositive('periodMs', periodMs);
  const periodS = periodMs / 1_000;
  if (rule === 'ziegler-nichols') {
    return derivative
      ? gainsFrom(0.6 * gain, periodS / 2, periodS / 8)
      : gainsFrom(0.45 * gain, periodS / 1.2, 0);
  }
  return derivative
    ? gainsFrom(gain / 2.2, 2.2 * periodS, periodS / 6.3)
    : gainsFrom(gain / 3.2, 2.2 * periodS, 0);
}

function gainsFrom(kp: number, integralTimeS: number, derivativeTimeS: number): Gains {
  return { kp, ki: kp / integralTimeS, kd: kp * derivativeTimeS };
}
