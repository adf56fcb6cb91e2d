/**
 * PID for a replica count (reverse-acting, in ratio form).
 *
 *     error  = predicted / setpoint - 1                 85 % against 70 %: +0.21, more replicas
 *     move   = P + (I + D) h                            relative change of the count in this step
 *     P      = 1 - (1 - kp)^h of the error (kp < 1), or kp of it (kp >= 1)
 *     I     += ki error dt - windup;  D = kd d(measured)/dt / setpoint, filtered
 *     h      = min(1, dt / everyMs)
 *     wanted = applied (1 + move) + remainder,  value = round(wanted), remainder carried
 *
 * Replicas act multiplicatively (twice the replicas, half the load of each), so the law works on
 * ratios: kp = 1 alone asks for exactly the count that brings the signal to its setpoint, and a
 * gain means the same at 3 and at 300 replicas. Because of h it means the same at any period.
 *
 * Prediction (dead time): the signal still shows the replicas of its own window. predicted =
 * measured x (mean serving in that window) / (serving + starting). What was asked for is therefore
 * not asked for again. A prediction never turns the direction round: it holds instead.
 *
 * Anti-windup: what was really applied since the last step is compared with what was asked
 * (limits, cooldown, approval, a failing actuator all look alike) and the difference is tracked
 * back into I with time `trackingTimeMs`, towards zero only and never past it. While nothing is
 * applied I stays 0 and the proposal stays the proportional one, however long an approval takes.
 *
 * Defaults: kp 1 (static inversion), ki 0 and kd 0; add a ki of about kp / 200 s against a lasting
 * offset. Gains are meant per 30 s; no hysteresis, b 1, N 10, tracking time Ti.
 *
 * Regimes: within the hysteresis band nothing moves and I leaks away with Ti; above it only up;
 * below it only down; without usable evidence it holds; in hand it tracks (bumpless return).
 *
 * Stability: in simulation with no guard but limits (sim/replica-loop.sim.test.ts) stable for
 * kp = 1 and ki x everyMs up to 0.6, with a start-up time of up to three periods, a signal window
 * of 20 s and a lag of 5 s, provided `signalWindowMs` is told. With `ready` and `starting` left
 * out, keep the cooldown longer than start-up and window together.
 *
 * Source: Astrom and Hagglund 2006, chapters 3 and 8; ratio form after Kubernetes' HPA.
 */
import type { Decision, Law, LawInput, Step, Terms } from '../../decision.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';
import {
  type PidReplicasConfig,
  type PidReplicasSettings,
  pidReplicasSettings,
} from './pid-replicas-config.ts';
import { meanServed, noteServed, type Served } from './served.ts';
import { type PidTerms, pidTerms } from './terms.ts';

export interface PidReplicasInput extends LawInput {
  /** The signal, averaged over serving replicas; null: missing. */
  readonly measured: number | null;
  /** Replicas asked of the actuator and accepted by it: what is in force, not the last proposal. */
  readonly applied: number;
  /** Replicas that serve now; leave out when it equals `applied`. */
  readonly ready?: number;
  /** Replicas that will serve within their usual start-up time. Count no hopeless ones. */
  readonly starting?: number;
  /** A person has the knob: the law tracks, so that handing back is without a bump. */
  readonly hand?: boolean;
}

/** Plain JSON. */
export interface PidReplicasState {
  readonly config: PidReplicasSettings;
  readonly lastMs: number | null;
  /** Integral term, as a relative change in one `everyMs`. */
  readonly integral: number;
  /** Filtered signal, negated and over setpoint; null before the first sample. */
  readonly filtered: number | null;
  /** Fraction of a replica not yet asked for, -0.5 to 0.5. */
  readonly remainder: number;
  /** What the last step asked for, to learn what became of it. */
  readonly asked: {
    readonly from: number;
    readonly to: number;
    readonly move: number;
    readonly h: number;
    /** The remainder that went into it. */
    readonly carried?: number;
  } | null;
  readonly lastError: number;
  readonly lastApplied: number | null;
  readonly served: Served;
}

/** The signal as it will be once what is starting serves, and the figures behind it. */
interface Outlook {
  readonly measured: number;
  readonly predicted: number;
  readonly applied: number;
  readonly dtMs: number | null;
  readonly h: number;
}

export const pidReplicas: Law<PidReplicasConfig, PidReplicasState, PidReplicasInput, number> = {
  name: 'pid',
  init: (config) => ({
    config: pidReplicasSettings(config),
    lastMs: null,
    integral: 0,
    filtered: null,
    remainder: 0,
    asked: null,
    lastError: 0,
    lastApplied: null,
    served: [],
  }),
  step,
  retune,
};

/** P + I stay what they were for the last error; the error itself answers to a new setpoint. */
function retune(state: PidReplicasState, config: PidReplicasConfig): PidReplicasState {
  const settings = pidReplicasSettings(config);
  const { filtered, integral } = state;
  const bumpless = integral + (state.config.kp - settings.kp) * state.lastError;
  return {
    ...state,
    config: settings,
    integral: settings.ki > 0 ? bumpless : 0,
    filtered: filtered === null ? null : filtered * (state.config.setpoint / settings.setpoint),
  };
}

function step(state: PidReplicasState, input: PidReplicasInput): Step<PidReplicasState, number> {
  const refused = refuse(state.lastMs, input, state.config.evidenceMaxAgeMs);
  if (refused === 'same-instant') {
    return { state, output: hold(state, input, refused) };
  }
  const invalid = refused ?? (isUsableInput(input) ? null : invalidity(input));
  if (invalid !== null) {
    const lastMs = nextLastMs(state.lastMs, input.nowMs);
    // Neither a slope nor a verdict on the last request reaches across a gap.
    const blind = { ...state, lastMs, filtered: null, asked: null };
    return { state: blind, output: hold(state, input, invalid) };
  }
  const served = remember(state, input);
  const outlook = lookAhead(state, served, input);
  const seen: PidReplicasState = {
    ...state,
    lastMs: input.nowMs,
    lastApplied: input.applied,
    lastError: outlook.predicted / state.config.setpoint - 1,
    served,
  };
  return input.hand === true ? track(seen, outlook) : regulate(seen, outlook);
}

function isUsableInput(input: PidReplicasInput): boolean {
  return (
    isMeasure(input.measured) &&
    isMeasure(input.applied) &&
    isMeasure(input.ready ?? 0) &&
    isMeasure(input.starting ?? 0)
  );
}

function invalidity(input: PidReplicasInput): LawReason {
  return input.measured === null ? 'no-evidence' : 'invalid-measure';
}

function hold(
  state: PidReplicasState,
  input: PidReplicasInput,
  reason: LawReason,
): Decision<number> {
  const value = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  return { value, reason, terms: { setpoint: state.config.setpoint, applied: value } };
}

/**
 * When the count changed between two steps is not told. What leaves does so soon after it was
 * decided, so fewer count from the last step on; what starts counts from when it is first seen.
 */
function remember(state: PidReplicasState, input: PidReplicasInput): Served {
  const { signalWindowMs, evidenceMaxAgeMs } = state.config;
  const ready = input.ready ?? input.applied;
  const fewer = ready < (state.served.at(-1)?.ready ?? ready);
  const atMs = fewer && state.lastMs !== null ? state.lastMs : input.nowMs;
  return noteServed(state.served, atMs, ready, signalWindowMs + evidenceMaxAgeMs);
}

function lookAhead(state: PidReplicasState, past: Served, input: PidReplicasInput): Outlook {
  const { config } = state;
  const measured = input.measured as number;
  const ready = input.ready ?? input.applied;
  const starting = input.starting ?? 0;
  const seenUntilMs = input.nowMs - Math.max(0, input.evidenceAgeMs as number);
  const served = meanServed(past, seenUntilMs - config.signalWindowMs, seenUntilMs, ready);
  // Replicas that are about to leave are counted as gone.
  const counted = starting > 0 ? ready + starting : Math.min(ready, input.applied);
  const dtMs =
    state.lastMs === null ? null : Math.min(input.nowMs - state.lastMs, config.maxStepMs);
  return {
    measured,
    predicted: counted > 0 && served > 0 ? (measured * served) / counted : measured,
    applied: input.applied,
    dtMs,
    h: dtMs === null ? 1 : Math.min(1, dtMs / config.everyMs),
  };
}

/** In hand: the integral is kept where the automatic would change nothing on its return. */
function track(state: PidReplicasState, outlook: Outlook): Step<PidReplicasState, number> {
  const terms = termsOf(state, outlook, null);
  const move = proportional(state.config.kp, outlook.h, terms.weightedError);
  const integral = state.config.ki > 0 ? -move / outlook.h : 0;
  return {
    state: { ...state, integral, filtered: terms.filtered, remainder: 0, asked: null },
    output: {
      value: outlook.applied,
      reason: 'tracking',
      terms: figures(state, outlook, { p: move, i: integral * outlook.h, d: 0 }),
    },
  };
}

function regulate(state: PidReplicasState, outlook: Outlook): Step<PidReplicasState, number> {
  const { setpoint, hysteresis } = state.config;
  const up = hysteresis?.up ?? setpoint;
  const down = hysteresis?.down ?? setpoint;
  if (outlook.measured > up && outlook.predicted <= up) {
    return rest(state, outlook, 'capacity-starting');
  }
  if (outlook.measured < down && outlook.predicted >= down) {
    return rest(state, outlook, 'capacity-leaving');
  }
  if (outlook.measured > up) {
    return move(state, outlook, 'above-setpoint');
  }
  if (outlook.measured < down) {
    return move(state, outlook, 'below-setpoint');
  }
  return rest(state, outlook, hysteresis === null ? 'at-setpoint' : 'within-band');
}

function rest(
  state: PidReplicasState,
  outlook: Outlook,
  reason: LawReason,
): Step<PidReplicasState, number> {
  const terms = termsOf(state, outlook, outlook.dtMs);
  const leak = Math.min(1, (outlook.dtMs ?? 0) / state.config.trackingTimeMs);
  const integral = state.integral * (1 - leak);
  return {
    state: { ...state, integral, filtered: terms.filtered, remainder: 0, asked: null },
    output: {
      value: outlook.applied,
      reason,
      terms: figures(state, outlook, { p: 0, i: 0, d: 0 }),
    },
  };
}

function move(
  state: PidReplicasState,
  outlook: Outlook,
  reason: 'above-setpoint' | 'below-setpoint',
): Step<PidReplicasState, number> {
  const { config } = state;
  const { applied, h } = outlook;
  const terms = termsOf(state, outlook, outlook.dtMs);
  const integral = integrate(state, outlook, terms.integralStep);
  const p = proportional(config.kp, h, terms.weightedError);
  const i = integral * h;
  const d = terms.derivative * h;
  const carried = carriedRemainder(state, applied);
  const asked = applied + carried + Math.max(1, applied) * (p + i + d);
  // The derivative and an old integral may damp a move, but never turn it round.
  const wanted = reason === 'above-setpoint' ? Math.max(applied, asked) : Math.min(applied, asked);
  const value = Math.max(Math.min(1, applied), Math.round(wanted));
  const remainder = Math.max(-0.5, Math.min(0.5, wanted - value));
  return {
    state: {
      ...state,
      integral,
      filtered: terms.filtered,
      remainder,
      asked: { from: applied, to: value, move: p + i + d, h, carried },
    },
    output: {
      value,
      reason,
      terms: { ...figures(state, outlook, { p, i, d }), wanted: tidy(wanted) },
    },
  };
}

/** Of a request that nobody carried out nothing is left over. */
function carriedRemainder(state: PidReplicasState, applied: number): number {
  const { asked } = state;
  const refused = asked !== null && asked.to !== asked.from && asked.from === applied;
  return refused ? (asked.carried ?? 0) : state.remainder;
}

function proportional(kp: number, h: number, weightedError: number): number {
  return (kp < 1 ? 1 - (1 - kp) ** h : kp) * weightedError;
}

/** Grows the integral, less what was asked for in vain; a foreign hand does not wind it up. */
function integrate(state: PidReplicasState, outlook: Outlook, growth: number): number {
  const free = state.config.ki > 0 ? state.integral + growth : 0;
  const { asked } = state;
  if (asked === null || asked.to === outlook.applied || outlook.dtMs === null) {
    return free;
  }
  const appliedMove = (outlook.applied - asked.from) / Math.max(1, asked.from);
  const share = Math.min(1, outlook.dtMs / state.config.trackingTimeMs);
  const tracked = free + ((appliedMove - asked.move) / asked.h) * share;
  return Math.max(Math.min(0, free), Math.min(Math.max(0, free), tracked));
}

function termsOf(state: PidReplicasState, outlook: Outlook, dtMs: number | null): PidTerms {
  return pidTerms(state.config, state.filtered, {
    setpoint: -1,
    measured: -outlook.predicted / state.config.setpoint,
    dtS: dtMs === null ? null : dtMs / 1000,
  });
}

function figures(
  state: PidReplicasState,
  outlook: Outlook,
  parts: { readonly p: number; readonly i: number; readonly d: number },
): Terms {
  return {
    setpoint: state.config.setpoint,
    measured: outlook.measured,
    predicted: tidy(outlook.predicted),
    error: tidy(state.lastError),
    ...parts,
    applied: outlook.applied,
  };
}
