// Signatures first: the declared values below are filled in by the commits that follow.
import type { Decision, Knob } from './decision.ts';
import type { Evidence, EvidenceBinding, EvidenceScope, Freshness } from './evidence/evidence.ts';
import type { Bounded, Direction, Guard, GuardContext } from './guards/guard.ts';
import type { PidReplicasLaw } from './laws/pid/pid-replicas.ts';
import type { LatencyBandLaw } from './laws/rate/latency-band.ts';
import type { FeedbackWeightsLaw } from './laws/weights/feedback-weights.ts';
import type { Budget, BudgetInput, BurnInput, BurnVerdict } from './measure/burn.ts';
import type { Mode, ModeConfigInput, ModeReport, ModeState, ModeStepInput } from './modes/mode.ts';
import type { Playbook, Playbooks } from './modes/playbook.ts';
import type { Blame, BlameInput, CallFigures } from './orient/blame.ts';

export * from './decision.ts';
export * from './evidence/evidence.ts';
export * from './guards/guard.ts';
export * from './guards/history.ts';
export * from './laws/pid/pid-replicas.ts';
export * from './laws/rate/latency-band.ts';
export * from './laws/weights/feedback-weights.ts';
export * from './measure/burn.ts';
export * from './modes/mode.ts';
export * from './modes/playbook.ts';
export * from './orient/blame.ts';
export * from './reasons.ts';

// laws
export declare const pidReplicas: PidReplicasLaw;
export declare const latencyBand: LatencyBandLaw;
export declare const feedbackWeights: FeedbackWeightsLaw;
/** One plain sentence. Names make it readable: signal "CPU", knob "replicas". */
export declare function explain(
  decision: Decision<Knob>,
  names?: { readonly signal?: string; readonly knob?: string },
): string;

// guards: bound(guards, proposal, context)
export declare function bound<Value extends Knob>(
  guards: readonly Guard<Value>[],
  proposed: Decision<Value>,
  context: GuardContext<Value>,
): Bounded<Value>;
// for any knob
export declare function handControl(): Guard<Knob>;
export declare function evidenceAge(config: { readonly maxAgeMs: number }): Guard<Knob>;
export declare function freezeWindow(windows: readonly FreezeWindow[]): Guard<Knob>;
export declare function modeFreeze(): Guard<Knob>;
// for one number
export declare function onlyFinite(): Guard;
export declare function hysteresis(config: { readonly up: number; readonly down: number }): Guard;
/** Changes smaller than this share of the applied value (or this much) are not worth making. */
export declare function deadBand(config: {
  readonly ratio?: number;
  readonly absolute?: number;
}): Guard;
/** A step: a share of the applied value, or an absolute number; at least 1 for counts. */
export type StepLimit = { readonly ratio: number } | { readonly absolute: number };
export declare function slew(config: {
  readonly up?: StepLimit;
  readonly down?: StepLimit;
  /** The knob is a count: steps are whole and at least 1. */
  readonly whole?: boolean;
}): Guard;
export declare function clamp(config: { readonly min?: number; readonly max?: number }): Guard;
export declare function cooldown(config: {
  readonly upMs?: number;
  readonly downMs?: number;
  /** A need of at least this many times the applied value goes up in spite of it. Default 2. */
  readonly overrideRatio?: number;
}): Guard;
export declare function minDwell(config: { readonly dwellMs: number }): Guard;
export declare function flapBudget(config: {
  readonly actionsPerHour?: number;
  readonly reversalsPerHour?: number;
}): Guard;
/** off holds that direction; the others are told by `autonomyOf`. */
export type Autonomy = 'off' | 'shadow' | 'ask' | 'auto';
export type DirectionalAutonomy = { readonly up: Autonomy; readonly down: Autonomy };
export declare function directionalAutonomy(config: DirectionalAutonomy): Guard;
export declare function autonomyOf(
  config: DirectionalAutonomy,
  before: number,
  after: number,
): Autonomy;
/** Weekly, in local time: day 1 is Monday, 7 Sunday. `to` before `from` runs over the week's end. */
export interface FreezeWindow {
  readonly from: { readonly day: number; readonly minute: number };
  readonly to: { readonly day: number; readonly minute: number };
  /** IANA name, `Europe/Berlin`. */
  readonly zone: string;
}
/** `Fri 18:00 - Mon 06:00 Europe/Berlin`. Throws a ConfigError. */
export declare function parseFreezeWindow(text: string): FreezeWindow;

// evidence
export declare function observe<T>(fact: {
  readonly id: string;
  readonly scope: EvidenceScope;
  readonly signal: string;
  readonly value: T;
  readonly unit: string;
  readonly observedAtMs: number;
  readonly lifetimeMs: number;
  readonly binding: EvidenceBinding;
  /** Default fresh. */
  readonly freshness?: Freshness;
  readonly exampleTraceIds?: readonly string[];
}): Evidence<T>;
export declare function isUsable(
  evidence: Evidence<unknown> | null | undefined,
  nowMs: number,
  maxAgeMs: number,
): boolean;
/** Null: not usable at any age (eventual, historical, expired). */
export declare function evidenceAgeMs(evidence: Evidence<unknown>, nowMs: number): number | null;
/** The weakest wins: oldest, shortest-lived, least fresh, widest scope. Throws on an empty list. */
export declare function combine<T>(
  parts: readonly Evidence<unknown>[],
  fact: { readonly id: string; readonly signal: string; readonly value: T; readonly unit: string },
): Evidence<T>;

// modes
export declare const modeMachine: {
  init(config?: ModeConfigInput): ModeState;
  step(state: ModeState, input: ModeStepInput): { state: ModeState; output: ModeReport };
  retune(state: ModeState, config?: ModeConfigInput): ModeState;
};
/** What is in force now: mode's playbook, in Recovery handed back step by step. */
export declare function playbookInForce(
  playbooks: Playbooks,
  report: Pick<ModeReport, 'mode' | 'recovery'>,
): Playbook;
export declare const DEFAULT_PLAYBOOKS: Required<Playbooks>;
export declare function frozenDirections(playbook: Playbook, loop: string): readonly Direction[];
export declare function worseMode(a: Mode, b: Mode): Mode;

// measure, orient
export declare function evaluateBurn(input: BurnInput): BurnVerdict;
export declare function errorBudget(input: BudgetInput): Budget;
/** max / avg; null for none or no load. */
export declare function loadImbalance(loads: readonly number[]): number | null;
export declare function robustZ(
  history: readonly number[],
  value: number,
): { readonly z: number; readonly anomalous: boolean; readonly method: string } | null;
export declare function blame(input: BlameInput): Blame;
/** The service in which errors begin: follows failing calls down to the last failing callee. */
export declare function errorOrigin(
  service: string,
  calls: readonly CallFigures[],
  options?: { readonly minErrorRatio?: number; readonly minCount?: number },
): { readonly service: string; readonly path: readonly string[] } | null;

/** A configuration that cannot work. Names field, value and the bound it broke. */
export declare class ConfigError extends Error {
  readonly field: string;
  readonly value: unknown;
  readonly bound: string;
}
