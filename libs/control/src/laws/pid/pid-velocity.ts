/**
 * PID in velocity form, for actuators with whole positions.
 *
 *     change = kp d(b setpoint - measured) + ki error dt + d(D)      with the action's sign
 *     wanted = applied + change + remainder,  value = wanted rounded and within [min, max]
 *     remainder = wanted - wanted rounded
 *
 * It starts from what is applied at each step, so nothing can wind up and every transfer (from
 * hand, from a standby, to new gains) is without a bump by construction. A change of less than one
 * position is not lost: the remainder carries it until it is one.
 *
 * The differences are taken from the last sample whose value was carried out: of a value carried
 * out in part (a step limit, min, max) the same part. So a proposal that waits for an approval
 * stays what it is, and a limit takes nothing from the way back, where plain velocity forms forget
 * both; the integral part does not add up meanwhile.
 *
 * Signs, gains, schedule and filter as in `pid`. ki must be above 0: without it nothing knows
 * where the setpoint is.
 *
 * Defaults: resolution 1, kd 0, b 1, N 10. kp may be 0: then it only integrates.
 * Regimes: regulating; refused (waits with the proposal it made); in hand (follows); holding
 * without usable evidence.
 * Stability: as `pid` with the same gains while nothing is refused (pid-velocity.test.ts compares
 * the two step by step); at rest rounding adds a cycle of at most one position (pid.sim.test.ts).
 * Source: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, section 13.4.
 */
import { requireThat } from '../../config.ts';
import type { Law, Step } from '../../decision.ts';
import { refuse } from '../refuse.ts';
import { gainsAt, rounded, within } from './gains.ts';
import { type PidConfig, type PidSettings, pidSettings } from './pid-config.ts';
import {
  blinded,
  gainsOf,
  hold,
  invalidity,
  noMemory,
  type PidInput,
  type PidMemory,
  reasonOf,
  type Sample,
  sampled,
  signOf,
} from './sample.ts';

/** As for `pid`, with resolution 1 by default and nothing to track. */
export type PidVelocityConfig = Omit<PidConfig, 'trackingTimeMs' | 'antiWindup'>;

/** A sample that differences are taken from. */
interface Reference {
  readonly setpoint: number;
  readonly measured: number;
  /** d(measured)/dt with the action's sign, filtered, per second. */
  readonly slope: number;
}

/** Plain JSON. */
export interface PidVelocityState extends PidMemory {
  /** The sample whose value was carried out; null before the first. */
  readonly done: Reference | null;
  /** The sample that led to the last proposal. */
  readonly last: Reference | null;
  /** What was applied at the last proposal, and what it aimed at, before limits. */
  readonly from: number;
  readonly target: number;
  /** Fraction not yet asked for, after and before the last proposal. */
  readonly remainder: number;
  readonly remainderBefore: number;
}

export const pidVelocity: Law<PidVelocityConfig, PidVelocityState, PidInput, number> = {
  name: 'pidVelocity',
  init: (config) => {
    const settings = settingsOf(config);
    return {
      ...noMemory(settings),
      done: null,
      last: null,
      from: 0,
      target: 0,
      remainder: 0,
      remainderBefore: 0,
    };
  },
  step,
  retune,
};

function settingsOf(config: PidVelocityConfig): PidSettings {
  const settings = pidSettings({
    ...config,
    resolution: config.resolution ?? 1,
    antiWindup: 'back-calculation',
    trackingTimeMs: null,
  });
  requireThat(settings.ki > 0, 'ki', settings.ki, 'above 0');
  settings.schedule.forEach((row, index) => {
    requireThat(row.ki > 0, `schedule[${index}].ki`, row.ki, 'above 0');
  });
  return settings;
}

/** Differences are weighed with the new gains only: no bump. The kept slopes follow the sign. */
function retune(state: PidVelocityState, config: PidVelocityConfig): PidVelocityState {
  const settings = settingsOf(config);
  const gains = gainsAt(settings.schedule, state.scheduling, gainsOf(settings));
  const turn = signOf(settings) * signOf(state.config);
  return {
    ...state,
    config: settings,
    gains,
    filtered: state.filtered === null ? null : state.filtered * turn,
    done: turned(state.done, turn),
    last: turned(state.last, turn),
  };
}

function turned(reference: Reference | null, turn: number): Reference | null {
  return reference === null ? null : { ...reference, slope: reference.slope * turn };
}

function step(state: PidVelocityState, input: PidInput): Step<PidVelocityState, number> {
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs);
  if (refused === 'same-instant') {
    return { state, output: hold(state, input, refused) };
  }
  const invalid = refused ?? invalidity(input);
  if (invalid !== null) {
    return { state: blinded(state, input, invalid), output: hold(state, input, invalid) };
  }
  const now = sampled(state, input);
  return input.hand === true ? follow(state, input, now) : regulate(state, input, now);
}

function follow(
  state: PidVelocityState,
  input: PidInput,
  now: Sample,
): Step<PidVelocityState, number> {
  const { applied } = input;
  const reached = referenceOf(now);
  const { setpoint, measured, terms } = now;
  return {
    state: {
      config: state.config,
      lastMs: input.nowMs,
      seenMs: input.nowMs,
      gains: now.gains,
      scheduling: now.scheduling,
      filtered: terms.filtered,
      lastApplied: applied,
      done: reached,
      last: reached,
      from: applied,
      target: applied,
      remainder: 0,
      remainderBefore: 0,
    },
    output: {
      value: applied,
      reason: 'tracking',
      terms: { setpoint, measured, error: terms.error, p: 0, i: 0, d: 0, wanted: applied, applied },
    },
  };
}

function regulate(
  state: PidVelocityState,
  input: PidInput,
  now: Sample,
): Step<PidVelocityState, number> {
  const { config } = state;
  const { applied } = input;
  const { setpoint, measured, gains, terms } = now;
  const share = carriedOut(state, applied);
  const reached = referenceOf(now);
  const done = between(state.done ?? reached, state.last ?? reached, share);
  const carried = mixed(state.remainderBefore, state.remainder, share);
  const doneError = signOf(config) * (config.setpointWeight * done.setpoint - done.measured);
  const p = gains.kp * (terms.weightedError - doneError);
  const i = terms.integralStep;
  const d = -gains.kd * (reached.slope - done.slope);
  const wanted = applied + carried + (p + i + d);
  const target = rounded(wanted, config.resolution);
  return {
    state: {
      config,
      lastMs: input.nowMs,
      seenMs: input.nowMs,
      gains,
      scheduling: now.scheduling,
      filtered: terms.filtered,
      lastApplied: applied,
      done,
      last: reached,
      from: applied,
      target,
      remainder: wanted - target,
      remainderBefore: carried,
    },
    output: {
      value: within(config, target),
      reason: reasonOf(now),
      terms: { setpoint, measured, error: terms.error, p, i, d, wanted, applied },
    },
  };
}

function referenceOf(now: Sample): Reference {
  const { kd } = now.gains;
  const slope = kd > 0 ? -now.terms.derivative / kd : 0;
  return { setpoint: now.setpoint, measured: now.measured, slope };
}

/** Share of the last proposal that is in force, 0 to 1; nothing asked for is all carried out. */
function carriedOut(state: PidVelocityState, applied: number): number {
  const asked = state.target - state.from;
  return asked === 0 ? 1 : Math.max(0, Math.min(1, (applied - state.from) / asked));
}

function between(from: Reference, to: Reference, share: number): Reference {
  return {
    setpoint: mixed(from.setpoint, to.setpoint, share),
    measured: mixed(from.measured, to.measured, share),
    slope: mixed(from.slope, to.slope, share),
  };
}

function mixed(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
