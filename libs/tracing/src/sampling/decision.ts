/** Why a trace was kept or dropped. */
export type DecisionReason =
  /** A rule on errors matched. */
  | 'error'
  /** A rule on latency matched. */
  | 'latency'
  /** Another rule with conditions matched. */
  | 'match'
  /** A rule without conditions. */
  | 'rest'
  /** No rule matched: dropped. */
  | 'no_match'
  /** A rule that drops whatever other rules say. */
  | 'veto'
  /** A rule with a rate, a rule with a rate for each key, a budget shared by several kinds. */
  | 'limit'
  | 'dynamic'
  | 'budget'
  /** A boost raised the probability for a while. */
  | 'boost'
  /** Kept, but only because the rule is tried: in earnest it would have been dropped. */
  | 'dry_run'
  /** Overload: decided span by span, without waiting for the trace. */
  | 'overload'
  /** Dropped before, and kept now because a look back asked for it. */
  | 'promoted'
  /** Dropped because a bug kept it from being decided. */
  | 'fault';

/** What is to be done with a trace, and why. */
export interface Decision {
  keep: boolean;
  /** Probability with which such a trace is kept, 0 … 1; a span's own `th` may be stricter. */
  probability: number;
  /** Rejection threshold T of W3C `ot=th`: 0 … 2^56, kept iff randomness >= T. */
  threshold: bigint;
  reason: DecisionReason;
  /** Name of the rule, '' when none matched. */
  rule: string;
}
