import type { Law, LawInput } from '../../decision.ts';

export interface LatencyBandConfig {
  /** Wanted p99. Default 100 ms. */
  readonly targetMs?: number;
  /** Half width of the band around the target in which nothing moves, as a share. Default 0.1. */
  readonly band?: number;
  /** Factor when the rate may grow. Default 1.1. */
  readonly up?: number;
  /** Factor when it must shrink. Default 0.9. */
  readonly down?: number;
  /** Reject ratio above which rejects count as high. Default 0.01. */
  readonly rejectRatioHigh?: number;
  /** Back-end CPU (0 to 1) above which the rate does not grow. Default 0.8. */
  readonly cpuHigh?: number;
  /** The rate grows only when at least this share of it is used. Default 0.5; 0 switches it off. */
  readonly growAboveUse?: number;
  readonly evidenceMaxAgeMs?: number;
}

export interface LatencyBandInput extends LawInput {
  readonly p99Ms: number | null;
  /** Rate in force, per second. */
  readonly applied: number;
  /** Rejected over offered, 0 to 1. Null or left out: not observed. */
  readonly rejectRatio?: number | null;
  /** Back-end CPU, 0 to 1. */
  readonly cpu?: number | null;
  /** Requests offered per second, accepted or not. */
  readonly offeredPerSecond?: number | null;
}

/** Plain JSON. */
export interface LatencyBandState {
  readonly config: Required<LatencyBandConfig>;
  readonly lastMs: number | null;
}

export type LatencyBandLaw = Law<LatencyBandConfig, LatencyBandState, LatencyBandInput, number>;
