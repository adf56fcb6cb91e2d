/**
 * Any plant and any controller in a closed loop, one control period after the other.
 *
 *     plant --stepMs--> measured --delay--> controller, every everyMs --> value --> plant
 */
import { requireAtLeastZero, requirePositive, requireThat } from '../config.ts';
import type { Law } from '../decision.ts';
import type { ControlPoint, Trajectory } from './trajectory.ts';

/**
 * A plant at work: holds the actuator at `value` for `dtMs` and says what is measured at the end.
 * It remembers where it is; a new run begins with a new one.
 */
export type Plant = (value: number, dtMs: number) => number;

export interface ControlSample {
  readonly nowMs: number;
  readonly setpoint: number;
  readonly measured: number;
  /** The value in force. */
  readonly applied: number;
}

/** A controller at work: what the value shall be. */
export type Controller = (sample: ControlSample) => number;

export interface Loop {
  readonly plant: () => Plant;
  readonly controller: () => Controller;
  readonly setpoint: number | ((atMs: number) => number);
  /** Where the actuator stands when the run begins. */
  readonly value: number;
  readonly everyMs: number;
  readonly durationMs: number;
  /** The plant is run in steps of this; everyMs is a whole number of them. Default everyMs / 10. */
  readonly stepMs?: number;
  /** What the controller sees is older by this. Default 0. */
  readonly extraDelayMs?: number;
}

/** Runs from 0 to `durationMs`. Measured figures are the plant's, before the extra delay. */
export function runLoop(loop: Loop): Trajectory {
  const { everyMs, durationMs, extraDelayMs = 0, stepMs = everyMs / 10 } = loop;
  requirePositive('everyMs', everyMs);
  requirePositive('stepMs', stepMs);
  requireAtLeastZero('extraDelayMs', extraDelayMs);
  const stepsPerTurn = Math.round(everyMs / stepMs);
  const whole = Math.abs(stepsPerTurn * stepMs - everyMs) < 1e-6;
  requireThat(whole, 'stepMs', stepMs, `a whole part of everyMs (${everyMs})`);
  const delaySteps = Math.round(extraDelayMs / stepMs);
  const plant = loop.plant();
  const controller = loop.controller();
  const points: ControlPoint[] = [];
  const seen: number[] = [];
  let value = loop.value;
  for (let turn = 1; turn * everyMs <= durationMs; turn += 1) {
    for (let step = 0; step < stepsPerTurn; step += 1) {
      seen.push(plant(value, stepMs));
    }
    const nowMs = turn * everyMs;
    const setpoint = typeof loop.setpoint === 'number' ? loop.setpoint : loop.setpoint(nowMs);
    const visible = seen[Math.max(0, seen.length - 1 - delaySteps)] as number;
    value = controller({ nowMs, setpoint, measured: visible, applied: value });
    points.push({ atMs: nowMs, setpoint, measured: seen.at(-1) as number, value });
  }
  return points;
}

/** A law as a controller; `inputOf` makes its input of a sample. */
export function controllerOf<Config, State, Input>(
  law: Law<Config, State, Input, number>,
  config: Config,
  inputOf: (sample: ControlSample) => Input,
): () => Controller {
  return () => {
    let state = law.init(config);
    return (sample) => {
      const step = law.step(state, inputOf(sample));
      state = step.state;
      return step.output.value;
    };
  };
}
