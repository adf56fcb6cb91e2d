import type { Decision, LawInput } from '../../decision.ts';
import { isMeasure } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs } from '../refuse.ts';
import { type Gains, gainsAt, LARGEST } from './gains.ts';
import type { PidSettings } from './pid-config.ts';
import { type PidTerms, pidTerms } from './terms.ts';

export interface PidInput extends LawInput {
  /** The signal; null: missing. */
  readonly measured: number | null;
  /** What is in force now, not the last proposal. */
  readonly applied: number;
  /** From an outer loop or a schedule; left out: the configuration's. */
  readonly setpoint?: number;
  /** The scheduling variable; null or left out: the gains stay. */
  readonly scheduling?: number | null;
  /** A person has the knob: the law tracks, so that handing back is without a bump. */
  readonly hand?: boolean;
}

/** What the position and the velocity form remember alike. Plain JSON. */
export interface PidMemory {
  readonly config: PidSettings;
  readonly lastMs: number | null;
  /** The last usable sample's instant; null: none since the clock went back. */
  readonly seenMs: number | null;
  readonly gains: Gains;
  /** Last value of the scheduling variable. */
  readonly scheduling: number | null;
  /** Filtered signal with the action's sign; null: no slope can be told. */
  readonly filtered: number | null;
  readonly lastApplied: number | null;
}

/** An input that can be acted on, read with the right sign and the right gains. */
export interface Sample {
  readonly setpoint: number;
  readonly measured: number;
  readonly scheduling: number | null;
  readonly gains: Gains;
  readonly terms: PidTerms;
  /** Since the last usable sample; 0 when that is not known. */
  readonly gapS: number;
}

/** Of no sample yet. */
export function noMemory(settings: PidSettings): PidMemory {
  return {
    config: settings,
    lastMs: null,
    seenMs: null,
    gains: gainsOf(settings),
    scheduling: null,
    filtered: null,
    lastApplied: null,
  };
}

export function gainsOf(settings: PidSettings): Gains {
  return { kp: settings.kp, ki: settings.ki, kd: settings.kd };
}

/** `terms.ts` works on setpoint - measured; reverse action negates both. */
export function signOf(settings: PidSettings): 1 | -1 {
  return settings.action === 'direct' ? 1 : -1;
}

export function invalidity(input: PidInput): LawReason | null {
  if (input.measured === null) {
    return 'no-evidence';
  }
  const { measured, applied, setpoint = 0 } = input;
  return isUsable(measured) && isUsable(applied) && isUsable(setpoint) ? null : 'invalid-measure';
}

function isUsable(figure: number): boolean {
  return isMeasure(figure) && figure <= LARGEST;
}

/** No slope reaches across a gap, and after a step back of the clock no time does. */
export function blinded<State extends PidMemory>(
  state: State,
  input: PidInput,
  reason: LawReason,
): State {
  return {
    ...state,
    lastMs: nextLastMs(state.lastMs, input.nowMs),
    seenMs: reason === 'clock-went-back' ? null : state.seenMs,
    filtered: null,
  };
}

export function hold(state: PidMemory, input: PidInput, reason: LawReason): Decision<number> {
  const value = isMeasure(input.applied) ? input.applied : (state.lastApplied ?? 0);
  return { value, reason, terms: { setpoint: state.config.setpoint, applied: value } };
}

export function sampled(state: PidMemory, input: PidInput): Sample {
  const { config } = state;
  const setpoint = input.setpoint ?? config.setpoint;
  const measured = input.measured as number;
  const seen = Number.isFinite(input.scheduling) ? (input.scheduling as number) : null;
  const gains = seen === null ? state.gains : gainsAt(config.schedule, seen, state.gains);
  const gapMs = state.seenMs === null ? 0 : Math.min(input.nowMs - state.seenMs, config.maxStepMs);
  const unbroken = state.seenMs !== null && state.seenMs === state.lastMs;
  const sign = signOf(config);
  const weights = {
    kp: gains.kp,
    ki: gains.ki,
    kd: gains.kd,
    setpointWeight: config.setpointWeight,
    derivativeFilterN: config.derivativeFilterN,
  };
  const terms = pidTerms(weights, state.filtered, {
    setpoint: sign * setpoint,
    measured: sign * measured,
    dtS: unbroken ? gapMs / 1_000 : null,
  });
  const scheduling = seen ?? state.scheduling;
  return { setpoint, measured, scheduling, gains, terms, gapS: gapMs / 1_000 };
}

export function reasonOf(now: Sample): LawReason {
  if (now.measured === now.setpoint) {
    return 'at-setpoint';
  }
  return now.measured > now.setpoint ? 'above-setpoint' : 'below-setpoint';
}
