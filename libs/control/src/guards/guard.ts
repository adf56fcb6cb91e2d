import type { Decision, Knob, Terms } from '../decision.ts';
import type { Mode } from '../modes/mode.ts';
import type { GuardReason } from '../reasons.ts';
import type { Confirmation } from './confirm.ts';
import type { ActionHistory } from './history.ts';

/** What guards may look at. All of it is data: a guard keeps nothing of its own. */
export interface GuardContext<Value extends Knob = number> {
  readonly nowMs: number;
  /** What is in force now, as read from the actuator. A held decision carries this value. */
  readonly applied: Value;
  /** The loop's signal; null when it is missing. */
  readonly measured: number | null;
  /** Age of the oldest evidence used; null when there is none. */
  readonly evidenceAgeMs: number | null;
  /** Actions really carried out, see `recordAction`. */
  readonly history: ActionHistory;
  readonly mode: Mode | null;
  /** Directions the mode's playbook freezes for this loop. */
  readonly frozen: readonly Direction[];
  /** A person has the knob in hand. */
  readonly hand: boolean;
  /** What was proposed lately, see `confirm`; left out: a way down needs no confirmation. */
  readonly confirmation?: Confirmation;
}

export type Direction = 'up' | 'down';

/** One guard's opinion of a value. */
export type Verdict<Value extends Knob> =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'bound';
      readonly value: Value;
      readonly reason: GuardReason;
      readonly terms?: Terms;
    }
  | { readonly kind: 'hold'; readonly reason: GuardReason; readonly terms?: Terms }
  /** What is applied stays, as far as this guard goes: those behind it may ask for more. */
  | { readonly kind: 'keep'; readonly reason: GuardReason; readonly terms?: Terms };

export interface Guard<Value extends Knob = number> {
  readonly name: string;
  judge(decision: Decision<Value>, context: GuardContext<Value>): Verdict<Value>;
}

/** A guard that lets through or holds, and so fits every kind of knob. */
export interface HoldGuard {
  readonly name: string;
  judge(decision: Decision<Knob>, context: GuardContext<Knob>): Verdict<never>;
}

/** A guard that changed or held the value; guards that let it pass leave no entry. */
export interface TrailEntry<Value extends Knob = number> {
  readonly guard: string;
  readonly before: Value;
  readonly after: Value;
  readonly effect: 'bounded' | 'held';
  readonly reason: GuardReason;
  readonly text: string;
}

/** Propose, then bound: what the law asked for, what is left of it, and who changed it. */
export interface Bounded<Value extends Knob = number> {
  readonly proposed: Decision<Value>;
  readonly decision: Decision<Value>;
  readonly trail: readonly TrailEntry<Value>[];
}
