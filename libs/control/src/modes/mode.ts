import type { Evidence } from '../evidence/evidence.ts';

/** Best first. Recovery is worse than Target (trust is not restored) and better than Degraded. */
export type Mode = 'target' | 'recovery' | 'degraded' | 'floor';

export type Dimension = 'discovery' | 'config' | 'resilience' | 'load';

export type Backpressure = 'ok' | 'slow-down' | 'reject';

/**
 * A figure is left out when nobody observes it for this service: it then says nothing.
 * A figure that is observed but cannot be had now is null: the machine is then blind and holds.
 */
export type Figure<T = number> = Evidence<T> | null;

export type ModeEvidence = Evidence<number> | Evidence<boolean> | Evidence<Backpressure>;

/** What the machine looks at, per dimension. Ratios are 0 to 1, times in milliseconds. */
export interface ModeInputs {
  readonly discovery?: {
    /** Age of the newest heartbeat or lease of the service's instances. */
    readonly evidenceAgeMs?: Figure;
    readonly routingOutdated?: Figure<boolean>;
    readonly healthCheckFailureRatio?: Figure;
    readonly instancesLost?: Figure;
    readonly registryUnreachableMs?: Figure;
  };
  readonly config?: {
    /** Number of distinct versions in force; 1 is consistent. */
    readonly versionsInForce?: Figure;
    /** Time since the newest version was published and not yet taken over everywhere. */
    readonly propagationMs?: Figure;
    readonly overridesInForce?: Figure;
    readonly unreachableWithoutCache?: Figure<boolean>;
  };
  readonly resilience?: {
    readonly openBreakers?: Figure;
    readonly breakerTripsPerMinute?: Figure;
    readonly backpressure?: Figure<Backpressure>;
    /** Concurrency in use over its limit. */
    readonly concurrencyRatio?: Figure;
    /** A burn-rate page is firing, see `evaluateBurn`. */
    readonly burnPage?: Figure<boolean>;
    readonly failureRatio?: Figure;
  };
  readonly load?: {
    /** Busiest instance over the mean, see `loadImbalance`. */
    readonly imbalance?: Figure;
    readonly instancesOutOfRotation?: Figure;
    /** More than one instance is wanted and only one serves. */
    readonly oneInstanceLeft?: Figure<boolean>;
  };
}

export type TriggerId =
  | 'discovery-evidence-old'
  | 'routing-outdated'
  | 'health-checks-failing'
  | 'instance-lost'
  | 'registry-unreachable'
  | 'version-skew'
  | 'propagation-slow'
  | 'override-in-force'
  | 'config-unreachable'
  | 'breaker-open'
  | 'breaker-trips'
  | 'backpressure-slow-down'
  | 'concurrency-high'
  | 'burn-rate-page'
  | 'failure-ratio-high'
  | 'failure-ratio-lasting'
  | 'backpressure-reject'
  | 'load-imbalance'
  | 'instance-out-of-rotation'
  | 'one-instance-left'
  | 'load-imbalance-severe';

/**
 * `enter`: the trigger fires when the figure is above it for `dwellMs` (null: never fires, only
 * keeps Recovery from ending). `exit`: it is over when the figure is at or below it.
 */
export interface Threshold {
  readonly enter: number | null;
  readonly exit: number;
  readonly dwellMs: number;
}

export interface ModeConfig {
  readonly thresholds: { readonly [id in TriggerId]: Threshold };
  /** Evidence older than this is not looked at: the machine holds. */
  readonly evidenceMaxAgeMs: number;
  /** How long every trigger of a dimension must be over before Recovery begins. */
  readonly exitDwellMs: number;
  /** How long Recovery validates before the first step of the ramp. Part of `stableForMs`. */
  readonly validateForMs: number;
  /** Shares given back in Recovery, rising, the last one 1. */
  readonly ramp: readonly number[];
  /** Stable evidence needed in Recovery, validation and ramp included. */
  readonly stableForMs: number;
  /** A longer gap between two steps counts as this much: the machine saw nothing in between. */
  readonly maxStepMs: number;
}

export type Blindness = 'no-evidence' | 'stale-evidence';

/** Overrides by field and by trigger. */
export type ModeConfigInput = Partial<Omit<ModeConfig, 'thresholds'>> & {
  readonly thresholds?: { readonly [id in TriggerId]?: Partial<Threshold> };
};

export type DimensionState =
  | { readonly mode: 'target' }
  | { readonly mode: 'degraded' | 'floor'; readonly clearedMs: number }
  | {
      readonly mode: 'recovery';
      /** The mode recovered from: its playbook is handed back step by step. */
      readonly from: 'degraded' | 'floor';
      /** Stable evidence so far. */
      readonly stableMs: number;
    };

/** Plain JSON. `aboveMs`: for how long each figure has been above its entry threshold. */
export interface ModeState {
  readonly config: ModeConfig;
  readonly lastMs: number | null;
  readonly overall: Mode;
  readonly overallSinceMs: number | null;
  readonly dimensions: { readonly [d in Dimension]: DimensionState };
  readonly aboveMs: { readonly [id in TriggerId]?: number };
  /** Triggers that have fired and are not over yet. */
  readonly active: readonly TriggerId[];
}

export interface ModeStepInput {
  readonly nowMs: number;
  readonly inputs: ModeInputs;
}

/** One change of mode, of one dimension or (dimension null) of the service. */
export interface ModeTransition {
  readonly from: Mode;
  readonly to: Mode;
  readonly atMs: number;
  /** For the service's own transition: the dimension that decided it. */
  readonly dimension: Dimension;
  readonly cause: TransitionCause;
  /** The cause as a plain sentence. */
  readonly text: string;
  readonly evidence: readonly ModeEvidence[];
  /** How long the condition had held. */
  readonly dwellMs: number;
}

export type TransitionCause =
  | { readonly kind: 'trigger'; readonly trigger: TriggerId }
  | { readonly kind: 'triggers-over' }
  | { readonly kind: 'stable'; readonly forMs: number };

export interface ModeReport {
  /** The service's mode: that of the worst dimension. */
  readonly mode: Mode;
  readonly sinceMs: number;
  readonly worst: Dimension;
  readonly dimensions: { readonly [d in Dimension]: Mode };
  /** Of the service. At most one a step. */
  readonly transition: ModeTransition | null;
  /** Of the dimensions. At most one each a step. */
  readonly dimensionTransitions: readonly ModeTransition[];
  readonly activeTriggers: readonly TriggerId[];
  /** Evidence was missing or stale, or the clock went back: nothing got better in these. */
  readonly held: {
    readonly reason: Blindness | 'clock-went-back';
    readonly dimensions: readonly Dimension[];
  } | null;
  /** In Recovery: what is being recovered from, and the share given back so far (0 to 1). */
  readonly recovery: {
    readonly from: 'degraded' | 'floor';
    readonly phase: 'validating' | 'ramping';
    readonly share: number;
    readonly stableMs: number;
  } | null;
}
