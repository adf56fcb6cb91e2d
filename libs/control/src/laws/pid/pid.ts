/**
 * PID in position form, for any signal and any actuator.
 *
 *     error = setpoint - measured               direct:  above its setpoint the value falls
 *     error = measured - setpoint               reverse: above its setpoint the value rises
 *     P     = kp (b setpoint - measured), with the action's sign
 *     I    += ki error dt + (applied - wanted) dt / Tt
 *     D     = -kd d(measured)/dt, with the action's sign, filtered with Td / N
 *     wanted = P + I + D,  value = wanted within [min, max], on the actuator's positions
 *
 * The gains are in the units of the signal and of the value. Where the actuator works by ratios
 * (replicas) use `pidReplicas`, or a schedule over the value itself.
 *
 * Anti-windup: `applied` is what is really in force. Whatever kept the last value from being
 * applied (own limits, a guard, a cooldown, an approval, shadow, a failing actuator, another hand)
 * is tracked back into I with time Tt, never longer than Ti. Rounding to the actuator's positions
 * is no refusal. So the proposal comes to rest kp error Tt / Ti beyond what is applied, wherever it
 * began: one that waits for an approval is neither withdrawn nor inflated, and a limit is left as
 * soon as the error turns. `conditional` instead keeps I where it is while it would grow in the
 * refused direction: for actuators whose read-back is late, as it does not chase them.
 *
 * Bumpless: the first value, and the first after hand control, is the applied one: I = applied - P.
 * So it is when a standby takes over without the state. New gains, by hand or by the schedule,
 * keep P + I at the last sample; a new setpoint acts at once, with weight b.
 *
 * Nothing integrates or derives across a gap in the evidence; what happened to the last value
 * meanwhile is still tracked.
 *
 * Defaults: ki and kd 0 (then I is the bias that the bumpless start gave), b 1, N 10 (8 to 20 is
 * usual: less smooths more and helps less), back-calculation with Tt = Ti. No gain fits all plants,
 * so kp has no default: take it from `tuning/` (SIMC from a step, or the relay).
 * Regimes: regulating; saturated (I tracks what is applied); in hand (tracks, asks for nothing);
 * holding without usable evidence.
 * Stability: with SIMC's PI gains (closed-loop time constant = dead time) on a plant of first order
 * with dead time, sampled ten times in the dead time: gain margin above 2.7, and stable with up to
 * 2.5 times the dead time (pid.sim.test.ts). On other plants by the margins `tuning/` finds.
 * Source: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, chapters 3 and 8.
 */
import type { Law, Step } from '../../decision.ts';
import { refuse } from '../refuse.ts';
import { type Gains, gainsAt, rounded, sameGains, trackingSeconds, within } from './gains.ts';
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

/** Plain JSON. */
export interface PidState extends PidMemory {
  /** In the value's unit; null before the first sample. */
  readonly integral: number | null;
  /** The last step's P + I + D, before limits and rounding. */
  readonly wanted: number | null;
  /** The last usable sample. */
  readonly setpoint: number;
  readonly measured: number;
}

export const pid: Law<PidConfig, PidState, PidInput, number> = {
  name: 'pidPosition',
  init: (config) => {
    const settings = pidSettings(config);
    return {
      ...noMemory(settings),
      integral: null,
      wanted: null,
      setpoint: settings.setpoint,
      measured: settings.setpoint,
    };
  },
  step,
  retune,
};

/** P at the last sample. */
function lastProportional(state: PidState, settings: PidSettings, gains: Gains): number {
  const weighted = settings.setpointWeight * state.setpoint - state.measured;
  return gains.kp * signOf(settings) * weighted;
}

/** P + I stay what they were at the last sample; only a new setpoint acts. */
function retune(state: PidState, config: PidConfig): PidState {
  const settings = pidSettings(config);
  const gains = gainsAt(settings.schedule, state.scheduling, gainsOf(settings));
  const before = lastProportional(state, state.config, state.gains);
  const after = lastProportional(state, settings, gains);
  const turned = settings.action !== state.config.action;
  return {
    ...state,
    config: settings,
    gains,
    integral: state.integral === null ? null : state.integral + (before - after),
    filtered: turned && state.filtered !== null ? -state.filtered : state.filtered,
  };
}

function step(state: PidState, input: PidInput): Step<PidState, number> {
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs);
  if (refused === 'same-instant') {
    return { state, output: hold(state, input, refused) };
  }
  const invalid = refused ?? invalidity(input);
  if (invalid !== null) {
    return { state: blinded(state, input, invalid), output: hold(state, input, invalid) };
  }
  const now = sampled(state, input);
  const p = now.gains.kp * now.terms.weightedError;
  const d = now.terms.derivative;
  const hand = input.hand === true;
  const integral =
    state.integral === null || hand
      ? input.applied - p
      : state.integral + rescaling(state, now) + integralChange(state, input, now);
  const wanted = hand ? input.applied : p + integral + d;
  const { config } = state;
  const { setpoint, measured } = now;
  const { applied } = input;
  return {
    state: {
      config,
      lastMs: input.nowMs,
      seenMs: input.nowMs,
      gains: now.gains,
      scheduling: now.scheduling,
      filtered: now.terms.filtered,
      lastApplied: applied,
      integral,
      wanted,
      setpoint,
      measured,
    },
    output: {
      value: hand ? applied : within(config, rounded(wanted, config.resolution)),
      reason: hand ? 'tracking' : reasonOf(now),
      terms: { setpoint, measured, error: now.terms.error, p, i: integral, d, wanted, applied },
    },
  };
}

/** What keeps P + I where it was when the schedule changes the gains. */
function rescaling(state: PidState, now: Sample): number {
  const { config, gains } = state;
  return sameGains(gains, now.gains)
    ? 0
    : lastProportional(state, config, gains) - lastProportional(state, config, now.gains);
}

/** Growth, and what takes back that which was not applied. */
function integralChange(state: PidState, input: PidInput, now: Sample): number {
  const missed = state.wanted === null ? 0 : input.applied - state.wanted;
  const growth = now.terms.integralStep;
  // Half a position is rounding; the rest of the allowance is the noise of binary fractions.
  if (Math.abs(missed) <= state.config.resolution / 2 + 1e-9 * (1 + input.applied)) {
    return growth;
  }
  if (state.config.antiWindup === 'conditional') {
    return Math.sign(growth) === -Math.sign(missed) ? 0 : growth;
  }
  const trackingS = trackingSeconds(now.gains, state.config.trackingTimeMs);
  const share = now.gapS > 0 ? Math.min(1, now.gapS / trackingS) : 0;
  return growth + missed * share;
}
