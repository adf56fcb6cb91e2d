import type { Admission, MachineInput } from '../admission/machine.ts';
import type { AdmissionReason } from '../reasons.ts';
import type { BreakerSettings } from './breaker-config.ts';
import type { CallWindow } from './call-window.ts';

export interface Probe {
  readonly id: number;
  readonly atMs: number;
}

/** Each state holds what it needs and no more: nothing is carried over for want of clearing. */
export type Circuit =
  | { readonly kind: 'closed'; readonly window: CallWindow }
  | { readonly kind: 'open'; readonly sinceMs: number; readonly untilMs: number }
  | {
      readonly kind: 'half-open';
      /** Sent and not back, oldest first. */
      readonly out: readonly Probe[];
      readonly nextId: number;
      readonly successes: number;
    }
  | { readonly kind: 'forced-open' }
  | { readonly kind: 'forced-closed' }
  /** Judges as if closed, says what it would do, and lets everything pass. */
  | { readonly kind: 'metrics-only'; readonly window: CallWindow };

export type CircuitKind = Circuit['kind'];

/** Totals since the beginning. */
export interface BreakerStats {
  readonly admitted: number;
  readonly refused: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly slow: number;
  readonly ignored: number;
  /** Results of calls begun in an earlier state, and of probes that are not out. */
  readonly late: number;
  readonly opened: number;
}

/** Plain JSON. */
export interface BreakerState {
  readonly config: BreakerSettings;
  readonly circuit: Circuit;
  /** Number of the present state; a result counts only in the state its call began in. */
  readonly generation: number;
  readonly lastMs: number | null;
  /** Openings since it was last closed. */
  readonly reopened: number;
  /** Instants of the latest openings, oldest first, at most 16. */
  readonly openings: readonly number[];
  readonly stats: BreakerStats;
}

/** Given to an admitted call, to come back with its result. */
export interface BreakerTicket {
  readonly generation: number;
  /** Null: the call is no probe. */
  readonly probe: number | null;
}

export type BreakerInput =
  | ({ readonly kind: 'ask' } & MachineInput)
  | ({
      readonly kind: 'result';
      readonly ticket: BreakerTicket;
      /** Class of outcome, see `BreakerConfig.outcomes`. */
      readonly outcome: string;
      /** Null: not known, and so not slow. */
      readonly durationMs: number | null;
    } & MachineInput)
  /** By a person or a policy. Automatic after forced-open begins with probes. */
  | ({
      readonly kind: 'force';
      readonly to: 'open' | 'closed' | 'metrics-only' | 'automatic';
    } & MachineInput)
  /** Closes it and forgets its results; the totals stay. */
  | ({ readonly kind: 'reset' } & MachineInput)
  /** Time passes, nothing else. */
  | ({ readonly kind: 'tick' } & MachineInput);

export interface CircuitTransition {
  readonly from: CircuitKind;
  readonly to: CircuitKind;
  readonly cause: AdmissionReason;
  readonly atMs: number;
}

/** `value`: the call may go; the result counted; the command took effect. */
export interface BreakerOutput extends Admission {
  readonly circuit: CircuitKind;
  /** Of an admitted call; null otherwise. */
  readonly ticket: BreakerTicket | null;
  /** At most two: one by time, one by the input. */
  readonly transitions: readonly CircuitTransition[];
  /** What to answer instead of a refused call; null: nothing is prepared (503, Retry-After). */
  readonly fallback: string | null;
}
