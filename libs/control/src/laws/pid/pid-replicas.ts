import type { Law, LawInput } from '../../decision.ts';

export interface PidReplicasConfig {
  /** Wanted value of the signal, in the signal's own unit (0.7 for 70 % CPU). */
  readonly setpoint: number;
  /** Relative change of the replica count per relative error. Default 1. */
  readonly kp?: number;
  /** Per second. Default 0. */
  readonly ki?: number;
  /** Seconds. Default 0. */
  readonly kd?: number;
  /** Nothing moves while the signal is between them. */
  readonly hysteresis?: { readonly up: number; readonly down: number };
  /** Weight of the setpoint in the proportional term, 0 to 1. Default 1; below 1 needs ki > 0. */
  readonly setpointWeight?: number;
  /** Derivative filter: time constant is Td / N. 8 to 20, default 10. */
  readonly derivativeFilterN?: number;
  /** Anti-windup tracking time; default Ti = kp / ki. */
  readonly trackingTimeMs?: number;
  readonly evidenceMaxAgeMs?: number;
  /** A longer gap between two steps counts as this much. Default 120 s. */
  readonly maxStepMs?: number;
}

export interface PidReplicasInput extends LawInput {
  /** The signal, averaged over serving replicas; null: missing. */
  readonly measured: number | null;
  /** Replicas asked of the actuator and accepted by it: the value in force, not the last proposal. */
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
  readonly config: Required<Omit<PidReplicasConfig, 'hysteresis' | 'trackingTimeMs'>> & {
    readonly hysteresis: { readonly up: number; readonly down: number } | null;
    readonly trackingTimeMs: number | null;
  };
  readonly lastMs: number | null;
  /** Integral term, as a relative change. */
  readonly integral: number;
  /** Filtered measurement; null before the first sample. */
  readonly filtered: number | null;
  /** Fraction of a replica not yet asked for. */
  readonly remainder: number;
  /** What the last step asked for, to learn what became of it. */
  readonly asked: { readonly from: number; readonly to: number; readonly move: number } | null;
}

export type PidReplicasLaw = Law<PidReplicasConfig, PidReplicasState, PidReplicasInput, number>;
