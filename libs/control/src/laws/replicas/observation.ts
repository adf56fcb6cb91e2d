import type { Law, LawInput } from '../../decision.ts';

/**
 * What a law that sets a number of replicas is shown. Figures are over one window that ended
 * `evidenceAgeMs` ago; null: not measured. Counts of replicas are of now, from the platform.
 */
export interface ReplicaObservation extends LawInput {
  readonly windowMs: number;
  /** Requests that arrived, retries included. */
  readonly ratePerSecond: number | null;
  /** Busy share of the workers (or CPU) of the replicas that were ready, 0 to 1. */
  readonly utilization: number | null;
  /** Mean number of requests inside: waiting or being worked on. */
  readonly inFlight: number | null;
  readonly p99Ms: number | null;
  /** Failed of all that ended, 0 to 1. */
  readonly errorRatio: number | null;
  /** Replicas asked for by what is in force now: ready, starting and to be started. */
  readonly applied: number;
  readonly ready: number;
  readonly starting: number;
  /** A person has the knob: the law follows without acting. */
  readonly hand?: boolean;
}

/** A law from what is seen of a service to a number of replicas. */
export type ReplicaLaw<Config, State> = Law<Config, State, ReplicaObservation, number>;
