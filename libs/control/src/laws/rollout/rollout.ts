/**
 * Gradual rollout: the share of traffic that a new version gets.
 *
 *     begin            share = step (10 %)
 *     stepping         every look: worse than control           rolled back, share = 0
 *                      after everyMs (5 min) of this share:
 *                        as good as control                     share + step; at 100 % promoted
 *                        not known, up to maxWaitMs             wait for more requests
 *                        still not known                        wait for a person
 *     paused, waiting  the share stays; worse than control still rolls back
 *     promoted, rolled back, killed: the end until a restart; what is promoted can be rolled back
 *
 * What is worse, and what is not known, is said in compare.ts: errors above 1.5 x control's and no
 * chance, or p99 more than 100 ms above it at two looks on end (a p99 has no error bar of its
 * own). Figures are of the span since `sinceMs`, the moment the present share was in force: with
 * every step the count of requests begins anew, so a late trouble is not hidden by early calm.
 *
 * Time runs only while the share is in force: an actuator that has not followed does not let a
 * version pass that nobody has used. Commands of a person work at once and need no evidence, and
 * so does the end state: a rollback is asked for until it is in force. `kill` is rollback for good.
 *
 * Defaults: the mission's table, row 20; two looks, 15 min until a person is asked.
 *
 * Regimes: stepping, waiting for a person, paused, promoted, rolled back, killed; a look without
 * fresh evidence changes nothing.
 *
 * Stability: open loop: the share goes up by fixed steps and falls only to zero and only once; it
 * cannot oscillate for any delay. A delay of the evidence d lets a bad version stay d longer.
 *
 * Source: the mission's table, row 20; canary analysis against a control of the same span.
 */
import { assertNever, requirePositive, requireThat } from '../../config.ts';
import type { Decision, Law, LawInput, Step, Terms } from '../../decision.ts';
import { isMeasure, tidy } from '../../numbers.ts';
import type { LawReason } from '../../reasons.ts';
import { nextLastMs, refuse } from '../refuse.ts';
import {
  type CompareConfig,
  type CompareSettings,
  type Comparison,
  compareSettings,
  compareVariant,
  isPossible,
  type VariantFigures,
} from './compare.ts';

export interface RolloutConfig extends CompareConfig {
  /** Share added at a time, above 0, at most 1. Default 0.1. */
  readonly step?: number;
  /** Time a share is watched before the next. Default 5 min. */
  readonly everyMs?: number;
  /** Time at one share after which a person is asked, at least everyMs. Default 15 min. */
  readonly maxWaitMs?: number;
  /** Looks on end at which p99 must be worse. Default 2. */
  readonly looks?: number;
  /** Default 60 s. */
  readonly evidenceMaxAgeMs?: number;
}

interface RolloutSettings extends CompareSettings {
  readonly step: number;
  readonly everyMs: number;
  readonly maxWaitMs: number;
  readonly looks: number;
  readonly evidenceMaxAgeMs: number;
}

/**
 * `pause` and `resume` (also: watch this share once more); `advance`: one step on, on a person's
 * word; `promote`: all at once; `rollback`; `kill`: rollback that only a restart ends; `restart`.
 */
export type RolloutCommand =
  | 'pause'
  | 'resume'
  | 'advance'
  | 'promote'
  | 'rollback'
  | 'kill'
  | 'restart';

export interface RolloutInput extends LawInput {
  /** Share in force, 0 to 1. */
  readonly applied: number;
  /** Both since the state's `sinceMs`; null: not known. */
  readonly canary: VariantFigures | null;
  readonly control: VariantFigures | null;
  /** Of a person, given once. */
  readonly command?: RolloutCommand | null;
}

/** A share that may still change. */
interface OpenPhase<Kind> {
  readonly kind: Kind;
  readonly share: number;
  /** When the share was in force; null: it is not yet. */
  readonly sinceMs: number | null;
  /** Looks on end with a worse p99. */
  readonly slowLooks: number;
}

export type RolloutPhase =
  | OpenPhase<'stepping'>
  | OpenPhase<'waiting'>
  | OpenPhase<'paused'>
  | { readonly kind: 'promoted' }
  | { readonly kind: 'rolled-back'; readonly why: Verdict }
  | { readonly kind: 'killed' };

type Verdict = 'errors-worse' | 'latency-worse' | 'command';

/** Plain JSON. */
export interface RolloutState {
  readonly config: RolloutSettings;
  readonly lastMs: number | null;
  readonly phase: RolloutPhase;
}

export const rollout: Law<RolloutConfig, RolloutState, RolloutInput, number> = {
  name: 'rollout',
  init: (config) => {
    const settings = settingsOf(config);
    return { config: settings, lastMs: null, phase: beginAt(settings.step) };
  },
  step,
  retune: (state, config) => ({ ...state, config: settingsOf(config) }),
};

function settingsOf(config: RolloutConfig): RolloutSettings {
  const { step: share = 0.1, everyMs = 300_000, maxWaitMs = 3 * everyMs, looks = 2 } = config;
  const { evidenceMaxAgeMs = 60_000 } = config;
  requireThat(share > 0 && share <= 1, 'step', share, 'above 0, at most 1');
  requirePositive('everyMs', everyMs);
  const long = Number.isFinite(maxWaitMs) && maxWaitMs >= everyMs;
  requireThat(long, 'maxWaitMs', maxWaitMs, `a number, at least everyMs (${everyMs})`);
  requireThat(Number.isInteger(looks) && looks >= 1, 'looks', looks, 'whole, 1 or more');
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  return { ...compareSettings(config), step: share, everyMs, maxWaitMs, looks, evidenceMaxAgeMs };
}

function step(state: RolloutState, input: RolloutInput): Step<RolloutState, number> {
  const lastMs = nextLastMs(state.lastMs, input.nowMs);
  const command = input.command ?? null;
  const phase = command === null ? state.phase : afterCommand(state, command);
  const next: RolloutState = { ...state, lastMs, phase };
  const terms: Terms = isMeasure(input.applied) ? { applied: input.applied } : {};
  switch (phase.kind) {
    case 'promoted':
      return { state: next, output: { value: 1, reason: 'rollout-promoted', terms } };
    case 'rolled-back':
      return { state: next, output: { value: 0, reason: ROLLED_BACK[phase.why], terms } };
    case 'killed':
      return { state: next, output: { value: 0, reason: 'rollout-killed', terms } };
    case 'stepping':
    case 'waiting':
    case 'paused':
      return command === null ? look(next, phase, state.lastMs, input) : told(next, phase, terms);
    default:
      return assertNever(phase);
  }
}

const ROLLED_BACK: { readonly [why in Verdict]: LawReason } = {
  'errors-worse': 'rollout-errors-worse',
  'latency-worse': 'rollout-latency-worse',
  command: 'rollout-rolled-back',
};

type Open = OpenPhase<'stepping' | 'waiting' | 'paused'>;

/** A person's word is answered at once; the next look judges. */
function told(state: RolloutState, phase: Open, terms: Terms): Step<RolloutState, number> {
  return { state, output: { value: phase.share, reason: REASON_OF[phase.kind], terms } };
}

const REASON_OF: { readonly [kind in Open['kind']]: LawReason } = {
  stepping: 'rollout-watching',
  waiting: 'rollout-inconclusive',
  paused: 'rollout-paused',
};

/** Ends are left by `restart` alone; a kill also by nothing else that a person may say. */
function afterCommand(state: RolloutState, command: RolloutCommand): RolloutPhase {
  const { phase, config } = state;
  if (command === 'kill') {
    return { kind: 'killed' };
  }
  if (command === 'restart') {
    return beginAt(config.step);
  }
  if (phase.kind === 'promoted') {
    return command === 'rollback' ? { kind: 'rolled-back', why: 'command' } : phase;
  }
  if (phase.kind === 'rolled-back' || phase.kind === 'killed') {
    return phase;
  }
  switch (command) {
    case 'pause':
      return { ...phase, kind: 'paused' };
    case 'resume':
      return beginAt(phase.share);
    case 'advance':
      return onward(config, phase.share);
    case 'promote':
      return { kind: 'promoted' };
    case 'rollback':
      return { kind: 'rolled-back', why: 'command' };
    default:
      return assertNever(command);
  }
}

/** The share is not yet in force. */
function beginAt(share: number): OpenPhase<'stepping'> {
  return { kind: 'stepping', share, sinceMs: null, slowLooks: 0 };
}

function onward(config: RolloutSettings, share: number): RolloutPhase {
  const next = tidy(Math.min(1, share + config.step));
  return next >= 1 ? { kind: 'promoted' } : beginAt(next);
}

/** One look at the evidence in a phase that is still open. */
function look(
  state: RolloutState,
  phase: Open,
  lastMs: number | null,
  input: RolloutInput,
): Step<RolloutState, number> {
  const { nowMs, applied } = input;
  const impossible = !isMeasure(applied) || applied > 1;
  if (impossible || !Number.isFinite(nowMs)) {
    return stay(state, phase, 'invalid-measure', {});
  }
  const terms = { applied, share: phase.share };
  // A clock that was set back starts the watch of this share again.
  if (lastMs !== null && nowMs < lastMs) {
    return stay(state, since(phase, nowMs), 'clock-went-back', terms);
  }
  if (applied !== phase.share) {
    return stay(state, since(phase, null), 'rollout-not-in-force', terms);
  }
  if (phase.sinceMs === null) {
    return stay(state, since(phase, nowMs), REASON_OF[phase.kind], terms);
  }
  const refused = refuse(lastMs, input, state.config.evidenceMaxAgeMs);
  if (refused !== null) {
    return stay(state, phase, refused, terms);
  }
  const { canary, control } = input;
  if (canary === null || control === null) {
    return overdue(state, phase, input, 'no-evidence', terms);
  }
  if (!isPossible(canary) || !isPossible(control)) {
    return stay(state, phase, 'invalid-measure', terms);
  }
  return judged(state, phase, input, compareVariant(state.config, canary, control));
}

function judged(
  state: RolloutState,
  phase: Open,
  input: RolloutInput,
  comparison: Comparison,
): Step<RolloutState, number> {
  const terms = termsOf(phase, input, comparison);
  const slowLooks = comparison.verdict === 'latency-worse' ? phase.slowLooks + 1 : 0;
  const counted: Open = { ...phase, slowLooks };
  switch (comparison.verdict) {
    case 'errors-worse':
      return rollBack(state, 'errors-worse', terms);
    case 'latency-worse':
      return slowLooks >= state.config.looks
        ? rollBack(state, 'latency-worse', terms)
        : stay(state, counted, REASON_OF[phase.kind], terms);
    case 'unknown':
      return overdue(state, counted, input, 'rollout-undecided', terms);
    case 'same':
      return passed(state, counted, input, terms);
    default:
      return assertNever(comparison.verdict);
  }
}

function rollBack(
  state: RolloutState,
  why: 'errors-worse' | 'latency-worse',
  terms: Terms,
): Step<RolloutState, number> {
  const phase: RolloutPhase = { kind: 'rolled-back', why };
  return { state: { ...state, phase }, output: { value: 0, reason: ROLLED_BACK[why], terms } };
}

/** As good as control; after its time the next share. */
function passed(
  state: RolloutState,
  phase: Open,
  input: RolloutInput,
  terms: Terms,
): Step<RolloutState, number> {
  const watchedMs = input.nowMs - (phase.sinceMs as number);
  if (phase.kind !== 'stepping' || watchedMs < state.config.everyMs) {
    return stay(state, phase, REASON_OF[phase.kind], terms);
  }
  const next = onward(state.config, phase.share);
  const done = next.kind === 'promoted';
  const value = 'share' in next ? next.share : 1;
  const reason: LawReason = done ? 'rollout-promoted' : 'rollout-advanced';
  return { state: { ...state, phase: next }, output: { value, reason, terms } };
}

/** Nothing can be said; after `maxWaitMs` a person is asked. */
function overdue(
  state: RolloutState,
  phase: Open,
  input: RolloutInput,
  reason: LawReason,
  terms: Terms,
): Step<RolloutState, number> {
  const sinceMs = phase.sinceMs as number;
  if (phase.kind === 'stepping' && input.nowMs - sinceMs >= state.config.maxWaitMs) {
    return stay(state, { ...phase, kind: 'waiting' }, 'rollout-inconclusive', terms);
  }
  return stay(state, phase, phase.kind === 'stepping' ? reason : REASON_OF[phase.kind], terms);
}

function stay(
  state: RolloutState,
  phase: Open,
  reason: LawReason,
  terms: Terms,
): Step<RolloutState, number> {
  const output: Decision<number> = { value: phase.share, reason, terms };
  return { state: { ...state, phase }, output };
}

/** The watch of this share begins (again) then; null: it is not in force. */
function since(phase: Open, sinceMs: number | null): Open {
  return { ...phase, sinceMs, slowLooks: 0 };
}

function termsOf(phase: Open, input: RolloutInput, comparison: Comparison): Terms {
  const canary = input.canary as VariantFigures;
  const control = input.control as VariantFigures;
  return {
    applied: input.applied,
    share: phase.share,
    requests: canary.requests,
    controlRequests: control.requests,
    errorRatio: tidy(comparison.errorRatio),
    controlErrorRatio: tidy(comparison.controlErrorRatio),
    z: tidy(comparison.z),
    watchedMs: input.nowMs - (phase.sinceMs as number),
    ...(canary.p99Ms === null ? {} : { p99Ms: canary.p99Ms }),
    ...(control.p99Ms === null ? {} : { controlP99Ms: control.p99Ms }),
  };
}
