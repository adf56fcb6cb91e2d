/** Why a law proposes what it proposes. */
export type LawReason =
  // nothing can be said
  | 'no-evidence'
  | 'stale-evidence'
  | 'invalid-measure'
  | 'clock-went-back'
  | 'same-instant'
  // replicas
  | 'above-setpoint'
  | 'below-setpoint'
  | 'within-band'
  | 'at-setpoint'
  | 'capacity-starting'
  | 'capacity-leaving'
  | 'capacity-need'
  | 'no-demand'
  | 'tracking'
  // rate
  | 'latency-high'
  | 'latency-low'
  | 'rejects-high'
  | 'cpu-high'
  | 'limit-not-binding'
  // weights
  | 'reweighted'
  | 'too-few-healthy'
  | 'no-backends';

/** Why a guard changed or held it. */
export type GuardReason =
  | 'hand-control'
  | 'evidence-missing'
  | 'evidence-stale'
  | 'blind-scale-down'
  | 'not-a-number'
  | 'frozen-by-mode'
  | 'freeze-window'
  | 'direction-off'
  | 'inside-thresholds'
  | 'dead-band'
  | 'step-up-limit'
  | 'step-down-limit'
  | 'at-min'
  | 'at-max'
  | 'cooldown-up'
  | 'cooldown-down'
  | 'min-dwell'
  | 'action-budget'
  | 'reversal-budget';

export type Reason = LawReason | GuardReason;
