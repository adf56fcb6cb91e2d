/**
 * PI gains from a step response, by SIMC.
 *
 *     step      K = signal's change / value's change
 *               T = 1.5 (t63 - t28),  L = t63 - T        t28, t63: when 28.3 and 63.2 % were gone
 *     gains     kp = T / (K (Tc + L)),  Ti = min(T, 4 (Tc + L))
 *
 * Tc: the closed loop's time constant, by default the dead time: a gain margin of about 3 and
 * stable with up to three times the dead time. A larger Tc is calmer. A sampled loop acts half a
 * period late on average: that is added to L.
 *
 * Nothing is concluded from a response that has not settled, or that is no larger than the noise
 * before it.
 *
 * Source: S. Skogestad, Simple analytic rules for model reduction and PID controller tuning, 2003;
 * two-point method: C. L. Smith 1972.
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import type { Gains } from '../laws/pid/gains.ts';
import { type Plant, runLoop } from './loop.ts';

/** First order with dead time. */
export interface ProcessModel {
  /** Signal per value; negative where more of the value makes less of the signal. */
  readonly gain: number;
  readonly timeConstantMs: number;
  readonly deadTimeMs: number;
}

export interface StepExperiment {
  readonly plant: () => Plant;
  /** The value before and after. */
  readonly from: number;
  readonly to: number;
  readonly everyMs: number;
  /** Until the signal rests at `from`, and then at `to`. */
  readonly settleMs: number;
  readonly durationMs: number;
}

export interface StepResponse {
  readonly from: number;
  readonly to: number;
  /** When the value changed. */
  readonly changedMs: number;
  readonly points: readonly { readonly atMs: number; readonly measured: number }[];
}

export interface SimcGains extends Gains {
  readonly action: 'reverse' | 'direct';
}

/** The last samples before the change, and the last after it, are taken as rest. */
const REST_BEFORE = 0.5;
const REST_AFTER = 0.2;
/** A response that still moves by more than this share of itself has not settled. */
const MOST_UNSETTLED = 0.1;
/** A response must be so many times the noise before it. */
const NOISE_TIMES = 3;
const NUMERIC_NOISE = 1e-9;
const LOW = 0.283;
const HIGH = 0.632;

export function stepExperiment(experiment: StepExperiment): StepResponse {
  const { plant, from, to, everyMs, settleMs, durationMs } = experiment;
  requireThat(from !== to, 'to', to, `another value than from (${from})`);
  requirePositive('settleMs', settleMs);
  requirePositive('durationMs', durationMs);
  const points = runLoop({
    plant,
    controller: () => (sample) => (sample.nowMs >= settleMs ? to : from),
    setpoint: 0,
    value: from,
    everyMs,
    durationMs: settleMs + durationMs,
  });
  return { from, to, changedMs: Math.ceil(settleMs / everyMs) * everyMs, points };
}

export function identify(response: StepResponse): ProcessModel | null {
  const { from, to, changedMs, points } = response;
  const before = points.filter((point) => point.atMs <= changedMs).map(({ measured }) => measured);
  const after = points.filter((point) => point.atMs > changedMs);
  const resting = Math.max(1, Math.floor(after.length * REST_AFTER));
  const settled = after.slice(-resting).map(({ measured }) => measured);
  const earlier = after.slice(-2 * resting, -resting).map(({ measured }) => measured);
  const calm = before.slice(-Math.max(1, Math.floor(before.length * REST_BEFORE)));
  if (calm.length === 0 || earlier.length === 0) {
    return null;
  }
  const base = average(calm);
  const change = average(settled) - base;
  const noise = Math.max(...calm.map((value) => Math.abs(value - base)));
  const floor = Math.max(NOISE_TIMES * noise, NUMERIC_NOISE * Math.abs(base));
  const loud = Number.isFinite(change) && Math.abs(change) > floor;
  const moves = Math.abs(average(settled) - average(earlier)) > MOST_UNSETTLED * Math.abs(change);
  if (!loud || moves) {
    return null;
  }
  const lowMs = reachedMs(response, base + LOW * change, change) - changedMs;
  const highMs = reachedMs(response, base + HIGH * change, change) - changedMs;
  const timeConstantMs = 1.5 * (highMs - lowMs);
  const deadTimeMs = Math.max(0, highMs - timeConstantMs);
  return { gain: change / (to - from), timeConstantMs, deadTimeMs };
}

/** When the signal first crosses a level, between two samples by a straight line. */
function reachedMs(response: StepResponse, level: number, change: number): number {
  const { points, changedMs } = response;
  const index = points.findIndex(
    (point) => point.atMs > changedMs && (point.measured - level) * Math.sign(change) >= 0,
  );
  const after = points[index] as StepResponse['points'][number];
  const before = points[index - 1] as StepResponse['points'][number];
  const share = (level - before.measured) / (after.measured - before.measured);
  return before.atMs + (after.atMs - before.atMs) * Math.min(1, Math.max(0, share));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function simcGains(
  model: ProcessModel,
  options: { readonly everyMs?: number; readonly closedLoopMs?: number } = {},
): SimcGains {
  const { gain, timeConstantMs, deadTimeMs } = model;
  const { everyMs = 0 } = options;
  requireThat(Number.isFinite(gain) && gain !== 0, 'gain', gain, 'a number other than 0');
  requireAtLeastZero('timeConstantMs', timeConstantMs);
  requireAtLeastZero('deadTimeMs', deadTimeMs);
  requireAtLeastZero('everyMs', everyMs);
  const lateMs = deadTimeMs + everyMs / 2;
  const closedLoopMs = options.closedLoopMs ?? lateMs;
  requireAtLeastZero('closedLoopMs', closedLoopMs);
  const sumS = (closedLoopMs + lateMs) / 1_000;
  requireThat(sumS > 0, 'closedLoopMs', closedLoopMs, 'above 0 where there is no dead time');
  const timeS = timeConstantMs / 1_000;
  const kp = timeS / (Math.abs(gain) * sumS);
  // kp / Ti, written so that a plant without a time constant is no division by zero.
  const ki = Math.max(1, timeS / (4 * sumS)) / (Math.abs(gain) * sumS);
  return { kp, ki, kd: 0, action: gain > 0 ? 'direct' : 'reverse' };
}
